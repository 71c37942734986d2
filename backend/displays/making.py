"""What an enterprise's agent does: making its own code, applying for a sector's, declaring a product, ending any of them."""

import secrets
from datetime import date, datetime
from uuid import UUID

import msgspec

from backend.commitments import service as commitments
from backend.displays import moves, store
from backend.displays.endings import TOPIC, expire
from backend.displays.lists import PLACES
from backend.displays.messages import ApplyForSector, DeclareProduct, Display, EndCode, Product
from backend.displays.problems import COMMITMENT_UNSUITABLE, DATES_UNUSABLE, DISPLAY_OPEN, SECTOR_UNKNOWN
from backend.displays.sectors import sectors
from backend.displays.states import SHOWN, START, DisplayEvent, DisplayKind, EndedBy
from backend.displays.store import Move
from backend.displays.views import is_shown, told_one
from backend.enterprises import service as enterprises
from backend.platform.callers import Caller
from backend.platform.clock import local_date
from backend.platform.database import Connection, Row
from backend.platform.due import Due, enqueue
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND, FieldError
from backend.platform.row_ids import new_id
from backend.platform.terms import day_after, require_last_day
from backend.platform.working_days import add_months

OWN_MONTHS = 12
PRODUCT_MONTHS = 24


async def make_own(platform: Platform, caller: Caller, enterprise_id: UUID) -> Display:
    """The enterprise's own code, for twelve months; asked again, the one it has. Raises NOT_FOUND. Ten round trips, five if it
    has one."""
    now = platform.clock.now()
    today = local_date(now)
    async with platform.database.transaction() as connection:
        await enterprises.acting_for(connection, caller, enterprise_id, hold=True)
        # Two requests at once would both find none.
        await store.lock_places(connection)
        found = await store.lock_own(connection, enterprise_id, sorted(SHOWN))
        if found is not None and is_shown(found, today):
            return await told_one(platform, connection, found["id"])
        if found is not None:
            # Its last day is over, and the due queue has not come to it yet.
            await expire(connection, [found], now)
        row = _row(now, enterprise_id, DisplayKind.ENTERPRISE)
        await _add_live(connection, caller, row, add_months(today, OWN_MONTHS), now)
        return await told_one(platform, connection, row["id"])


async def apply_for_sector(platform: Platform, caller: Caller, enterprise_id: UUID, wanted: ApplyForSector) -> Display:
    """Applies for a sector's code on the ground of a public commitment; an officer grants it.

    Raises NOT_FOUND, SECTOR_UNKNOWN, COMMITMENT_UNSUITABLE, DISPLAY_OPEN. Six round trips.
    """
    now = platform.clock.now()
    sector = sectors().get(wanted.sector)
    if sector is None or not sector.in_force(local_date(now)):
        raise SECTOR_UNKNOWN.error()
    row = {
        **_row(now, enterprise_id, DisplayKind.SECTOR),
        "sector": wanted.sector,
        "commitment_id": wanted.commitment_id,
    }
    async with platform.database.transaction() as connection:
        await enterprises.acting_for(connection, caller, enterprise_id, hold=True)
        if not await commitments.is_published(connection, enterprise_id, wanted.commitment_id):
            raise COMMITMENT_UNSUITABLE.error()
        await _add(connection, caller, row, now)
        return await told_one(platform, connection, row["id"])


async def declare_product(platform: Platform, caller: Caller, enterprise_id: UUID, declared: DeclareProduct) -> Display:
    """A trace code for one batch of a product, with what the enterprise says of it.

    Raises NOT_FOUND, LAST_DAY_UNUSABLE, DATES_UNUSABLE, DISPLAY_OPEN. Eight round trips.
    """
    now = platform.clock.now()
    require_last_day(declared.valid_until, now, "valid_until")
    _require_dates(declared.product, declared.valid_until, local_date(now))
    row = {
        **_row(now, enterprise_id, DisplayKind.PRODUCT),
        "product": msgspec.to_builtins(declared.product),
    }
    async with platform.database.transaction() as connection:
        await enterprises.acting_for(connection, caller, enterprise_id, hold=True)
        await _add_live(connection, caller, row, declared.valid_until, now)
        return await told_one(platform, connection, row["id"])


async def end(platform: Platform, caller: Caller, enterprise_id: UUID, code_id: UUID, ending: EndCode) -> Display:
    """An agent revokes a live code (of a product: recalls it 召回), or takes an application back; at once and for good.

    Raises NOT_FOUND, STATE_CONFLICT. Seven round trips.
    """
    async with platform.database.transaction() as connection:
        await enterprises.acting_for(connection, caller, enterprise_id)
        row = await store.lock(connection, code_id, enterprise_id)
        if row is None:
            raise NOT_FOUND.error()
        await moves.move(
            connection,
            row,
            DisplayEvent.WITHDRAW if row["issued_on"] is None else DisplayEvent.RECALL,
            platform.clock.now(),
            actor_kind=moves.AGENT,
            caller=caller,
            note=ending.reason,
            ended_by=EndedBy.AGENT,
            values={"reason": ending.reason, "proposed_by": None},
        )
        return await told_one(platform, connection, code_id)


async def free_place(connection: Connection) -> int:
    """A random free place of the status list; nobody else draws one until the transaction ends. Two round trips."""
    await store.lock_places(connection)
    while True:
        place = secrets.randbelow(PLACES)
        if not await store.is_taken(connection, place):
            return place


def require_term(valid_until: date, today: date, months: int) -> None:
    """Raises DATES_UNUSABLE if a code would live for longer than so many months."""
    longest = add_months(today, months)
    if valid_until > longest:
        raise DATES_UNUSABLE.error(errors=[FieldError("valid_until", f"不得晚于 {longest}", f"not after {longest}")])


def _row(now: datetime, enterprise_id: UUID, kind: DisplayKind) -> Row:
    return {
        "id": new_id(now),
        "enterprise_id": enterprise_id,
        "kind": kind,
        "state": START[kind],
        "made_at": now,
    }


async def _add_live(connection: Connection, caller: Caller, row: Row, valid_until: date, now: datetime) -> None:
    live = {
        **row,
        "issued_on": local_date(now),
        "valid_until": valid_until,
        "status_index": await free_place(connection),
    }
    await _add(connection, caller, live, now)
    await enqueue(connection, TOPIC, [Due(row["id"], day_after(valid_until))])


async def _add(connection: Connection, caller: Caller, row: Row, now: datetime) -> None:
    if not await store.add(connection, row):
        raise DISPLAY_OPEN.error()
    made = Move(
        code_id=row["id"],
        event="make",
        before=None,
        after=row["state"],
        actor_kind=moves.AGENT,
        account_id=caller.account_id,
    )
    await store.remember(connection, [made], now)


def _require_dates(product: Product, valid_until: date, today: date) -> None:
    wrong = []
    if product.made_on > today:
        wrong.append(FieldError("product.made_on", "不得晚于今天", "not after today"))
    if product.best_before < product.made_on:
        wrong.append(FieldError("product.best_before", "不得早于生产日期", "not before the day it was made"))
    if valid_until > product.best_before:
        wrong.append(FieldError("valid_until", "不得晚于保质期届满日", "not after the best-before day"))
    if wrong:
        raise DATES_UNUSABLE.error(errors=wrong)
    require_term(valid_until, today, PRODUCT_MONTHS)
