"""What an offline till keeps on its disk: documents of the platform, every use it accepted, redemptions waiting for upload.

One SQLite file. A use is written, and has reached the disk, before the till says yes: the same code is refused after a crash
or a restart, and by a second process on the same file. A file that cannot be read stops the till; it never counts as empty.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

LAYOUT = 1

_TABLES = """
CREATE TABLE document (kind TEXT PRIMARY KEY, content BLOB NOT NULL, fetched_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE clock (only INTEGER PRIMARY KEY CHECK (only = 1), latest INTEGER NOT NULL);
INSERT INTO clock VALUES (1, 0);
CREATE TABLE accepted (
    use BLOB PRIMARY KEY CHECK (length(use) = 32), text TEXT NOT NULL, benefit TEXT NOT NULL,
    accepted_at INTEGER NOT NULL, ends_at INTEGER NOT NULL,
    partner_ref TEXT, amount_fen INTEGER CHECK (amount_fen >= 0), uploaded INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX waiting ON accepted (accepted_at) WHERE partner_ref IS NOT NULL AND uploaded = 0;
"""


class StoreUnusable(Exception):
    """The till's file cannot be used; without it nothing may be accepted offline."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"离线记录文件 {path} 无法使用，不得离线核销：{reason}。 "
            f"The till's file {path} cannot be used, and nothing may be accepted offline without it: {reason}."
        )


class Document(msgspec.Struct, frozen=True):
    """A document of the platform and when it was fetched (Unix seconds)."""

    content: bytes
    fetched_at: int


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """A use the till said yes to: the 32 bytes that name it, the scanned text, the benefit's code, and when its window ends."""

    use: bytes
    text: str
    benefit: str
    accepted_at: int
    ends_at: int


class OfflineRedemption(msgspec.Struct, frozen=True, kw_only=True):
    """A redemption to be uploaded; `use` names it, so it may be sent twice and counts once."""

    use: bytes
    text: str
    benefit: str
    accepted_at: int
    partner_ref: str
    amount_fen: int


class OfflineStore:
    """The file of one till. Not for two threads at once; two processes may share it."""

    def __init__(self, path: Path) -> None:
        """Opens or makes the file. Raises StoreUnusable."""
        self._path = path
        try:
            self._connection = sqlite3.connect(path, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            with self._whole():
                [layout] = self._connection.execute("PRAGMA user_version").fetchone()
                if layout == 0:
                    for statement in filter(str.strip, _TABLES.split(";")):
                        self._connection.execute(statement)
                    self._connection.execute(f"PRAGMA user_version = {LAYOUT}")
        except sqlite3.Error as error:
            raise StoreUnusable(path, str(error)) from error
        if layout not in (0, LAYOUT):
            raise StoreUnusable(path, f"layout {layout}")

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def keep(self, kind: str, document: Document) -> None:
        """Keeps a document in place of the one before."""
        self._connection.execute(
            "INSERT OR REPLACE INTO document VALUES (?, ?, ?)", (kind, document.content, document.fetched_at)
        )

    def kept(self, kind: str) -> Document | None:
        """The document of a kind."""
        row = self._connection.execute("SELECT content, fetched_at FROM document WHERE kind = ?", (kind,)).fetchone()
        return Document(*row) if row is not None else None

    def latest(self) -> int:
        """The latest instant this till has known to have passed (Unix seconds)."""
        [latest] = self._connection.execute("SELECT latest FROM clock").fetchone()
        return int(latest)

    def advance(self, instant: int) -> None:
        """Notes an instant that has passed; an earlier one changes nothing."""
        self._connection.execute("UPDATE clock SET latest = max(latest, ?)", (instant,))

    def seen(self, use: bytes) -> bool:
        """Whether a use was accepted here before."""
        return self._connection.execute("SELECT 1 FROM accepted WHERE use = ?", (use,)).fetchone() is not None

    def claim(self, accepted: Accepted) -> bool:
        """Writes a use to the disk; False if it was there already, also when another process came first."""
        with self._whole():
            written = self._connection.execute(
                "INSERT INTO accepted (use, text, benefit, accepted_at, ends_at) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT DO NOTHING",
                (accepted.use, accepted.text, accepted.benefit, accepted.accepted_at, accepted.ends_at),
            ).rowcount
            self.advance(accepted.accepted_at)
        return written == 1

    def redeem(self, use: bytes, partner_ref: str, amount_fen: int) -> bool:
        """Queues the redemption of an accepted use; the same again changes nothing. False if the use is unknown, or was
        redeemed with another reference or amount."""
        with self._whole():
            self._connection.execute(
                "UPDATE accepted SET partner_ref = ?, amount_fen = ? WHERE use = ? AND partner_ref IS NULL",
                (partner_ref, amount_fen, use),
            )
            row = self._connection.execute(
                "SELECT partner_ref, amount_fen FROM accepted WHERE use = ?", (use,)
            ).fetchone()
        return bool(row == (partner_ref, amount_fen))

    def waiting(self, limit: int) -> list[OfflineRedemption]:
        """Redemptions not uploaded yet, the oldest first."""
        rows = self._connection.execute(
            "SELECT use, text, benefit, accepted_at, partner_ref, amount_fen FROM accepted "
            "WHERE partner_ref IS NOT NULL AND uploaded = 0 ORDER BY accepted_at, use LIMIT ?",
            (limit,),
        )
        names = OfflineRedemption.__struct_fields__
        return [OfflineRedemption(**dict(zip(names, row, strict=True))) for row in rows]

    def uploaded(self, uses: Iterable[bytes]) -> None:
        """Takes redemptions out of the queue, once the platform has answered for them."""
        with self._whole():
            self._connection.executemany("UPDATE accepted SET uploaded = 1 WHERE use = ?", [(use,) for use in uses])

    def forget(self, now: int) -> int:
        """Deletes what no longer matters: uses whose window has ended, unless they wait for upload. Gives how many."""
        return self._connection.execute(
            "DELETE FROM accepted WHERE ends_at <= ? AND (partner_ref IS NULL OR uploaded = 1)", (now,)
        ).rowcount

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """All of it or nothing, and no other writer in between."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
