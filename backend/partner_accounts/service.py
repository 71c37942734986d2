"""What the partner accounts room does: partners, stores, clerks, keys, and who may act now."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

import msgspec

from backend.enterprises import service as enterprises
from backend.identity import service as identity
from backend.ledger import service as ledger
from backend.partner_accounts import alliance, keys, store
from backend.partner_accounts.messages import (
    Alliance,
    LivePartner,
    NewPartner,
    NewPartnerKey,
    PartnerListing,
    PartnerMove,
    PartnerPage,
    PartnerProfile,
    PartnerStore,
    Position,
    StoreListing,
    TillClerk,
)
from backend.partner_accounts.problems import BENEFIT_NOT_GRANTED, CREDIT_CODE_INVALID, NOT_TESTED, PARTNER_SUSPENDED
from backend.partner_accounts.states import NEXT, SERVING, TESTING, PartnerEvent, PartnerState
from backend.platform import cursors
from backend.platform.callers import Caller
from backend.platform.clock import local_date
from backend.platform.database import Connection, Row
from backend.platform.identifiers import InvalidIdentifier, normalise_unified_social_credit_code
from backend.platform.impartiality import OWN_MATTER
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND, STATE_CONFLICT, FieldError
from backend.platform.questions import Question
from backend.platform.roles import Role
from backend.platform.row_ids import new_id
from backend.webhooks import service as webhooks
from backend.webhooks.states import EventType
from partners.benefits.validity import Place


async def add_partner(platform: Platform, connection: Connection, partner: NewPartner) -> UUID:
    """A partner applies; gives its id. Raises CREDIT_CODE_INVALID."""
    code = normalise_unified_social_credit_code(partner.credit_code)
    if isinstance(code, InvalidIdentifier):
        raise CREDIT_CODE_INVALID.error(errors=[FieldError("credit_code", code.zh, code.en)])
    now = platform.clock.now()
    partner_id = new_id(now)
    await store.add_partner(
        connection,
        partner_id,
        partner.name,
        partner.name_en,
        code.value,
        partner.scenes,
        PartnerState.APPLIED,
        now,
    )
    return partner_id


async def move_partner(
    platform: Platform, connection: Connection, partner_id: UUID, event: PartnerEvent, actor: str, because: str
) -> PartnerState:
    """Moves a partner to its next state and writes its history; `actor` is an account id or a job's name.

    The partner is told (`partner.moved`). Raises NOT_FOUND, and STATE_CONFLICT if the event is not possible in the present state.
    Four round trips, two more with a webhook.
    """
    state = await store.state_for_update(connection, partner_id)
    if state is None:
        raise NOT_FOUND.error()
    after = NEXT.get((PartnerState(state), event))
    if after is None:
        raise STATE_CONFLICT.error()
    now = platform.clock.now()
    await store.move(connection, new_id(now), partner_id, event, state, after, actor, because, now)
    if event is PartnerEvent.DELIST:
        await store.leave_alliance(connection, partner_id, now)
    ids = {"partner_id": partner_id}
    await webhooks.publish(connection, partner_id, EventType.PARTNER_MOVED, partner_id, ids)
    return after


async def state_of(connection: Connection, partner_id: UUID, *, hold: bool = False) -> PartnerState:
    """Where a partner is; with `hold` it is moved by nobody else until the transaction ends. Raises NOT_FOUND. One round trip."""
    if hold:
        state = await store.state_for_update(connection, partner_id)
    else:
        row = await store.partner(connection, partner_id)
        state = None if row is None else row["state"]
    if state is None:
        raise NOT_FOUND.error()
    return PartnerState(state)


async def history(connection: Connection, partner_id: UUID) -> list[PartnerMove]:
    """Every move of a partner, oldest first. One round trip."""
    return [msgspec.convert(dict(row), PartnerMove) for row in await store.history(connection, partner_id)]


async def alliance_members(platform: Platform) -> Alliance:
    """The declaration of the alliance and its members, as everybody may read them. Two round trips."""
    return await alliance.listing(platform)


async def join_alliance(platform: Platform, connection: Connection, partner_id: UUID) -> None:
    """A partner declares the text of the alliance that is in force. Raises PARTNER_SUSPENDED. Three round trips."""
    await alliance.enter(platform, connection, partner_id)


async def alliance_since(connection: Connection, partner_ids: Sequence[UUID]) -> dict[UUID, date]:
    """Since when these partners are in the alliance; whoever is not is not there. One round trip."""
    rows = await store.members(connection, partner_ids)
    return {row["partner_id"]: local_date(row["joined_at"]) for row in rows}


async def require_impartial(connection: Connection, caller: Caller, partner_id: UUID) -> None:
    """Raises OWN_MATTER for whoever acts for the partner's enterprise. Up to two round trips."""
    enterprise_id = await store.enterprise_of(connection, partner_id)
    if enterprise_id is not None:
        await enterprises.require_impartial(connection, caller, enterprise_id)


