"""Taking records in: sources, signed deliveries and the operator's files.

A row is validated against the catalogue, then accepted or returned with all its reasons. Delivering again changes nothing;
a later version replaces the earlier one, which stays in the history.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import msgspec

from backend.catalogue import service as catalogue
from backend.platform import cursors, signers
from backend.platform.callers import Signer
from backend.platform.clock import local_date, start_of_day
from backend.platform.database import Connection
from backend.platform.due import Due, enqueue
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND
from backend.platform.refusal import Refusal
from backend.platform.roles import Role
from backend.platform.row_ids import new_id
from backend.records import store
from backend.records.duplicates import DuplicateFinder
from backend.records.files import validate_file
from backend.records.messages import (
    MOST_ROWS,
    DeliveryIn,
    DeliveryOut,
    IntakeSummary,
    NewSource,
    ReturnedRow,
    SourceOut,
)
from backend.records.problems import SOURCE_SUSPENDED
from backend.records.reasons import Reason, reason
from backend.records.states import RecordState
from backend.records.validation import Accepted, Returned, Validator
from backend.subjects import service as subjects
from backend.subjects.service import Identifier, SubjectKind

# The topic of the due queue on which records wait for their archive; keyed by subject.
RETENTION = "record-retention"

RETURNED_AT_ONCE = 200

# What the store finds about a row that replaces nothing -> the reason with which it goes back.
_REFUSED = {"moved": "subject-changed", "withdrawn": "record-withdrawn", "corrected": "record-corrected"}

Checked = list[tuple[int, Accepted | Returned]]


@cache
def validator() -> Validator:
    """The validator over the catalogue in use."""
    return Validator(catalogue.present())


async def add_source(platform: Platform, connection: Connection, source: NewSource) -> UUID:
    """Adds a source with its signing keys, in the caller's transaction; gives its id. Raises ValueError for a key of another kind."""
    now = platform.clock.now()
    source_id = new_id(now)
    await store.add_source(connection, source_id, source.code, source.name, source.name_en, source.items, now)
    for jwk in source.keys:
        await register_key(platform, connection, source_id, jwk)
    return source_id


async def register_key(platform: Platform, connection: Connection, source_id: UUID, jwk: Mapping[str, object]) -> str:
    """Registers a source's public key (JWK); gives its key id. Raises ValueError, see `signers.register`."""
    return await signers.register(connection, Role.SOURCE, source_id, jwk, platform.clock.now())


async def list_sources(platform: Platform) -> list[SourceOut]:
    """Every active source."""
    return [source for source, _ in await sources_with_ids(platform)]


async def sources_with_ids(platform: Platform) -> list[tuple[SourceOut, UUID]]:
    """Every active source with its id."""
    async with platform.database.connection() as connection:
        rows = await store.sources(connection)
    return [(SourceOut(row["code"], row["name"], row["name_en"], list(row["items"])), row["id"]) for row in rows]


async def deliver(platform: Platform, signer: Signer, delivery: DeliveryIn) -> DeliveryOut:
    """A signed delivery of at most 10,000 rows. Raises SOURCE_SUSPENDED.

    The number of database round trips is the same for one row and for ten thousand: 15 statements at most, in a transaction.
    """
    async with platform.database.connection() as connection:
        source = await store.source(connection, signer.owner_id)
    if source is None or source["state"] != "active":
        raise SOURCE_SUSPENDED.error()
    today = local_date(platform.clock.now())
    granted = frozenset(source["items"])

    def check() -> Checked:
        finder = DuplicateFinder()
        return [
            (number, finder.check(validator().validate_envelope(row, today, granted=granted)))
            for number, row in enumerate(delivery.rows, 1)
        ]

    # A second of pure computing for 10,000 rows would hold up every other request of this worker.
    checked = await asyncio.to_thread(check)
    return await take_in(platform, signer.owner_id, delivery.delivery_ref, checked)


