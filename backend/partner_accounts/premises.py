"""Premises 门店与岗位: stores that open and close after approval, and posts at their tills, given by a one-time code.

A partner's signature asks for a store and an operator opens it: two parties stand behind each. Closing one is the partner's own act. A
partner knows its posts by the name of the till and a random id, never who has one; the person accepts by their own account and leaves
when they like. What a till may ask about anybody is bounded by the market, whoever stands at it.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

from backend.identity import service as identity
from backend.partner_accounts import premises_store, service, store
from backend.partner_accounts.messages import (
    AcceptInvitation,
    Invitation,
    MyPost,
    NewInvitation,
    OwnStore,
    OwnStores,
    Position,
    Post,
    Posts,
    StaffStore,
    StaffStores,
    StoreApplied,
    StoreDecision,
    StoreState,
    TillClerk,
    TillInvitation,
)
from backend.partner_accounts.problems import (
    INVITATION_UNUSABLE,
    POST_TAKEN,
    TOO_MANY_INVITATIONS,
    TOO_MANY_STORES,
)
from backend.platform import rate_limits
from backend.platform.callers import Caller, Signer
from backend.platform.clock import local_date
from backend.platform.database import Connection, Row
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND, STATE_CONFLICT
from backend.platform.rate_limits import RateLimit
from backend.platform.roles import Role
from backend.platform.row_ids import new_id

MOST_WAITING = 50
MOST_INVITATIONS = 100
INVITATION_LIFETIME = timedelta(days=7)

_EVERY_POSITION = tuple(Position)
# Twelve of 32 signs are sixty bits: with ten tries and then one a minute nobody finds one.
_TRIES = RateLimit("till-invitation", 10, 60)
_SHOWN_TO_STAFF = 100


async def stores(platform: Platform, signer: Signer) -> OwnStores:
    """Every store of the partner that signs. One round trip."""
    async with platform.database.connection() as connection:
        return OwnStores([_own(row) for row in await premises_store.of_partner(connection, signer.owner_id)])


async def ask_for_store(platform: Platform, signer: Signer, wanted: StoreApplied) -> OwnStore:
    """The partner that signs asks for a further store; asking again for one that waits or is open gives that one.

    Raises PARTNER_SUSPENDED, TOO_MANY_STORES. Four round trips.
    """
    async with platform.database.transaction() as connection:
        await service.live_partner(connection, signer.owner_id)
        await premises_store.lock_partner(connection, signer.owner_id)
        present = await premises_store.of_partner(connection, signer.owner_id)
        for row in present:
            there = row["state"] in {StoreState.ASKED, StoreState.OPEN}
            if there and (row["name"], row["district"]) == (wanted.name, wanted.district):
                return _own(row)
        if sum(row["state"] == StoreState.ASKED for row in present) >= MOST_WAITING:
            raise TOO_MANY_STORES.error()
        store_id = new_id(platform.clock.now())
        row = await premises_store.ask_for(connection, store_id, signer.owner_id, wanted.district, wanted.name)
    return _own(row)


async def close_store(platform: Platform, signer: Signer, store_id: UUID) -> None:
    """Closes a store of one's own at once and for good, or takes back that it was asked for: its posts and invitations end, its signs are
    closed. Closing twice changes nothing. Raises NOT_FOUND. Four round trips, and one for each post."""
    now = platform.clock.now()
    async with platform.database.transaction() as connection:
        row = await premises_store.lock_store(connection, store_id)
        if row is None or row["partner_id"] != signer.owner_id:
            raise NOT_FOUND.error()
        await premises_store.set_state(connection, store_id, StoreState.CLOSED, None)
        await _dismissed(
            connection,
            await premises_store.dismiss(connection, signer.owner_id, store_id, None, _EVERY_POSITION),
        )
        await premises_store.end_invitations(connection, signer.owner_id, store_id, None, _EVERY_POSITION, now)


async def stores_for_staff(platform: Platform, state: StoreState) -> StaffStores:
    """Stores in a state for operators, oldest first. One round trip."""
    async with platform.database.connection() as connection:
        rows = await premises_store.waiting(connection, state, _SHOWN_TO_STAFF)
    return StaffStores([StaffStore(_own(row), row["partner_id"], row["partner_name"]) for row in rows])


async def decide_store(platform: Platform, caller: Caller, store_id: UUID, decision: StoreDecision) -> OwnStore:
    """An operator opens a store that was asked for, or sends it back with a reason: the partner may ask anew at once.

    Raises NOT_FOUND, OWN_MATTER, STATE_CONFLICT (nobody asks for it now, or a reason is missing). Up to five round trips.
    """
    async with platform.database.transaction() as connection:
        row = await premises_store.lock_store(connection, store_id)
        if row is None:
            raise NOT_FOUND.error()
        await service.require_no_part(connection, caller, row["partner_id"])
        if row["state"] != StoreState.ASKED or (decision.because is None and not decision.open):
            raise STATE_CONFLICT.error()
        state = StoreState.OPEN if decision.open else StoreState.RETURNED
        because = None if decision.open else decision.because
        await premises_store.set_state(connection, store_id, state, because)
    return _own({**row, "state": state, "because": because})


async def posts(platform: Platform, signer: Signer) -> Posts:
    """The posts at the partner's tills, and its open invitations. Two round trips."""
    async with platform.database.connection() as connection:
        return await _posts(platform, connection, signer.owner_id, None)