async def require_no_part(connection: Connection, caller: Caller, partner_id: UUID) -> None:
    """Raises OWN_MATTER for whoever works at a till of the partner or acts for its enterprise. Up to three round trips."""
    clerk = await clerk_of(connection, caller.account_id)
    if clerk is not None and clerk.partner_id == partner_id:
        raise OWN_MATTER.error()
    await require_impartial(connection, caller, partner_id)


async def serving(connection: Connection, scene: str | None = None, district: str | None = None) -> list[UUID]:
    """Ids of the partners that serve now, in their order. One round trip."""
    return await store.serving(connection, scene, district, sorted(SERVING))


async def profiles(connection: Connection, partner_ids: Sequence[UUID]) -> dict[UUID, PartnerProfile]:
    """Partners as the public sees them, by id, whatever their state. One round trip."""
    return {
        row["id"]: msgspec.convert(dict(row), PartnerProfile) for row in await store.profiles(connection, partner_ids)
    }


async def add_store(platform: Platform, connection: Connection, partner_id: UUID, district: str, name: str) -> UUID:
    """A store of a partner in a district (its code); gives the store's id."""
    store_id = new_id(platform.clock.now())
    await store.add_store(connection, store_id, partner_id, district, name)
    return store_id


async def grant_benefit(platform: Platform, connection: Connection, partner_id: UUID, benefit_id: str) -> None:
    """Lets a partner honour a benefit; doing it twice changes nothing."""
    await store.grant_benefit(connection, partner_id, benefit_id, platform.clock.now())


async def add_clerk(
    platform: Platform,
    connection: Connection,
    account_id: UUID,
    store_id: UUID,
    shown_as: str,
    position: Position = Position.CLERK,
) -> None:
    """Places an account at a till of an open store and gives it the clerk's role. `shown_as` names the till. Raises NOT_FOUND."""
    partner_id = await store.partner_of_store(connection, store_id)
    if partner_id is None:
        raise NOT_FOUND.error()
    await store.put_clerk(connection, account_id, partner_id, store_id, shown_as, position, platform.clock.now())
    await identity.grant_role(platform, connection, account_id, Role.CLERK)


async def register_key(platform: Platform, connection: Connection, partner_id: UUID, jwk: Mapping[str, object]) -> str:
    """Registers a partner's public key (JWK); gives its key id. Raises and takes what `keys.add` does."""
    return await keys.add(platform, connection, partner_id, jwk)


async def register_key_at_the_desk(
    platform: Platform, connection: Connection, partner_id: UUID, credit_code: str, new: NewPartnerKey
) -> str:
    """Registers a key that a partner handed to the operator with its proof. One that applied goes the whole way: NOT_TESTED without a report
    of the conformance kit in which every must is passed. Raises and takes what `keys.register_at_the_desk` does, and one round trip.
    """
    report = await store.application_report(connection, partner_id)
    if report is not None and not report["conforms"]:
        raise NOT_TESTED.error()
    return await keys.register_at_the_desk(platform, connection, partner_id, credit_code, new)


async def revoke_key_at_the_desk(connection: Connection, key_id: str) -> bool:
    """Takes a key of a partner, its sandbox or a source out of use; False if there is none. What `keys.revoke_at_the_desk` takes."""
    return await keys.revoke_at_the_desk(connection, key_id)


async def register_test_key(
    platform: Platform, connection: Connection, partner_id: UUID, jwk: Mapping[str, object]
) -> str:
    """Registers a test key, which opens the partner's sandbox and nothing else; gives its id.

    Raises NOT_FOUND, PARTNER_SUSPENDED (not yet approved, or delisted), KEY_INVALID, TOO_MANY_KEYS, KEY_USED. Six round trips.
    """
    state = await store.state_for_update(connection, partner_id)
    if state is None:
        raise NOT_FOUND.error()
    if PartnerState(state) not in TESTING:
        raise PARTNER_SUSPENDED.error()
    sandbox_id = await store.open_sandbox(connection, partner_id, new_id(platform.clock.now()))
    if sandbox_id is None:
        raise NOT_FOUND.error()
    return await keys.add_test(platform, connection, sandbox_id, jwk)


async def sandbox_partner(connection: Connection, sandbox_id: UUID, benefit_id: str | None = None) -> LivePartner:
    """The partner whose sandbox it is, while it may test. Raises PARTNER_SUSPENDED, and BENEFIT_NOT_GRANTED if a benefit is
    asked for that it may not honour. One round trip."""
    row = await store.of_sandbox(connection, sandbox_id, benefit_id)
    if row is None or PartnerState(row["state"]) not in TESTING:
        raise PARTNER_SUSPENDED.error()
    if benefit_id is not None and not row["granted"]:
        raise BENEFIT_NOT_GRANTED.error()
    return _live(row)


async def find(connection: Connection, credit_code: str) -> UUID | None:
    """The partner with this unified social credit code. One round trip."""
    return await store.find(connection, credit_code)


async def live_partner(connection: Connection, partner_id: UUID) -> LivePartner:
    """A partner that may act now, also while it is under review. Raises PARTNER_SUSPENDED. One round trip."""
    row = await store.partner(connection, partner_id)
    if row is None or PartnerState(row["state"]) not in SERVING:
        raise PARTNER_SUSPENDED.error()
    return _live(row)