async def intake_file(
    platform: Platform, path: Path, source_code: str, advance: Callable[[int], None]
) -> IntakeSummary:
    """An operator's file, streamed in deliveries of 10,000 rows at constant memory. Raises Refusal.

    `advance` is told the number of rows done. CSV or JSON lines by the file's name.
    """
    async with platform.database.connection() as connection:
        sources = {row["code"]: row for row in await store.sources(connection)}
    if source_code not in sources:
        known = ", ".join(sources) or "-"
        raise Refusal(
            f"没有信源 {source_code}，可用：{known}。", f"There is no source {source_code}; there are: {known}."
        )
    source = sources[source_code]
    form: Literal["csv", "json-lines"] = "csv" if path.suffix.lower() == ".csv" else "json-lines"
    today = local_date(platform.clock.now())
    summary = IntakeSummary()
    try:
        with path.open("rb") as stream:
            rows = validate_file(stream, form, validator(), today, granted=frozenset(source["items"]))
            while batch := list(islice(rows, MOST_ROWS)):
                out = await take_in(platform, source["id"], path.name[:64], batch)
                _add(summary, out)
                advance(len(batch))
    except OSError as error:
        raise Refusal(f"无法读取 {path}：{error.strerror}。", f"{path} cannot be read: {error.strerror}.") from None
    return summary


class Feed:
    """Records that another part of the system makes (the synthetic city), through the same checks as a delivery."""

    def __init__(self, platform: Platform, source: SourceOut, source_id: UUID) -> None:
        self._platform = platform
        self._source_id = source_id
        self._reference = source.code
        self._granted = frozenset(source.items)
        self._finder = DuplicateFinder()
        self.summary = IntakeSummary()

    async def take(self, envelopes: Sequence[object]) -> None:
        """One delivery; duplicates are found over the whole feed."""
        today = local_date(self._platform.clock.now())
        first = self.summary.rows + 1
        checked: Checked = [
            (number, self._finder.check(validator().validate_envelope(envelope, today, granted=self._granted)))
            for number, envelope in enumerate(envelopes, first)
        ]
        out = await take_in(self._platform, self._source_id, f"{self._reference}-{first}", checked)
        _add(self.summary, out)


async def take_in(platform: Platform, source_id: UUID, reference: str, checked: Checked) -> DeliveryOut:
    """One delivery in one transaction: staging, versions, records, the touched subjects, and what was returned."""
    now = platform.clock.now()
    delivery_id = new_id(now)
    accepted = [(number, answer) for number, answer in checked if isinstance(answer, Accepted)]
    returned = [_returned(number, answer) for number, answer in checked if isinstance(answer, Returned)]
    async with platform.database.transaction() as connection:
        await store.lock_source(connection, source_id)
        latest = _latest_versions(accepted)
        merged, verdicts = await _merge(platform, connection, delivery_id, source_id, latest)
        refused = [
            _returned(number, Returned(reasons=(reason(code),), item=answer.item, record_key=answer.record_key))
            for number, answer in latest
            if (code := _REFUSED.get(verdicts.get(answer.record_key, ""))) is not None
        ]
        returned += refused
        stale = sum(1 for verdict in verdicts.values() if verdict == "older")
        new = sum(1 for row in merged if row["is_new"])
        out = DeliveryOut(
            id=delivery_id,
            delivery_ref=reference,
            received_at=now,
            rows=len(checked),
            accepted=new,
            replaced=len(merged) - new,
            unchanged=len(accepted) - len(merged) - stale - len(refused),
            stale=stale,
            returned=len(returned),
            returned_rows=sorted(returned, key=lambda row: row.row)[:RETURNED_AT_ONCE],
            next=None,
        )
        await store.add_delivery(
            connection,
            (
                delivery_id,
                source_id,
                reference,
                now,
                out.rows,
                out.accepted,
                out.replaced,
                out.unchanged,
                out.stale,
                out.returned,
            ),
        )
        await store.add_returned_rows(
            connection,
            [(delivery_id, row.row, row.item, row.record_key, msgspec.to_builtins(row.reasons)) for row in returned],
        )
        await _announce(platform, connection, merged)
    if len(returned) > RETURNED_AT_ONCE:
        out.next = cursors.encode(out.returned_rows[-1].row)
    return out


def _latest_versions(accepted: Sequence[tuple[int, Accepted]]) -> list[tuple[int, Accepted]]:
    """A delivery may carry several versions of one document, each later than the one before: the last one counts."""
    latest: dict[str, tuple[int, Accepted]] = {}
    for number, answer in accepted:
        latest[answer.record_key] = (number, answer)
    return list(latest.values())


