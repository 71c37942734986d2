"""Questions 询问: statements of several rooms that go to the database together, as one statement and in one round trip.

A room says what it asks and how the rows are read (`Question`), in its own store and service, and sends nothing; whoever
has questions of many rooms hands them to `Connection.ask`. The statement is a WITH of all of them, so they see the
database at one instant, and what one of them writes none of the others sees.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from typing import Any, Generic, TypeVar

Value = TypeVar("Value", covariant=True)
Further = TypeVar("Further")

_PARAMETER = re.compile(r"\$(\d+)")


class Door(Enum):
    """What a question may read: nothing about a person, a person with an access row, or what says nothing about one person."""

    OPEN = auto()
    LOGGED = auto()
    IMPERSONAL = auto()


@dataclass(frozen=True, eq=False)
class Question(Generic[Value]):
    """A statement with its arguments, the names of its columns, and how its rows are read.

    It is a SELECT, or an INSERT, UPDATE or DELETE with RETURNING. What reads a person is made by `logged` and returns
    `subject_id` and `number`: the place, from 1, of the access context under which a row is read.
    """

    door: Door
    read: Callable[[list[Mapping[str, Any]]], Value]
    columns: tuple[str, ...]
    sql: str
    arguments: tuple[Any, ...]

    @classmethod
    def open(cls, read: Callable[..., Value], columns: Sequence[str], sql: str, *arguments: Any) -> "Question[Value]":
        """Of tables that hold nothing about a person."""
        return cls(Door.OPEN, read, tuple(columns), sql, arguments)

    @classmethod
    def logged(cls, read: Callable[..., Value], columns: Sequence[str], sql: str, *arguments: Any) -> "Question[Value]":
        """Of personal tables: asked with access contexts only, which leave their rows."""
        return cls(Door.LOGGED, read, tuple(columns), sql, arguments)

    @classmethod
    def impersonal(
        cls, reason: str, read: Callable[..., Value], columns: Sequence[str], sql: str, *arguments: Any
    ) -> "Question[Value]":
        """Of personal tables, saying nothing about one person: `Connection.impersonal`, with the same review."""
        if not reason:
            raise ValueError("a reason says why no access row is due")
        return cls(Door.IMPERSONAL, read, tuple(columns), sql, arguments)

    def then(self, further: Callable[[Value], Further]) -> "Question[Further]":
        """The same question, its answer read further."""
        return Question(self.door, lambda rows: further(self.read(rows)), self.columns, self.sql, self.arguments)


class Answers:
    """What was found, by question."""

    def __init__(self, rows: Mapping[Question[Any], list[Mapping[str, Any]]]) -> None:
        self._rows = rows

    def __getitem__(self, question: Question[Value]) -> Value:
        """What the room reads from them. Raises what the room does."""
        return question.read(self._rows[question])


@lru_cache(maxsize=1024)
def composed(statements: tuple[tuple[str, int], ...], logging: str) -> str:
    """One statement of several, each with its number of arguments; `logging` is what follows them in the WITH."""
    parts, before = [], 0
    for at, (sql, arguments) in enumerate(statements):
        parts.append(f"question_{at} AS MATERIALIZED ({_shifted(sql, before)})")
        before += arguments
    found = ", ".join(
        f"(SELECT array_agg(question_{at}) FROM question_{at}) AS question_{at}" for at in range(len(statements))
    )
    return f"WITH {', '.join(parts)}{logging} SELECT {found}"


def _shifted(sql: str, by: int) -> str:
    return _PARAMETER.sub(lambda found: f"${int(found[1]) + by}", sql)
