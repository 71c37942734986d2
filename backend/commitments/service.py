"""What the commitments room does: making, reporting, checking with two persons, publishing, falling due."""

from collections.abc import Awaitable, Callable
from datetime import date
from functools import cache
from uuid import UUID

import msgspec

from backend.catalogue.catalogue import Catalogue, load_catalogue
from backend.commitments import store
from backend.commitments.messages import (
    ROUTE_TYPES,
    Category,
    CheckCommitment,
    Commitment,
    CommitmentPage,
    MakeCommitment,
    Openness,
    Performance,
    PublishedCommitment,
    PublishedCommitmentPage,
    ReportKept,
)
from backend.commitments.problems import (
    COMMITMENT_CODES_EXHAUSTED,
    COMMITMENT_ROUTE_CLOSED,
    FINDING_INCOMPLETE,
    UNIT_CODE_INVALID,
)
from backend.commitments.states import NEXT, START, CommitmentEvent, CommitmentState
from backend.commitments.store import Move
from backend.enterprises import service as enterprises
from backend.enterprises.messages import ActingFor
from backend.platform import cursors
from backend.platform.callers import Caller
from backend.platform.clock import local_date
from backend.platform.database import Connection, Row
from backend.platform.due import Due, enqueue
from backend.platform.identifiers import (
    InvalidIdentifier,
    UnifiedSocialCreditCode,
    make_commitment_code,
    normalise_unified_social_credit_code,
)
from backend.platform.impartiality import require_second_person
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND, STATE_CONFLICT, FieldError
from backend.platform.row_ids import new_id
from backend.platform.terms import day_after, require_last_day
from backend.platform.working_days import add_months
from partners.benefits.eligibility import Commitments

TOPIC = "commitment"

_AGENT, _OFFICER, _SYSTEM = "agent", "officer", "system"
_INDIVIDUAL_BUSINESS_REGISTER = "92"  # GB 32100: 9 is the commercial register, 2 its individual businesses


async def make(platform: Platform, caller: Caller, enterprise_id: UUID, commitment: MakeCommitment) -> Commitment:
    """An agent makes a commitment for the enterprise; it is published at once if its openness allows.

    Raises NOT_FOUND, LAST_DAY_UNUSABLE, UNIT_CODE_INVALID, COMMITMENT_ROUTE_CLOSED, COMMITMENT_CODES_EXHAUSTED.
    """
    now = platform.clock.now()
    require_last_day(commitment.valid_until, now, "valid_until")
    unit = _unit(commitment.accepting_unit_code, "accepting_unit_code")
    async with platform.database.transaction() as connection:
        enterprise = await enterprises.acting_for(connection, caller, enterprise_id)
        if commitment.type in ROUTE_TYPES and await store.has_broken(connection, enterprise_id):
            raise COMMITMENT_ROUTE_CLOSED.error()
        commitment_id, made_on = new_id(now), local_date(now)
        serial = await store.next_serial(connection, unit.region, made_on)
        if serial is None:
            raise COMMITMENT_CODES_EXHAUSTED.error()
        await store.add(
            connection,
            {
                "id": commitment_id,
                "code": make_commitment_code(unit.region, made_on, serial),
                **_subject(enterprise, commitment.category),
                "type": commitment.type,
                "reason": commitment.reason,
                "content": commitment.content,
                "liability": commitment.liability,
                "made_on": made_on,
                "valid_until": commitment.valid_until,
                "accepting_unit": commitment.accepting_unit,
                "accepting_unit_code": unit.value,
                "openness": commitment.openness,
                "remark": commitment.remark,
                "state": START,
            },
        )
        moves = [
            Move(
                commitment_id=commitment_id, event="make", before=None, after=START,
                actor_kind=_AGENT, account_id=caller.account_id,
            )
        ]  # fmt: skip
        if commitment.openness is Openness.PUBLIC:
            moves.append(_move(commitment_id, START, CommitmentEvent.PUBLISH, _SYSTEM))
        await store.move(connection, moves, now)
        await enqueue(connection, TOPIC, [Due(commitment_id, day_after(commitment.valid_until))])
        return await _one(connection, commitment_id)


