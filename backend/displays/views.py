"""How a display code is told: to its enterprise and the authority, and as the link that is signed anew each time it is shown.

Signing is deterministic and no token is stored: after a key has been rotated the same code has another link, and both are good;
after a key was revoked the new link is good at once.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

import msgspec

from backend.displays import store
from backend.displays.messages import Display, Product, SectorOut
from backend.displays.sectors import Sector, sectors
from backend.displays.states import PROPOSED, SHOWN, DisplayKind, DisplayState, EndedBy
from backend.enterprises import service as enterprises
from backend.enterprises.messages import Profile
from backend.platform.clock import local_date
from backend.platform.database import Connection, Row
from backend.platform.keys import Purpose
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND
from partners.codes import display
from partners.codes.display import DisplayCode, Kind
from partners.signatures.suites import suite

_KINDS = {
    DisplayKind.ENTERPRISE: Kind.ENTERPRISE,
    DisplayKind.SECTOR: Kind.SECTOR,
    DisplayKind.PRODUCT: Kind.PRODUCT,
}
_STILL_PROPOSED = (
    "该处理尚未生效，确认之前可向受理机关陈述、申辩。"
    "This is proposed and not in force: you may be heard by the authority before a second officer confirms it."
)
_DECIDED = (
    "如有异议，可向作出决定的机关提出，也可自知道之日起六十日内依法申请行政复议（行政复议法第二十条）。"
    "You may object to the authority that decided, or apply for administrative reconsideration within sixty days."
)


def link_of(platform: Platform, row: Row) -> str:
    """What the QR of a live code says, signed by the active key."""
    key = platform.keys.active(Purpose.DISPLAY)
    said = DisplayCode(
        slot=key.slot_number(),
        kind=_KINDS[DisplayKind(row["kind"])],
        code_id=row["id"].bytes,
        issued_on=row["issued_on"],
        valid_until=row["valid_until"],
        status_index=row["status_index"],
    )
    return display.link(platform.settings.external_url, display.issue(said, suite("intl").issuer.signer(key.secret)))


def is_shown(row: Row, today: date) -> bool:
    """Whether the public sees the code as valid today."""
    return row["state"] in SHOWN and row["valid_until"] >= today


async def told(platform: Platform, connection: Connection, rows: Sequence[Row]) -> list[Display]:
    """Codes with their history and whose they are. One round trip for any number."""
    profiles = await enterprises.profiles(connection, sorted({row["enterprise_id"] for row in rows}))
    return [_display(platform, row, profiles) for row in rows]


async def told_one(
    platform: Platform, connection: Connection, code_id: UUID, enterprise_id: UUID | None = None
) -> Display:
    """One code (of one enterprise, if given) with its history. Raises NOT_FOUND. Two round trips."""
    row = await store.one(connection, code_id, enterprise_id)
    if row is None:
        raise NOT_FOUND.error()
    [display_code] = await told(platform, connection, [row])
    return display_code


def product_of(row: Row) -> Product | None:
    """The product of a trace code."""
    return None if row["product"] is None else msgspec.convert(row["product"], Product)


def sector_of(row: Row) -> SectorOut | None:
    """The sector of a sector's code."""
    return None if row["sector"] is None else sector_out(sectors()[row["sector"]])


def sector_out(sector: Sector) -> SectorOut:
    """A sector as everybody reads it."""
    return SectorOut(
        code=sector.code,
        name=sector.names.zh,
        name_en=sector.names.en,
        authority=sector.authority.zh,
        authority_en=sector.authority.en,
        legal_basis=sector.legal_basis,
        months=sector.months,
    )


def _display(platform: Platform, row: Row, profiles: Mapping[UUID, Profile]) -> Display:
    state, enterprise = DisplayState(row["state"]), profiles[row["enterprise_id"]]
    today = local_date(platform.clock.now())
    return msgspec.convert(
        {
            **row,
            "enterprise_name": enterprise.name,
            "enterprise_code": enterprise.code,
            "url": link_of(platform, row) if is_shown(row, today) else None,
            "how_to_object": _how_to_object(state, row["ended_by"]),
        },
        Display,
    )


def _how_to_object(state: DisplayState, ended_by: str | None) -> str | None:
    if state in PROPOSED:
        return _STILL_PROPOSED
    return _DECIDED if ended_by == EndedBy.OFFICERS else None
