"""What the records room does with records that are in: facts for rules, what their subjects see, and decisions on them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from backend.catalogue import service as catalogue
from backend.catalogue.catalogue import CatalogueItem
from backend.platform import cursors
from backend.platform.access import Access
from backend.platform.callers import Caller
from backend.platform.clock import local_date, start_of_day
from backend.platform.database import Connection, Row
from backend.platform.due import Due, Handler, enqueue
from backend.platform.masking import masked_text
from backend.platform.platform import Platform
from backend.platform.problems import MALFORMED_REQUEST, NOT_FOUND, FieldError
from backend.records import intake, store
from backend.records.disclosure import DISCLOSED
from backend.records.field_values import in_words
from backend.records.fields import FIELD_LISTS
from backend.records.messages import Correction, DisclosedRecord, FieldOut, RecordOut, RecordPage
from backend.records.problems import ONLY_POSITIVE_HIDDEN, RECORD_STATE
from backend.records.states import AS_FACT, DISCLOSED_IN, MOVES, RecordEvent, RecordState, states_allowing
from backend.records.validation import Returned
from backend.subjects import service as subjects
from scoring.facts import Fact


async def facts_of(connection: Connection, access: Access, subject_ids: Sequence[UUID]) -> dict[UUID, list[Fact]]:
    """The scoring facts of each subject; a subject without records has none. One round trip."""
    return _facts(subject_ids, await store.facts(connection, access, subject_ids))


async def facts_as_known(
    connection: Connection, access: Access, subject_ids: Sequence[UUID], at: datetime
) -> dict[UUID, list[Fact]]:
    """The scoring facts of each subject as they were known at an instant: what came, changed or was decided later is not in
    them, and what has changed since is as it was. One round trip."""
    return _facts(subject_ids, await store.facts_as_known(connection, access, subject_ids, at))


def _facts(subject_ids: Sequence[UUID], rows: Sequence[Row]) -> dict[UUID, list[Fact]]:
    found: dict[UUID, list[Fact]] = {subject_id: [] for subject_id in subject_ids}
    for row in rows:
        found[row["subject_id"]].append(
            Fact(
                record_id=str(row["id"]),
                item=row["item"],
                occurred_on=row["occurred_on"],
                ends_on=row["ends_on"],
                state=AS_FACT[RecordState(row["state"])],
                grade=row["grade"],
                amount=row["amount"],
                source=row["source_name"],
            )
        )
    return found


async def mine(platform: Platform, caller: Caller, cursor: str | None, limit: int) -> RecordPage:
    """The caller's records, newest act first, whole (Reg. art. 24, 35; PIPL art. 45). One round trip. Raises BAD_CURSOR."""
    access = caller.access("查看我的记录", "records")
    return await _page(platform, access, caller.proven_subject(), cursor, limit, whole=True)


async def records_of_enterprise(
    platform: Platform, access: Access, subject_id: UUID, cursor: str | None, limit: int
) -> RecordPage:
    """An enterprise's records, for its agents; without the columns that identify its representative (Reg. art. 23).

    One round trip. Raises BAD_CURSOR.
    """
    return await _page(platform, access, subject_id, cursor, limit, whole=False)


async def disclosed_of_enterprise(
    platform: Platform, connection: Connection, subject_id: UUID, limit: int
) -> list[DisclosedRecord]:
    """What the law makes public of an enterprise today, newest act first, at most `limit`: inside the publicity period,
    neither withdrawn nor archived, only the columns that the public reads, with the numbers of people masked. One round trip.
    """
    today = local_date(platform.clock.now())
    rows = await store.disclosed(connection, subject_id, list(DISCLOSED), sorted(DISCLOSED_IN), today, limit)
    # The catalogue may have closed since what it opened when the record came in.
    return [_disclosed(platform, row) for row in rows if _item(row).openness.organisation == "public"]


async def mine_one(platform: Platform, caller: Caller, record_id: UUID) -> RecordOut:
    """One record of the caller. Raises NOT_FOUND, also for somebody else's. One round trip."""
    async with platform.database.connection() as connection:
        row = await _own(connection, caller, record_id)
    return _record(platform, row, whole=True)


