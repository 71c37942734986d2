"""What stops a start: one clear sentence in Chinese and one in English, and nothing left behind."""

from collections.abc import Callable
from pathlib import Path

import pytest

from backend.platform.embedded import EmbeddedServices, postgres, refusals
from backend.platform.refusal import Refusal
from tests.embedded.conftest import Holder


def test_a_second_instance_on_the_same_data_is_refused(folder: Path, hold: Callable[[Path], Holder]) -> None:
    holder = hold(folder)
    held = holder.ready()
    said = hold(folder).refused()
    assert "另一个信易进程正在使用" in said
    assert "Another instance is using" in said
    assert "Traceback" not in said
    with pytest.raises(Refusal, match="另一个信易进程"):
        EmbeddedServices(folder).start()
    assert holder.process.poll() is None
    assert held.servers


def test_a_refused_instance_may_start_once_the_first_has_ended(folder: Path) -> None:
    second = EmbeddedServices(folder, fsync=False)
    with EmbeddedServices(folder, fsync=False), pytest.raises(Refusal):
        second.start()
    with second:
        assert second.process_ids()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Refusal, match=r"无法写入.*cannot be written") as refusal:
        EmbeddedServices(tmp_path / "file" / "data").start()
    assert str(tmp_path / "file" / "data") in refusal.value.chinese


def test_a_disk_without_room_for_a_new_database_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "_SPACE_FOR_NEW_CLUSTER", 2**62)
    with pytest.raises(Refusal, match=r"磁盘空间不足.*The disk is full"):
        EmbeddedServices(folder).start()
    monkeypatch.undo()
    with EmbeddedServices(folder, fsync=False) as services:
        assert services.process_ids()


def test_a_server_that_cannot_start_says_where_to_read_why(folder: Path) -> None:
    with EmbeddedServices(folder, fsync=False):
        pass
    (folder / "postgres" / "global" / "pg_control").unlink()
    with pytest.raises(Refusal, match=r"postgres\.log") as refusal:
        EmbeddedServices(folder).start()
    assert "pg_control" in refusal.value.english


def test_data_of_another_major_version_is_refused(folder: Path) -> None:
    with EmbeddedServices(folder, fsync=False):
        pass
    (folder / "postgres" / "PG_VERSION").write_text("15\n")
    with pytest.raises(Refusal, match=r"大版本.*another major version"):
        EmbeddedServices(folder).start()


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ('FATAL:  could not write to file "pg_wal/xlogtemp.1": No space left on device', "磁盘空间不足"),
        ('LOG:  could not bind IPv4 address "127.0.0.1": Address already in use', "所选端口刚被其他程序占用"),
        ("guard: [Errno 1] Operation not permitted: '/opt/postgres'", "无法切换到非特权账户"),
    ],
)
def test_a_cause_we_know_is_said_plainly(output: str, sentence: str) -> None:
    said = refusals.not_started(
        "postgres", f"LOG: starting\n{output}\nLOG: shut down", Path("/data"), Path("/data/log")
    )
    assert said.chinese.startswith(sentence)
    assert "last line" not in said.english
