"""Finding the subject behind an identifier, and making it when a record or a person names it for the first time."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from backend.platform.database import Connection
from backend.platform.due import Due, enqueue
from backend.platform.platform import Platform
from backend.platform.row_ids import new_id

# The topic of the due queue on which the scores room waits.
TOUCHED = "score"


class SubjectKind(StrEnum):
    """Natural person 自然人, or enterprise 法人和非法人组织."""

    PERSON = "person"
    ENTERPRISE = "enterprise"


class Identifier(msgspec.Struct, frozen=True):
    """A normalised identity number or unified social credit code, of one kind of subject."""

    kind: SubjectKind
    value: str


async def find_or_create(platform: Platform, connection: Connection, identifiers: Sequence[Identifier]) -> list[UUID]:
    """The subject ids of `identifiers`, in their order; those not yet known are made. Two round trips for any number.

    Nothing about a person is read: the index is keyed and the id says nothing.
    """
    indexes = [platform.cipher.blind_index(identifier.kind.value, identifier.value) for identifier in identifiers]
    wanted = {index: identifier.kind.value for index, identifier in zip(indexes, identifiers, strict=True)}
    ordered = sorted(wanted)
    now = platform.clock.now()
    await connection.execute(
        "INSERT INTO subject (id, kind, identifier_index) "
        "SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[]) ON CONFLICT (identifier_index) DO NOTHING",
        [new_id(now) for _ in ordered],
        [wanted[index] for index in ordered],
        ordered,
    )
    rows = await connection.fetch("SELECT identifier_index, id FROM subject WHERE identifier_index = ANY($1)", ordered)
    ids: dict[bytes, UUID] = {bytes(row["identifier_index"]): row["id"] for row in rows}
    return [ids[index] for index in indexes]


async def touched(connection: Connection, subject_ids: Iterable[UUID], at: datetime) -> None:
    """Tells the scores room, when the transaction commits, that something of these persons changes at `at`. One round trip."""
    await enqueue(connection, TOUCHED, [Due(subject_id, at) for subject_id in subject_ids])