async def report_kept(
    platform: Platform, caller: Caller, enterprise_id: UUID, commitment_id: UUID, report: ReportKept
) -> Commitment:
    """An agent reports the commitment as kept, with evidence. Raises NOT_FOUND, STATE_CONFLICT."""
    async with platform.database.transaction() as connection:
        await enterprises.acting_for(connection, caller, enterprise_id)
        row = await _lock(connection, commitment_id, enterprise_id)
        move = _move(
            commitment_id, row["state"], CommitmentEvent.REPORT, _AGENT, caller, report.statement, report.evidence
        )
        await store.move(connection, [move], platform.clock.now())
        return await _one(connection, commitment_id)


async def check(platform: Platform, caller: Caller, commitment_id: UUID, finding: CheckCommitment) -> Commitment:
    """A case officer finds the commitment kept, or proposes that it was not; the proposal waits for a second person.

    Raises NOT_FOUND, STATE_CONFLICT, OWN_MATTER, UNIT_CODE_INVALID, FINDING_INCOMPLETE, LAST_DAY_UNUSABLE.
    """
    now = platform.clock.now()
    _unit(finding.unit_code, "unit_code")
    async with platform.database.transaction() as connection:
        row = await _lock(connection, commitment_id)
        await enterprises.require_impartial(connection, caller, row["enterprise_id"])
        if finding.performance is Performance.FULL:
            move = _move(commitment_id, row["state"], CommitmentEvent.FIND_KEPT, _OFFICER, caller)
            kept = CheckCommitment(performance=Performance.FULL, unit=finding.unit, unit_code=finding.unit_code)
            await _find(connection, commitment_id, kept, local_date(now))
        else:
            move = _move(commitment_id, row["state"], CommitmentEvent.PROPOSE_FINDING, _OFFICER, caller)
            _require_complete(finding, final=move.after == CommitmentState.BREACH_PROPOSED)
            if finding.rectify_by is not None:
                require_last_day(finding.rectify_by, now, "rectify_by")
            await store.propose(connection, commitment_id, msgspec.to_builtins(finding), caller.account_id)
        await store.move(connection, [move], now)
        return await _one(connection, commitment_id)


async def confirm(platform: Platform, caller: Caller, commitment_id: UUID) -> Commitment:
    """A second person confirms a negative finding: the term to rectify begins, or the breach stands.

    Raises NOT_FOUND, STATE_CONFLICT, OWN_MATTER, SECOND_PERSON_NEEDED, and LAST_DAY_UNUSABLE if the proposed term is over.
    """
    now = platform.clock.now()
    async with platform.database.transaction() as connection:
        row = await _lock(connection, commitment_id)
        await enterprises.require_impartial(connection, caller, row["enterprise_id"])
        move = _move(commitment_id, row["state"], CommitmentEvent.CONFIRM, _OFFICER, caller)
        require_second_person(row["proposed_by"], caller.account_id)
        finding = msgspec.convert(row["proposal"], CheckCommitment)
        if move.after == CommitmentState.RECTIFYING and finding.rectify_by is not None:
            require_last_day(finding.rectify_by, now, "rectify_by")
        await _find(connection, commitment_id, finding, local_date(now))
        await store.move(connection, [move], now)
        if finding.rectify_by is not None:
            await enqueue(connection, TOPIC, [Due(commitment_id, day_after(finding.rectify_by))])
        return await _one(connection, commitment_id)


async def send_back(platform: Platform, caller: Caller, commitment_id: UUID, reason: str) -> Commitment:
    """A second person does not confirm: the finding falls and the commitment is checked again.

    Raises NOT_FOUND, STATE_CONFLICT, OWN_MATTER, SECOND_PERSON_NEEDED.
    """
    async with platform.database.transaction() as connection:
        row = await _lock(connection, commitment_id)
        await enterprises.require_impartial(connection, caller, row["enterprise_id"])
        move = _move(commitment_id, row["state"], CommitmentEvent.SEND_BACK, _OFFICER, caller, reason)
        require_second_person(row["proposed_by"], caller.account_id)
        await store.drop_proposal(connection, commitment_id)
        await store.move(connection, [move], platform.clock.now())
        return await _one(connection, commitment_id)