async def _merge(
    platform: Platform,
    connection: Connection,
    delivery_id: UUID,
    source_id: UUID,
    accepted: Sequence[tuple[int, Accepted]],
) -> tuple[list[Any], dict[str, str]]:
    """Staging, history and records; gives the changed rows, and for the others why nothing changed, by record key."""
    if not accepted:
        return [], {}
    now = platform.clock.now()
    subject_ids = await subjects.find_or_create(platform, connection, [_identifier(answer) for _, answer in accepted])
    today = local_date(now)

    def staged() -> list[tuple[object, ...]]:
        return [
            (
                new_id(now),
                subject_id,
                answer.subject_kind,
                answer.item,
                answer.record_key,
                answer.sequence,
                answer.occurred_on,
                answer.ends_on,
                answer.retained_until,
                answer.published_until,
                answer.grade,
                answer.amount,
                RecordState.ARCHIVED if answer.retained_until <= today else RecordState.ACTIVE,
                *seal(platform, source_id, answer),
            )
            for (_, answer), subject_id in zip(accepted, subject_ids, strict=True)
        ]

    await store.stage(connection, delivery_id, await asyncio.to_thread(staged))
    merged = list(await store.merge_staged(connection, delivery_id, source_id, now))
    changed = {row["record_key"] for row in merged}
    verdicts = {
        row["record_key"]: row["verdict"]
        for row in await store.verdicts(connection, delivery_id, source_id)
        if row["record_key"] not in changed
    }
    await store.clear_staging(connection, delivery_id)
    return merged, verdicts


def _identifier(answer: Accepted) -> Identifier:
    if answer.subject_kind != "natural":
        return Identifier(SubjectKind.ENTERPRISE, answer.identifier)
    # Residence permits and newer foreigners' cards share the numbering of identity cards, the only one of 18 characters; it is
    # how a resident proves who they are, so it alone has no prefix.
    is_national = answer.document_kind in {None, "01"} or len(answer.identifier) == 18
    return Identifier(
        SubjectKind.PERSON, answer.identifier if is_national else f"{answer.document_kind}:{answer.identifier}"
    )


def seal(platform: Platform, source_id: UUID, answer: Accepted) -> tuple[bytes, bytes]:
    """Keyed mark and sealed content of a row. The seal is bound to source and key, which all versions share."""
    content = answer.content()
    mark = platform.cipher.blind_index("record-content", content.decode())
    return mark, platform.cipher.seal_bytes(content, "record", "sealed", place(source_id, answer.record_key))


def place(source_id: UUID, record_key: str) -> str:
    """What a record's seal is bound to."""
    return f"{source_id}/{record_key}"


async def _announce(platform: Platform, connection: Connection, merged: Sequence[Any]) -> None:
    now = platform.clock.now()
    people = {row["subject_id"] for row in merged if row["subject_kind"] == "natural"}
    await subjects.touched(connection, people, now)
    await enqueue(
        connection, RETENTION, [Due(row["subject_id"], start_of_day(row["retained_until"])) for row in merged]
    )


def _returned(number: int, answer: Returned) -> ReturnedRow:
    return ReturnedRow(number, answer.item, answer.record_key, list(answer.reasons))


def _add(summary: IntakeSummary, out: DeliveryOut) -> None:
    for name in ("rows", "accepted", "replaced", "unchanged", "stale", "returned"):
        setattr(summary, name, getattr(summary, name) + getattr(out, name))
    summary.deliveries.append(out.id)


async def delivery(
    platform: Platform, signer: Signer, delivery_id: UUID, cursor: str | None, limit: int
) -> DeliveryOut:
    """What became of a delivery, with its returned rows page by page. Raises NOT_FOUND, also for another source's, and BAD_CURSOR."""
    after = cursors.decode(cursor, cursors.RowNumber) or 0
    async with platform.database.connection() as connection:
        found = await store.delivery(connection, signer.owner_id, delivery_id)
        if found is None:
            raise NOT_FOUND.error()
        rows = await store.returned_rows(connection, delivery_id, after, limit + 1)
    returned = [
        ReturnedRow(row["row"], row["item"], row["record_key"], msgspec.convert(row["reasons"], list[Reason]))
        for row in rows[:limit]
    ]
    return DeliveryOut(
        id=found["id"],
        delivery_ref=found["reference"],
        received_at=found["received_at"],
        rows=found["rows"],
        accepted=found["accepted"],
        replaced=found["replaced"],
        unchanged=found["unchanged"],
        stale=found["stale"],
        returned=found["returned"],
        returned_rows=returned,
        next=cursors.encode(returned[-1].row) if len(rows) > limit else None,
    )
