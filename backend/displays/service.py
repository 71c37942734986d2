"""What the room of display codes does: one function for each act."""

from uuid import UUID

from backend.displays import printing, store
from backend.displays.deciding import decide, for_staff, grant, one_for_staff, propose
from backend.displays.endings import TOPIC, due_handler, left_handler
from backend.displays.making import apply_for_sector, declare_product, end, make_own
from backend.displays.messages import Display, DisplayPage, SectorOut
from backend.displays.sectors import sectors
from backend.displays.showing import show, show_valid
from backend.displays.views import is_shown, link_of, sector_out, told, told_one
from backend.enterprises import service as enterprises
from backend.platform import cursors
from backend.platform.callers import Caller
from backend.platform.clock import local_date
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND, STATE_CONFLICT

__all__ = [
    "TOPIC",
    "apply_for_sector",
    "decide",
    "declare_product",
    "due_handler",
    "end",
    "for_staff",
    "grant",
    "left_handler",
    "listing",
    "make_own",
    "one_for_staff",
    "one_of_enterprise",
    "print_sheet",
    "propose",
    "sectors_in_force",
    "show",
    "show_valid",
]


def sectors_in_force(platform: Platform) -> list[SectorOut]:
    """The sectors whose codes can be applied for today. No round trip."""
    today = local_date(platform.clock.now())
    return [sector_out(sector) for sector in sectors().values() if sector.in_force(today)]


async def listing(
    platform: Platform, caller: Caller, enterprise_id: UUID, cursor: str | None, limit: int
) -> DisplayPage:
    """The display codes of an enterprise, newest first, for its agent. Raises NOT_FOUND, BAD_CURSOR. Three round trips."""
    before = cursors.decode(cursor, UUID)
    async with platform.database.connection() as connection:
        await enterprises.acting_for(connection, caller, enterprise_id)
        rows = await store.page(connection, enterprise_id, None, before, limit + 1)
        codes = await told(platform, connection, rows[:limit])
    return DisplayPage(codes, cursors.encode(codes[-1].id) if len(rows) > limit else None)


async def one_of_enterprise(platform: Platform, caller: Caller, enterprise_id: UUID, code_id: UUID) -> Display:
    """One display code with its history, for its agent. Raises NOT_FOUND. Three round trips."""
    async with platform.database.connection() as connection:
        await enterprises.acting_for(connection, caller, enterprise_id)
        return await told_one(platform, connection, code_id, enterprise_id)


async def print_sheet(platform: Platform, caller: Caller, enterprise_id: UUID, code_id: UUID) -> bytes:
    """The picture of a valid code, as SVG, for print. Raises NOT_FOUND, STATE_CONFLICT. Three round trips."""
    async with platform.database.connection() as connection:
        await enterprises.acting_for(connection, caller, enterprise_id)
        row = await store.one(connection, code_id, enterprise_id)
        if row is None:
            raise NOT_FOUND.error()
        if not is_shown(row, local_date(platform.clock.now())):
            raise STATE_CONFLICT.error()
        profile = (await enterprises.profiles(connection, [enterprise_id]))[enterprise_id]
    return printing.svg(row, profile, link_of(platform, row), platform.settings.external_url)
