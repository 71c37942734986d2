"""The folder of a batch: two Parquet files for each shard, and a manifest that says which shards are whole.

A shard's files are written under another name, synced and renamed; then the manifest is, in the same way. So a run that is
killed at any instant leaves whole shards, and goes on after the last that the manifest names. The manifest carries a digest
of rule set, day and input: another rule set, day or input never goes on in the same folder.
"""

import fcntl
import hashlib
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import IO

import msgspec
import pyarrow
from pyarrow import parquet

from backend.platform.refusal import Refusal
from scoring import RuleSet

_MANIFEST = "manifest.json"
_LOCK = ".lock"


class ShardDone(msgspec.Struct, frozen=True):
    """A whole shard: its subjects, rows of input, records that count, last subject, and subjects by the level's rank."""

    subjects: int
    rows: int
    contributions: int
    last: str
    levels: dict[int, int]


class Manifest(msgspec.Struct, frozen=True):
    """What a folder holds."""

    digest: str
    rule_set: str
    version: str
    day: date
    source: str
    shards: tuple[ShardDone, ...] = ()
    whole: bool = False


class Output:
    """A folder that one run at a time writes to. Folder 0700, files 0600: they are about people."""

    def __init__(self, folder: Path, manifest: Manifest, lock: IO[bytes]) -> None:
        self._folder = folder
        self._lock = lock
        self.manifest = manifest

    def take_up(self) -> None:
        """Goes on where a run with the same digest stopped, or begins. Raises Refusal."""
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Refusal(
                f"另一批计算正在写入 {self._folder}。", f"Another batch is writing to {self._folder}."
            ) from None
        begun = _read_manifest(self._folder)
        if begun is None:
            self._keep(self.manifest)
        elif begun.digest == self.manifest.digest:
            self.manifest = begun
        else:
            raise Refusal(
                f"{self._folder} 属于另一批计算（{begun.rule_set} {begun.version}，{begun.day}，{begun.source}），"
                "评价规则、日期、输入或分片大小不同，不能续算，请另选文件夹。",
                f"{self._folder} belongs to another batch ({begun.rule_set} {begun.version}, {begun.day}, {begun.source}): "
                "rule set, day, input or shard size differ, so it cannot go on there; choose another folder.",
            )

    def close(self) -> None:
        """Lets another run in."""
        self._lock.close()

    def add(self, shard: ShardDone, scores: pyarrow.Table, contributions: pyarrow.Table) -> None:
        """Adds a whole shard. Raises Refusal if it cannot be written."""
        number = len(self.manifest.shards) + 1
        for name, table in (("scores", scores), ("contributions", contributions)):
            self._replace(f"{name}-{number:05}.parquet", _parquet_of(table))
        self._keep(msgspec.structs.replace(self.manifest, shards=(*self.manifest.shards, shard)))

    def finish(self) -> None:
        """Says that every shard is there. Raises Refusal."""
        self._keep(msgspec.structs.replace(self.manifest, whole=True))

    def _keep(self, manifest: Manifest) -> None:
        text = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
        self._replace(_MANIFEST, lambda file: file.write(text))
        self.manifest = manifest

    def _replace(self, name: str, write: Callable[[IO[bytes]], object]) -> None:
        try:
            _replace(self._folder / name, write)
        except OSError as error:
            raise _unwritable(self._folder, error) from None


def digest_of(rule_set: RuleSet, day: date, identity: object) -> str:
    """What a run must share with the one before to go on: rule set, day, input and the size of its shards."""
    return hashlib.sha256(msgspec.json.encode([msgspec.to_builtins(rule_set), day, identity])).hexdigest()


def open_output(folder: Path, rule_set: RuleSet, day: date, source: str, digest: str) -> Output:
    """A new folder, or the one that a run with the same digest began.

    Raises Refusal for a folder of another rule set, day or input, for one with other files, and while another run writes.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        others = [entry.name for entry in folder.iterdir() if not entry.name.startswith(".")]
        if others and _MANIFEST not in others:
            raise Refusal(
                f"{folder} 中已有其他文件，请另选文件夹。", f"{folder} holds other files: choose another folder."
            )
        folder.chmod(0o700)
        lock = os.fdopen(os.open(folder / _LOCK, os.O_CREAT | os.O_WRONLY, 0o600), "wb")
    except OSError as error:
        raise _unwritable(folder, error) from None
    output = Output(folder, Manifest(digest, rule_set.id, rule_set.version, day, source), lock)
    try:
        output.take_up()
    except Refusal:
        output.close()
        raise
    return output


def _read_manifest(folder: Path) -> Manifest | None:
    try:
        return msgspec.json.decode((folder / _MANIFEST).read_bytes(), type=Manifest)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError):
        raise Refusal(
            f"{folder / _MANIFEST} 无法读取，请另选文件夹。",
            f"{folder / _MANIFEST} cannot be read: choose another folder.",
        ) from None


def _parquet_of(table: pyarrow.Table) -> Callable[[IO[bytes]], object]:
    return lambda file: parquet.write_table(table.combine_chunks(), file)


def _replace(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Writes a file whole or not at all, also over a loss of power."""
    beside = path.with_name(f".{path.name}.part")
    descriptor = os.open(beside, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _unwritable(folder: Path, error: OSError) -> Refusal:
    return Refusal(
        f"无法写入 {folder}（{error.strerror}）。释放空间或修正权限后，同一命令会接着算。",
        f"{folder} cannot be written ({error.strerror}). Once there is room or the right to, the same command goes on.",
    )