async def of_enterprise(
    platform: Platform, caller: Caller, enterprise_id: UUID, cursor: str | None, limit: int
) -> CommitmentPage:
    """The commitments of an enterprise, newest first, for its agent. Raises NOT_FOUND, BAD_CURSOR. Two round trips."""
    before = cursors.decode(cursor, UUID)
    async with platform.database.connection() as connection:
        await enterprises.acting_for(connection, caller, enterprise_id)
        rows = await store.page(connection, enterprise_id, None, before, limit + 1)
    return _page(rows, limit)


async def one_of_enterprise(platform: Platform, caller: Caller, enterprise_id: UUID, commitment_id: UUID) -> Commitment:
    """One commitment with its history, for its agent. Raises NOT_FOUND. Two round trips."""
    async with platform.database.connection() as connection:
        await enterprises.acting_for(connection, caller, enterprise_id)
        return await _one(connection, commitment_id, enterprise_id)


async def for_staff(
    platform: Platform, state: CommitmentState | None, cursor: str | None, limit: int
) -> CommitmentPage:
    """Commitments, newest first, all or in one state, for the authority. Raises BAD_CURSOR. One round trip."""
    before = cursors.decode(cursor, UUID)
    async with platform.database.connection() as connection:
        return _page(await store.page(connection, None, state, before, limit + 1), limit)


async def one_for_staff(platform: Platform, commitment_id: UUID) -> Commitment:
    """One commitment with its history, for the authority. Raises NOT_FOUND. One round trip."""
    async with platform.database.connection() as connection:
        return await _one(connection, commitment_id)


async def published(platform: Platform, cursor: str | None, limit: int) -> PublishedCommitmentPage:
    """What the public may see, newest first. A negative finding leaves by itself at the catalogue's maximum (Order 36).

    Raises BAD_CURSOR. One round trip.
    """
    before = cursors.decode(cursor, UUID)
    async with platform.database.connection() as connection:
        rows = await store.published_page(connection, _negative_since(platform), before, limit + 1)
    commitments = [msgspec.convert(dict(row), PublishedCommitment) for row in rows[:limit]]
    return PublishedCommitmentPage(commitments, cursors.encode(rows[limit - 1]["id"]) if len(rows) > limit else None)


async def published_of(
    platform: Platform, connection: Connection, enterprise_id: UUID, first: UUID | None, limit: int
) -> list[PublishedCommitment]:
    """What the public may see of one enterprise's commitments, `first` before the others, then newest first. One round trip."""
    rows = await store.published_of(connection, _negative_since(platform), enterprise_id, first, limit)
    return [msgspec.convert(dict(row), PublishedCommitment) for row in rows]


async def is_published(connection: Connection, enterprise_id: UUID, commitment_id: UUID) -> bool:
    """Whether it is a public commitment of the enterprise that was not broken. One round trip."""
    return await store.is_published(connection, enterprise_id, commitment_id)


async def counted(connection: Connection, enterprise_id: UUID) -> Commitments:
    """How many commitments an enterprise made, kept and broke: the whole of its standing. One round trip."""
    row = await store.counted(connection, enterprise_id)
    return Commitments(made=row["made"], kept=row["kept"], broken=row["broken"])


