"""The alliance 守信激励联盟: partners declare a published text, are listed, and leave when they like."""

from datetime import date
from functools import cache
from importlib.resources import files
from uuid import UUID

import msgspec

from backend.partner_accounts import store
from backend.partner_accounts.messages import Alliance, AllianceListing, AllianceText, JoinAlliance, Membership
from backend.partner_accounts.problems import DECLARATION_OLD, PARTNER_SUSPENDED
from backend.partner_accounts.states import SERVING, PartnerState
from backend.platform.callers import Signer
from backend.platform.clock import local_date
from backend.platform.database import Connection
from backend.platform.platform import Platform
from backend.platform.row_ids import new_id


@cache
def versions() -> tuple[AllianceText, ...]:
    """Every version of the declaration, newest first."""
    source = files("backend.partner_accounts").joinpath("alliance.yaml").read_bytes()
    loaded = msgspec.yaml.decode(source, type=tuple[AllianceText, ...])
    return tuple(sorted(loaded, key=lambda text: text.effective_from, reverse=True))


def text_on(day: date) -> AllianceText:
    """The declaration in force on `day`."""
    return next((text for text in versions() if text.effective_from <= day), versions()[-1])


async def listing(platform: Platform) -> Alliance:
    """The declaration in force and the members that serve, the oldest first. Two round trips."""
    async with platform.database.connection() as connection:
        rows = await store.members(connection, None)
        found = await store.profiles(connection, [row["partner_id"] for row in rows])
    profiles = {row["id"]: row for row in found}
    members = [
        AllianceListing(
            partner_id=row["partner_id"],
            name=profiles[row["partner_id"]]["name"],
            name_en=profiles[row["partner_id"]]["name_en"],
            since=local_date(row["joined_at"]),
        )
        for row in rows
        if PartnerState(profiles[row["partner_id"]]["state"]) in SERVING
    ]
    return Alliance(text_on(local_date(platform.clock.now())), members)


async def join(platform: Platform, signer: Signer, declared: JoinAlliance) -> Membership:
    """The partner that signs declares the text in force; declaring it again changes nothing.

    Raises PARTNER_SUSPENDED, DECLARATION_OLD. Three round trips.
    """
    if declared.text_version != text_on(local_date(platform.clock.now())).version:
        raise DECLARATION_OLD.error()
    async with platform.database.transaction() as connection:
        return await enter(platform, connection, signer.owner_id)


async def enter(platform: Platform, connection: Connection, partner_id: UUID) -> Membership:
    """A partner is in the alliance under the text in force. Raises PARTNER_SUSPENDED. Three round trips."""
    now = platform.clock.now()
    state = await store.state_for_update(connection, partner_id)
    if state is None or PartnerState(state) not in SERVING:
        raise PARTNER_SUSPENDED.error()
    await store.join_alliance(connection, new_id(now), partner_id, text_on(local_date(now)).version, now)
    [row] = await store.members(connection, [partner_id])
    return Membership(row["text_version"], local_date(row["joined_at"]))


async def leave(platform: Platform, signer: Signer) -> None:
    """The partner that signs leaves; leaving twice changes nothing. One round trip."""
    async with platform.database.transaction() as connection:
        await store.leave_alliance(connection, signer.owner_id, platform.clock.now())
