"""Nothing acknowledged is lost, nothing is done twice, nothing comes from nowhere, while workers, PostgreSQL and Valkey are
killed and answers are lost; and the harness would notice if not."""

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from backend.platform.embedded import EmbeddedServices
from tests.faults.redemptions import wage
from tests.faults.serving import AS_BUILT

# More make the campaign longer: each kills every part once more.
_ROUNDS = int(os.environ.get("FAULTS_ROUNDS", "2"))

_NOT_DURABLE = {
    "synchronous_commit": "off",
    # What was acknowledged stays in the memory of PostgreSQL for seconds; it would for a fifth of one in any case.
    "wal_writer_delay": "10s",
    "wal_writer_flush_after": "1GB",
}


@asynccontextmanager
async def _acknowledging_too_early(services: EmbeddedServices) -> AsyncIterator[None]:
    """PostgreSQL with `synchronous_commit=off`."""
    await _set(services, [f"SET {name} = '{value}'" for name, value in _NOT_DURABLE.items()])
    yield
    await _set(services, [f"RESET {name}" for name in _NOT_DURABLE])


async def _set(services: EmbeddedServices, changes: list[str]) -> None:
    connection = await asyncpg.connect(services.database_url)
    for change in changes:
        await connection.execute(f"ALTER SYSTEM {change}")
    await connection.execute("SELECT pg_reload_conf()")
    await connection.close()


async def test_redemptions_are_done_exactly_once(durable: EmbeddedServices, tmp_path: Path) -> None:
    seed = secrets.randbits(32)
    ended = await wage(durable, tmp_path / "data", "redeemed", seed, rounds=_ROUNDS)
    assert ended.wrong == [], f"seed {seed}"
    assert (ended.blows.workers, ended.blows.databases, ended.blows.caches) == (_ROUNDS,) * 3
    assert ended.cut > 0
    assert ended.unanswered > ended.cut
    assert ended.refused["verifications code-unusable"] > 0
    assert min(ended.done[kind] for kind in ("verifications", "redemptions", "reversal")) > 10


@pytest.mark.parametrize(
    ("build", "noticed"),
    [("no idempotency key", ("phantom", "doubled")), ("nonce only in the cache", ("doubled",))],
)
async def test_the_harness_notices_a_server_without_its_defence(
    durable: EmbeddedServices, tmp_path: Path, build: str, noticed: tuple[str, ...]
) -> None:
    await _require_noticed(durable, tmp_path, build, noticed)


async def test_the_harness_notices_a_database_that_acknowledges_too_early(
    durable: EmbeddedServices, tmp_path: Path
) -> None:
    async with _acknowledging_too_early(durable):
        await _require_noticed(durable, tmp_path, AS_BUILT, ("lost",))


async def _require_noticed(services: EmbeddedServices, directory: Path, build: str, noticed: tuple[str, ...]) -> None:
    # An answer must be lost, or a moment be met: one campaign notices nearly always.
    for campaign in range(1, 4):
        name = f"broken_{secrets.token_hex(4)}"
        wrong = (await wage(services, directory / name, name, campaign, build=build)).wrong
        if any(each.startswith(noticed) for each in wrong):
            return
    raise AssertionError(f"nothing was noticed of {noticed}")
