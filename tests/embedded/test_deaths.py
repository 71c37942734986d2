"""kill -9 of any of the processes, and of all: nothing is left behind, nothing committed is lost, the next start works."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
import redis

from backend.platform.embedded import EmbeddedServices
from tests.embedded.conftest import Held, Holder, eventually, is_alive

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at processes through /proc")

Hold = Callable[[Path], Holder]


async def _commit(url: str, count: int) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE IF NOT EXISTS entry (number int PRIMARY KEY)")
    await connection.execute("INSERT INTO entry SELECT generate_series(1, $1::int)", count)
    await connection.close()


async def _entries(url: str) -> int:
    connection = await asyncpg.connect(url)
    count: int = await connection.fetchval("SELECT count(*) FROM entry")
    await connection.close()
    return count


def _kill(*processes: int) -> None:
    """Kills all at one moment: stopped first, none sees another die and shuts down in good order."""
    for event in (signal.SIGSTOP, signal.SIGKILL):
        for process in processes:
            os.kill(process, event)


def _answers(held: Held) -> bool:
    try:
        return bool(redis.Redis.from_url(held.redis_url).ping())
    except redis.ConnectionError:
        return False


async def _reachable(url: str) -> bool:
    try:
        connection = await asyncpg.connect(url)
    except (OSError, asyncpg.PostgresError):
        return False
    await connection.close()
    return True


async def test_after_kill_9_of_everything_the_next_start_recovers(folder: Path, hold: Hold) -> None:
    holder = hold(folder)
    held = holder.ready()
    await _commit(held.database_url, 1000)
    _kill(holder.process.pid, *holder.guards(held), *held.servers.values())
    async with EmbeddedServices(folder) as services:
        assert await _entries(services.database_url) == 1000
    assert "not properly shut down" in (folder / "logs" / "postgres.log").read_text()


async def test_nothing_outlives_a_holder_that_is_killed(folder: Path, hold: Hold) -> None:
    holder = hold(folder)
    held = holder.ready()
    await _commit(held.database_url, 10)
    family = [*holder.guards(held), *held.servers.values()]
    _kill(holder.process.pid)
    assert eventually(lambda: not any(is_alive(process) for process in family))
    async with EmbeddedServices(folder) as services:
        assert await _entries(services.database_url) == 10


async def test_a_start_right_after_the_kill_waits_for_the_old_servers(folder: Path, hold: Hold) -> None:
    holder = hold(folder)
    held = holder.ready()
    await _commit(held.database_url, 10)
    _kill(holder.process.pid)
    async with EmbeddedServices(folder) as services:
        assert await _entries(services.database_url) == 10
        assert not set(services.process_ids().values()) & set(held.servers.values())


async def test_a_killed_server_comes_back_at_the_same_address(folder: Path, hold: Hold) -> None:
    holder = hold(folder)
    held = holder.ready()
    await _commit(held.database_url, 10)
    redis.Redis.from_url(held.redis_url).set("cached", "1")
    _kill(*held.servers.values())
    assert eventually(lambda: not any(is_alive(process) for process in held.servers.values()))
    assert eventually(lambda: _answers(held))
    assert redis.Redis.from_url(held.redis_url).get("cached") is None
    while not await _reachable(held.database_url):
        assert holder.process.poll() is None
    assert await _entries(held.database_url) == 10


def test_no_server_outlives_its_guard(folder: Path, hold: Hold) -> None:
    holder = hold(folder)
    held = holder.ready()
    _kill(*holder.guards(held))
    assert eventually(lambda: not any(is_alive(process) for process in held.servers.values()))


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_sign_to_stop_stops_everything_cleanly(folder: Path, hold: Hold, sign: signal.Signals) -> None:
    holder = hold(folder)
    held = holder.ready()
    family = [*holder.guards(held), *held.servers.values()]
    holder.process.send_signal(sign)
    assert holder.process.wait(30) == 0
    assert not any(is_alive(process) for process in family)
    assert not (folder / "postgres" / "postmaster.pid").exists()