async def set_hidden(platform: Platform, caller: Caller, record_id: UUID, hidden: bool) -> None:
    """Hides or shows one's own positive record (Reg. art. 37); the score follows. Doing it twice changes nothing.

    Raises NOT_FOUND, ONLY_POSITIVE_HIDDEN, RECORD_STATE.
    """
    async with platform.database.transaction() as connection:
        row = await _own(connection, caller, record_id, lock=True)
        if _item(row).information_class != "positive":
            raise ONLY_POSITIVE_HIDDEN.error()
        wanted = RecordState.HIDDEN if hidden else RecordState.ACTIVE
        if row["state"] == wanted:
            return
        await _move(platform, connection, row, RecordEvent.HIDE if hidden else RecordEvent.SHOW)


async def record_of(connection: Connection, access: Access, record_id: UUID) -> Row | None:
    """A record's plain columns with its subject, for a room that decides on it; locked in the caller's transaction."""
    return await store.record(connection, access, record_id, lock=True)


def as_seen(platform: Platform, row: Row) -> RecordOut:
    """A record that `record_of` gave, with its content; without the columns that identify anybody."""
    return _record(platform, row, whole=False)


async def mark(platform: Platform, connection: Connection, access: Access, record_id: UUID) -> None:
    """An objection marks the record: it does not count while it is being decided. Raises NOT_FOUND, RECORD_STATE."""
    await _act(platform, connection, access, record_id, RecordEvent.MARK)


async def unmark(platform: Platform, connection: Connection, access: Access, record_id: UUID) -> None:
    """The objection was rejected: the record counts again. Raises NOT_FOUND, RECORD_STATE."""
    await _act(platform, connection, access, record_id, RecordEvent.UNMARK)


async def withdraw(platform: Platform, connection: Connection, access: Access, record_id: UUID) -> None:
    """The record should not be there: it never counts again. Raises NOT_FOUND, RECORD_STATE."""
    await _act(platform, connection, access, record_id, RecordEvent.WITHDRAW)


async def correct(
    platform: Platform, connection: Connection, access: Access, record_id: UUID, correction: Correction
) -> None:
    """A corrected version replaces the record, checked like a delivered row; the wrong one stays in the history, and
    delivering it again does not bring it back.

    Raises NOT_FOUND, RECORD_STATE, and MALFORMED_REQUEST with every reason if the corrected row is not acceptable.
    """
    row = await store.record(connection, access, record_id, lock=True)
    if row is None:
        raise NOT_FOUND.error()
    following = _following(row, RecordEvent.CORRECT)
    now = platform.clock.now()
    before = _content(platform, row)
    envelope = {"item": row["item"], "fields": {**before, **correction.fields}, "sequence": row["sequence"]}
    answer = intake.validator().validate_envelope(envelope, local_date(now))
    if isinstance(answer, Returned):
        raise MALFORMED_REQUEST.error(
            errors=[FieldError(f"correction.fields.{found.field}", found.zh, found.en) for found in answer.reasons]
        )
    if moved := [column for column in _identifying(_item(row)) if answer.fields.get(column) != before.get(column)]:
        raise MALFORMED_REQUEST.error(
            errors=[
                FieldError(
                    f"correction.fields.{column}",
                    "不能更改文书编号或主体；记在他人名下的应当撤回",
                    "neither the document nor its subject can be changed; what belongs to another is withdrawn",
                )
                for column in moved
            ]
        )
    _, sealed = intake.seal(platform, row["source_id"], answer)
    values = (
        answer.occurred_on,
        answer.ends_on,
        answer.retained_until,
        answer.published_until,
        answer.grade,
        answer.amount,
        sealed,
        following,
    )
    await store.rewrite(connection, record_id, values, now)
    await _announce(platform, connection, row, answer.retained_until)


def retention_handler(platform: Platform) -> Handler:
    """The due handler of topic `intake.RETENTION`: archives what has reached its day, never a nightly pass."""

    async def handle(connection: Connection, subject_ids: list[UUID]) -> None:
        states = states_allowing(RecordEvent.ARCHIVE)
        now = platform.clock.now()
        people = await store.archive_due(connection, subject_ids, states, local_date(now), now)
        await subjects.touched(connection, people, now)
        following = await store.next_retention(connection, subject_ids, states)
        await enqueue(
            connection, intake.RETENTION, [Due(subject_id, start_of_day(day)) for subject_id, day in following.items()]
        )

    return handle


