"""Reference data 参考数据 of the rooms, held in the memory of the process: what every request needs and what changes rarely.

A room says once what it holds and how it is read (`Reference`) and sends the signal of that name in the transaction that
changes it. Every worker reads it again when the signal comes, and after every lost connection, so that no request asks the
database for it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from backend.platform.database import Connection, Database

Value = TypeVar("Value")


@dataclass(frozen=True)
class Reference(Generic[Value]):
    """What a room holds: the signal that says it changed, and how it is read."""

    signal: str
    read: Callable[[Connection], Awaitable[Value]]


class References:
    """The worker's copies."""

    def __init__(self, database: Database, held: Iterable[Reference[Any]]) -> None:
        self.held = tuple(held)
        self._database = database
        self._values: dict[str, Any] = {}
        self._lock = asyncio.Lock()

    def get(self, reference: Reference[Value]) -> Value:
        """The copy as it was last read. No round trip."""
        value: Value = self._values[reference.signal]
        return value

    async def refresh(self, reference: Reference[Any]) -> None:
        """Reads it again, after whoever is reading now: an older reading never replaces a newer one."""
        async with self._lock, self._database.connection() as connection:
            self._values[reference.signal] = await reference.read(connection)