async def invite(platform: Platform, signer: Signer, wanted: NewInvitation) -> Invitation:
    """The partner that signs makes a one-time code for a post at one of its open stores.

    Raises PARTNER_SUSPENDED, NOT_FOUND, TOO_MANY_INVITATIONS. Five round trips.
    """
    async with platform.database.transaction() as connection:
        await service.live_partner(connection, signer.owner_id)
        return await _invite(platform, connection, signer.owner_id, wanted)


async def revoke_invitation(platform: Platform, signer: Signer, invitation_id: UUID) -> None:
    """Revokes an invitation that nobody has used. Raises NOT_FOUND. One round trip."""
    async with platform.database.transaction() as connection:
        ended = await premises_store.end_invitations(
            connection, signer.owner_id, None, invitation_id, _EVERY_POSITION, platform.clock.now()
        )
        if not ended:
            raise NOT_FOUND.error()


async def dismiss(platform: Platform, signer: Signer, post_id: UUID) -> None:
    """Ends a post at one of the partner's tills, at once. Raises NOT_FOUND. Two round trips."""
    async with platform.database.transaction() as connection:
        ended = await premises_store.dismiss(connection, signer.owner_id, None, post_id, _EVERY_POSITION)
        if not ended:
            raise NOT_FOUND.error()
        await _dismissed(connection, ended)


async def posts_at_till(platform: Platform, caller: Caller) -> Posts:
    """The posts at the tills of the manager's own store. Raises NOT_FOUND for whoever manages none. Three round trips."""
    async with platform.database.connection() as connection:
        manager = await _manager(connection, caller)
        return await _posts(platform, connection, manager.partner_id, manager.store_id)


async def invite_at_till(platform: Platform, caller: Caller, wanted: TillInvitation) -> Invitation:
    """A manager invites a clerk to their own store. Raises PARTNER_SUSPENDED, NOT_FOUND (also for whoever manages no store), TOO_MANY_INVITATIONS. Six round
    trips."""
    async with platform.database.transaction() as connection:
        manager = await _manager(connection, caller)
        await service.live_partner(connection, manager.partner_id)
        invitation = NewInvitation(store_id=manager.store_id, shown_as=wanted.shown_as)
        return await _invite(platform, connection, manager.partner_id, invitation)


async def dismiss_at_till(platform: Platform, caller: Caller, post_id: UUID) -> None:
    """A manager ends a clerk's post at their own store, or revokes an invitation to one; a manager's is the partner's to end.

    Raises NOT_FOUND, also for whoever manages no store. Up to three round trips.
    """
    clerks = (Position.CLERK,)
    async with platform.database.transaction() as connection:
        manager = await _manager(connection, caller)
        partner_id, store_id = manager.partner_id, manager.store_id
        ended = await premises_store.dismiss(connection, partner_id, store_id, post_id, clerks)
        await _dismissed(connection, ended)
        if not ended and not await premises_store.end_invitations(
            connection, partner_id, store_id, post_id, clerks, platform.clock.now()
        ):
            raise NOT_FOUND.error()