def living(partner_ids: Sequence[UUID]) -> Question[dict[UUID, LivePartner]]:
    """Those of many partners that may act now."""
    return store.among(partner_ids).then(
        lambda rows: {
            partner_id: _live(row) for partner_id, row in rows.items() if PartnerState(row["state"]) in SERVING
        }
    )


async def partner_granting(connection: Connection, partner_id: UUID, benefit_id: str) -> LivePartner:
    """A partner that may honour this benefit now. Raises PARTNER_SUSPENDED, BENEFIT_NOT_GRANTED. One round trip."""
    asked = granting([(partner_id, benefit_id)])
    return (await connection.ask(asked))[asked][partner_id, benefit_id]


def granting(asked: Sequence[tuple[UUID, str]]) -> Question[dict[tuple[UUID, str], LivePartner]]:
    """`partner_granting` for many partners and benefits; its answer raises for the first that may not."""

    def live(rows: dict[tuple[UUID, str], Row]) -> dict[tuple[UUID, str], LivePartner]:
        for pair in asked:
            if pair not in rows or PartnerState(rows[pair]["state"]) not in SERVING:
                raise PARTNER_SUSPENDED.error()
            if not rows[pair]["granted"]:
                raise BENEFIT_NOT_GRANTED.error()
        return {pair: _live(row) for pair, row in rows.items()}

    return store.partners(asked).then(live)


def _live(row: Row) -> LivePartner:
    return LivePartner(id=row["id"], name=row["name"], name_en=row["name_en"], credit_code=row["credit_code"])


async def granted_benefits(connection: Connection, partner_id: UUID) -> frozenset[str]:
    """Which benefits a partner may honour, by id. One round trip."""
    return frozenset(row["benefit_id"] for row in await store.granted_benefits(connection, partner_id))


async def statement_on_paper(platform: Platform, partner_id: UUID, month: str) -> bytes:
    """A partner's statement as PDF, with its name. Raises NOT_FOUND, also for a month that is not over. Three round trips."""
    async with platform.database.connection() as connection:
        row = await store.partner(connection, partner_id)
    if row is None:
        raise NOT_FOUND.error()
    return await ledger.one_as_pdf(platform, partner_id, month, ledger.Party(row["name"], row["credit_code"]))


async def partner_names(connection: Connection, partner_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The Chinese names of partners. One round trip."""
    return {row["id"]: row["name"] for row in await store.names(connection, partner_ids)}


async def stores(connection: Connection, store_ids: Sequence[UUID]) -> dict[UUID, PartnerStore]:
    """Stores by their ids; an unknown one is not there. One round trip."""
    return {
        row["id"]: PartnerStore(row["id"], row["partner_id"], row["name"])
        for row in await store.stores(connection, store_ids)
    }


def places(asked: Sequence[tuple[UUID, UUID | None]]) -> Question[list[Place]]:
    """Where partners say they stand: for each (partner, its store), in their order, the store and its district; a place that is not
    known without a store. Its answer raises NOT_FOUND for a store that is not the partner's."""

    def own(rows: dict[UUID, Row]) -> list[Place]:
        found = []
        for partner_id, store_id in asked:
            if store_id is None:
                found.append(Place())
                continue
            if store_id not in rows or rows[store_id]["partner_id"] != partner_id:
                raise NOT_FOUND.error()
            found.append(Place(store_id, rows[store_id]["district"]))
        return found

    return store.stores_among([store_id for _, store_id in asked if store_id is not None]).then(own)


async def clerk_of(connection: Connection, account_id: UUID) -> TillClerk | None:
    """Where an account works, or None. One round trip."""
    row = await store.clerk(connection, account_id)
    if row is None:
        return None
    return TillClerk(
        account_id=row["account_id"],
        partner_id=row["partner_id"],
        partner_name=row["partner_name"],
        store_id=row["store_id"],
        store_name=row["store_name"],
        shown_as=row["shown_as"],
        position=Position(row["position"]),
    )


async def listing(
    platform: Platform, scene: str | None, district: str | None, cursor: str | None, limit: int
) -> PartnerPage:
    """The partners that serve, optionally of one scene or district. Raises BAD_CURSOR. One round trip."""
    after = cursors.decode(cursor, UUID)
    async with platform.database.connection() as connection:
        rows = await store.live_page(connection, scene, district, sorted(SERVING), after, limit + 1)
    partners = [
        PartnerListing(
            id=row["id"],
            name=row["name"],
            name_en=row["name_en"],
            scenes=list(row["scenes"]),
            stores=msgspec.convert(row["stores"], list[StoreListing]),
            benefits=list(row["benefits"]),
        )
        for row in rows[:limit]
    ]
    return PartnerPage(partners, cursors.encode(partners[-1].id) if len(rows) > limit else None)


async def forget(platform: Platform, connection: Connection, account_id: UUID, subject_id: UUID | None) -> None:
    """Leaving: the account works at no till any more."""
    await store.drop_clerk(connection, account_id)