def due_handler(platform: Platform) -> Callable[[Connection, list[UUID]], Awaitable[None]]:
    """The handler of the room's topic: commitments whose last day is over fall due, terms to rectify end. Four round trips."""

    async def pass_dates(connection: Connection, ids: list[UUID]) -> None:
        today = local_date(platform.clock.now())
        moves, later = [], []
        for row in await store.lock_all(connection, ids):
            for event, last_day in (
                (CommitmentEvent.FALL_DUE, row["valid_until"]),
                (CommitmentEvent.TERM_ENDS, row["rectify_by"]),
            ):
                if last_day is None or (CommitmentState(row["state"]), event) not in NEXT:
                    continue
                if last_day < today:
                    moves.append(_move(row["id"], row["state"], event, _SYSTEM))
                else:
                    later.append(Due(row["id"], day_after(last_day)))
        await store.move(connection, moves, platform.clock.now())
        await enqueue(connection, TOPIC, later)

    return pass_dates


@cache
def _catalogue() -> Catalogue:
    return load_catalogue()


def _negative_since(platform: Platform) -> date:
    """From which day on a negative finding is still published."""
    today = local_date(platform.clock.now())
    return add_months(today, -_publicity_months(today))


def _publicity_months(day: date) -> int:
    item = _catalogue().item("commitment-broken", day)
    publicity = item.publicity_for("general") if item is not None else None
    return publicity.maximum_months if publicity is not None else 0


def _unit(code: str, field: str) -> UnifiedSocialCreditCode:
    unit = normalise_unified_social_credit_code(code)
    if isinstance(unit, InvalidIdentifier):
        raise UNIT_CODE_INVALID.error(errors=[FieldError(field, unit.zh, unit.en)])
    return unit


def _subject(enterprise: ActingFor, category: Category | None) -> Row:
    """Name and code as they stand on the day of the commitment."""
    if category is None:
        individual = enterprise.code.startswith(_INDIVIDUAL_BUSINESS_REGISTER)
        category = Category.INDIVIDUAL_BUSINESS if individual else Category.LEGAL
    return {
        "enterprise_id": enterprise.id,
        "subject_name": enterprise.name,
        "subject_category": category,
        "subject_code": enterprise.code,
    }


def _require_complete(finding: CheckCommitment, *, final: bool) -> None:
    demanded = {"unperformed": finding.unperformed, "sanction": finding.sanction}
    if not final:
        demanded["rectify_by"] = str(finding.rectify_by or "")
    missing = [
        FieldError(field, "缺少这个字段", "this field is missing") for field, given in demanded.items() if not given
    ]
    if missing:
        raise FINDING_INCOMPLETE.error(errors=missing)


async def _find(connection: Connection, commitment_id: UUID, finding: CheckCommitment, found_on: date) -> None:
    await store.find(
        connection,
        commitment_id,
        finding.performance,
        finding.unperformed,
        finding.sanction,
        finding.unit,
        finding.unit_code.upper(),
        finding.rectify_by,
        found_on,
    )


async def _lock(connection: Connection, commitment_id: UUID, enterprise_id: UUID | None = None) -> Row:
    row = await store.lock(connection, commitment_id, enterprise_id)
    if row is None:
        raise NOT_FOUND.error()
    return row


def _move(
    commitment_id: UUID,
    before: str,
    event: CommitmentEvent,
    actor_kind: str,
    caller: Caller | None = None,
    note: str | None = None,
    evidence: str | None = None,
) -> Move:
    after = NEXT.get((CommitmentState(before), event))
    if after is None:
        raise STATE_CONFLICT.error()
    return Move(
        commitment_id=commitment_id,
        event=event,
        before=before,
        after=after,
        actor_kind=actor_kind,
        account_id=caller.account_id if caller else None,
        note=note,
        evidence=evidence,
    )


async def _one(connection: Connection, commitment_id: UUID, enterprise_id: UUID | None = None) -> Commitment:
    row = await store.one(connection, commitment_id, enterprise_id)
    if row is None:
        raise NOT_FOUND.error()
    return msgspec.convert(dict(row), Commitment)


def _page(rows: list[Row], limit: int) -> CommitmentPage:
    commitments = [msgspec.convert(dict(row), Commitment) for row in rows[:limit]]
    return CommitmentPage(commitments, cursors.encode(commitments[-1].id) if len(rows) > limit else None)