async def _page(
    platform: Platform, access: Access, subject_id: UUID, cursor: str | None, limit: int, *, whole: bool
) -> RecordPage:
    before = cursors.decode(cursor, tuple[date, UUID])
    async with platform.database.connection() as connection:
        rows = await store.records_of(connection, access, subject_id, before, limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    return RecordPage(
        [_record(platform, row, whole=whole) for row in rows[:limit]],
        cursors.encode((last["occurred_on"], last["id"])) if last is not None else None,
    )


async def _own(connection: Connection, caller: Caller, record_id: UUID, *, lock: bool = False) -> Row:
    access = caller.access("查看我的记录", "records")
    row = await store.own_record(connection, access, caller.proven_subject(), record_id, lock=lock)
    if row is None:
        raise NOT_FOUND.error()
    return row


async def _act(platform: Platform, connection: Connection, access: Access, record_id: UUID, event: RecordEvent) -> None:
    row = await store.record(connection, access, record_id, lock=True)
    if row is None:
        raise NOT_FOUND.error()
    await _move(platform, connection, row, event)


async def _move(platform: Platform, connection: Connection, row: Row, event: RecordEvent) -> None:
    following = _following(row, event)
    await store.move(connection, row["id"], [row["state"]], following, platform.clock.now())
    await _announce(platform, connection, row, row["retained_until"])


def _following(row: Row, event: RecordEvent) -> RecordState:
    following = MOVES.get(RecordState(row["state"]), {}).get(event)
    if following is None:
        raise RECORD_STATE.error()
    return following


async def _announce(platform: Platform, connection: Connection, row: Row, retained_until: date) -> None:
    if row["subject_kind"] == "natural":
        await subjects.touched(connection, [row["subject_id"]], platform.clock.now())
    await enqueue(connection, intake.RETENTION, [Due(row["subject_id"], start_of_day(retained_until))])


def _item(row: Row) -> CatalogueItem:
    return catalogue.item_described(row["item"], row["occurred_on"])


def _identifying(item: CatalogueItem) -> list[str]:
    """The columns that say which document about whom: what a correction leaves alone."""
    columns = FIELD_LISTS[item.fields]
    subject = columns.subject
    named = (columns.key, subject.kind, subject.credit_code, subject.document_kind, subject.document_number)
    return sorted({column for column in named if column is not None})


def _content(platform: Platform, row: Row) -> Mapping[str, str]:
    place = intake.place(row["source_id"], row["record_key"])
    _, fields = msgspec.json.decode(
        platform.cipher.open_bytes(row["sealed"], "record", "sealed", place), type=tuple[str, dict[str, str]]
    )
    return fields


def _disclosed(platform: Platform, row: Row) -> DisclosedRecord:
    item, content = _item(row), _content(platform, row)
    titles = {field.name: field for field in FIELD_LISTS[item.fields].fields}
    return DisclosedRecord(
        item=row["item"],
        item_name=item.names.zh,
        item_name_en=item.names.en,
        information_class=item.information_class,
        source=row["source_name"],
        occurred_on=row["occurred_on"],
        published_until=row["published_until"],
        objected=row["state"] == RecordState.MARKED,
        fields=[
            FieldOut(name, titles[name].title, masked_text(in_words(content[name], titles[name])))
            for name in DISCLOSED[row["item"]]
            if name in content
        ],
    )


def _record(platform: Platform, row: Row, *, whole: bool) -> RecordOut:
    """`whole` shows every column; otherwise those that identify anybody are left out."""
    item = _item(row)
    content = _content(platform, row)
    return RecordOut(
        id=row["id"],
        item=row["item"],
        item_name=item.names.zh,
        item_name_en=item.names.en,
        information_class=item.information_class,
        source=row["source_name"],
        legal_basis="；".join(f"{basis.document}{basis.article}" for basis in item.legal_basis),
        state=row["state"],
        occurred_on=row["occurred_on"],
        ends_on=row["ends_on"],
        published_until=row["published_until"],
        retained_until=row["retained_until"],
        grade=row["grade"],
        amount=row["amount"],
        amount_unit=item.amount_unit,
        fields=[
            FieldOut(field.name, field.title, in_words(content[field.name], field))
            for field in FIELD_LISTS[item.fields].fields
            if field.name in content and (whole or not field.personal)
        ],
        received_at=row["received_at"],
        updated_at=row["updated_at"],
        corrected_at=row["corrected_at"],
        can_hide=item.information_class == "positive" and row["state"] in {"active", "hidden"},
    )