async def accept(platform: Platform, caller: Caller, accepted: AcceptInvitation) -> MyPost:
    """A resident takes the post that a one-time code is for; sign in again to have the till.

    Raises POST_TAKEN, INVITATION_UNUSABLE (one answer for unknown, used, revoked and expired), RATE_LIMITED. Six database round trips
    and one of the cache.
    """
    await rate_limits.take(platform.cache, _TRIES, str(caller.account_id))
    async with platform.database.transaction() as connection:
        if await service.clerk_of(connection, caller.account_id) is not None:
            raise POST_TAKEN.error()
        row = await premises_store.use_invitation(connection, _digest(accepted.code), platform.clock.now())
        if row is None:
            raise INVITATION_UNUSABLE.error()
        await service.add_clerk(
            platform, connection, caller.account_id, row["store_id"], row["shown_as"], Position(row["position"])
        )
        clerk = await service.clerk_of(connection, caller.account_id)
    if clerk is None:
        raise INVITATION_UNUSABLE.error()
    return MyPost(clerk.partner_name, clerk.store_name, clerk.shown_as, clerk.position)


async def resign(platform: Platform, caller: Caller) -> None:
    """One leaves one's post; without one nothing changes. Two round trips."""
    async with platform.database.transaction() as connection:
        await store.drop_clerk(connection, caller.account_id)
        await _dismissed(connection, [caller.account_id])


async def _invite(platform: Platform, connection: Connection, partner_id: UUID, wanted: NewInvitation) -> Invitation:
    await premises_store.lock_partner(connection, partner_id)
    now = platform.clock.now()
    found = await store.stores(connection, [wanted.store_id])
    if not found or found[0]["partner_id"] != partner_id:
        raise NOT_FOUND.error()
    if len(await premises_store.invitations(connection, partner_id, None, now)) >= MOST_INVITATIONS:
        raise TOO_MANY_INVITATIONS.error()
    invitation_id, code = uuid4(), _new_code()
    expires_at = now + INVITATION_LIFETIME
    await premises_store.add_invitation(
        connection, invitation_id, partner_id, wanted.store_id, wanted.shown_as, wanted.position, _digest(code), now,
        expires_at,
    )  # fmt: skip
    return Invitation(invitation_id, wanted.store_id, wanted.shown_as, wanted.position, expires_at, code)


async def _posts(platform: Platform, connection: Connection, partner_id: UUID, store_id: UUID | None) -> Posts:
    held = await premises_store.posts(connection, partner_id, store_id)
    open_now = await premises_store.invitations(connection, partner_id, store_id, platform.clock.now())
    return Posts(
        posts=[
            Post(row["id"], row["store_id"], row["shown_as"], Position(row["position"]), local_date(row["added_at"]))
            for row in held
        ],
        invitations=[
            Invitation(row["id"], row["store_id"], row["shown_as"], Position(row["position"]), row["expires_at"], None)
            for row in open_now
        ],
    )


async def _manager(connection: Connection, caller: Caller) -> TillClerk:
    clerk = await service.clerk_of(connection, caller.account_id)
    if clerk is None or clerk.position is not Position.MANAGER:
        raise NOT_FOUND.error()
    return clerk


async def _dismissed(connection: Connection, account_ids: Sequence[UUID]) -> None:
    for account_id in account_ids:
        await identity.take_role(connection, account_id, Role.CLERK)


def _new_code() -> str:
    """A one-time code in groups of four letters and digits, none of which is taken for another."""
    alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
    drawn = "".join(secrets.choice(alphabet) for _ in range(12))
    return f"{drawn[:4]}-{drawn[4:8]}-{drawn[8:]}"


def _digest(code: str) -> bytes:
    return hashlib.sha256(code.replace(" ", "").replace("-", "").upper().encode()).digest()


def _own(row: Row) -> OwnStore:
    return OwnStore(row["id"], row["name"], row["district"], StoreState(row["state"]), row["because"])
