"""How an enterprise becomes a partner: its agent applies, two operators approve, test keys, a report, and two operators again."""

from uuid import UUID

import msgspec

from backend.enterprises import service as enterprises
from backend.partner_accounts import applying_store, keys, service, store
from backend.partner_accounts.messages import (
    Application,
    ApplicationDecision,
    ApplicationPage,
    ApplicationProposal,
    ConformanceReport,
    NewPartner,
    NewPartnerKey,
    PartnerMove,
    PartnerOrder,
    StoreApplied,
)
from backend.partner_accounts.problems import KEY_PROOF_INVALID, NOT_TESTED, PARTNER_SUSPENDED
from backend.partner_accounts.states import JOINING, NEXT, SERVING, PartnerEvent, PartnerState
from backend.platform import cursors
from backend.platform.callers import Caller, Signer
from backend.platform.database import Connection, Row
from backend.platform.impartiality import require_second_person
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND, STATE_CONFLICT
from partners.signatures.keys import jwk_of
from partners.signatures.possession import proven


async def apply(platform: Platform, caller: Caller, enterprise_id: UUID, order: PartnerOrder) -> Application:
    """An enterprise that is registered applies by its agent; applying again gives what is there.

    Raises NOT_FOUND (not the caller's), STATE_CONFLICT (a partner of that code is there already, or was delisted). Six round trips.
    """
    async with platform.database.transaction() as connection:
        enterprise = await enterprises.acting_for(connection, caller, enterprise_id, hold=True)
        found = await applying_store.of_enterprise(connection, enterprise_id)
        if found is None:
            if await store.find(connection, enterprise.code) is not None:
                raise STATE_CONFLICT.error()
            new = NewPartner(
                name=enterprise.name, name_en=order.name_en, credit_code=enterprise.code, scenes=order.scenes
            )
            partner_id = await service.add_partner(platform, connection, new)
            stores = msgspec.to_builtins(order.stores)
            now = platform.clock.now()
            await applying_store.add(connection, partner_id, enterprise_id, stores, order.benefits, now)
            found = await _of(connection, enterprise_id)
    return _application(found)


async def of_enterprise(platform: Platform, caller: Caller, enterprise_id: UUID) -> Application:
    """The application of an enterprise that the caller acts for. Raises NOT_FOUND. Two round trips."""
    async with platform.database.connection() as connection:
        await enterprises.acting_for(connection, caller, enterprise_id)
        return _application(await _of(connection, enterprise_id))


async def register_key(
    platform: Platform, caller: Caller, enterprise_id: UUID, new: NewPartnerKey, *, live: bool
) -> str:
    """Registers a test key from approval on, or the first live key of a live partner; gives its id.

    Proven by its owner, with the enterprise's code as the voucher. Raises NOT_FOUND, PARTNER_SUSPENDED, STATE_CONFLICT (a live key is
    there: it registers the next), KEY_INVALID, KEY_PROOF_INVALID, TOO_MANY_KEYS, KEY_USED. Nine round trips.
    """
    public_key = keys.read(new.key)
    async with platform.database.transaction() as connection:
        enterprise = await enterprises.acting_for(connection, caller, enterprise_id, hold=True)
        partner_id = (await _of(connection, enterprise_id))["partner_id"]
        fresh = abs(int(platform.clock.now().timestamp()) - new.created) <= keys.PROOF_SECONDS
        url = platform.settings.external_url
        if not fresh or not proven(public_key, url, enterprise.code, new.created, new.proof):
            raise KEY_PROOF_INVALID.error()
        if not live:
            return await service.register_test_key(platform, connection, partner_id, jwk_of(public_key))
        if await store.state_for_update(connection, partner_id) not in SERVING:
            raise PARTNER_SUSPENDED.error()
        if await keys.any_live(connection, partner_id):
            raise STATE_CONFLICT.error()
        return await service.register_key(platform, connection, partner_id, jwk_of(public_key))


async def report(platform: Platform, signer: Signer, result: ConformanceReport) -> None:
    """Takes in what the conformance kit found, signed with a test key. Raises PARTNER_SUSPENDED, NOT_FOUND. Two round trips."""
    async with platform.database.transaction() as connection:
        partner = await service.sandbox_partner(connection, signer.owner_id)
        found = msgspec.to_builtins(result)
        if not await applying_store.put_report(connection, partner.id, found, platform.clock.now()):
            raise NOT_FOUND.error()


async def listing(platform: Platform, state: PartnerState | None, cursor: str | None, limit: int) -> ApplicationPage:
    """Applications for operators, newest first. Raises BAD_CURSOR. One round trip."""
    before = cursors.decode(cursor, UUID)
    async with platform.database.connection() as connection:
        rows = await applying_store.page(connection, state, before, limit + 1)
    shown = [_application(row) for row in rows[:limit]]
    return ApplicationPage(shown, cursors.encode(shown[-1].partner_id) if len(rows) > limit else None)


async def propose(platform: Platform, caller: Caller, partner_id: UUID, wanted: ApplicationProposal) -> Application:
    """One operator proposes what becomes of an application. Raises NOT_FOUND, OWN_MATTER, STATE_CONFLICT (not possible now, or
    another proposal waits), NOT_TESTED: nobody goes live without a report in which every must was passed. Four round trips."""
    async with platform.database.transaction() as connection:
        row = await _held(connection, caller, partner_id)
        event = PartnerEvent(wanted.proposal)
        state = PartnerState(row["state"])
        if state not in JOINING or (state, event) not in NEXT or row["proposal"] is not None:
            raise STATE_CONFLICT.error()
        if event is PartnerEvent.GO_LIVE and not _conforms(row):
            raise NOT_TESTED.error()
        await applying_store.propose(connection, partner_id, wanted.proposal, caller.account_id, wanted.because)
        return _application(await _of(connection, row["enterprise_id"]))


async def decide(platform: Platform, caller: Caller, partner_id: UUID, decision: ApplicationDecision) -> Application:
    """Another operator confirms what was proposed, or sends it back. An approved partner has its stores and benefits.

    Raises NOT_FOUND, OWN_MATTER, STATE_CONFLICT (nothing is proposed), SECOND_PERSON_NEEDED. Seven round trips, and one for each
    store and benefit.
    """
    async with platform.database.transaction() as connection:
        row = await _held(connection, caller, partner_id)
        if row["proposal"] is None:
            raise STATE_CONFLICT.error()
        require_second_person(row["proposed_by"], caller.account_id)
        await applying_store.propose(connection, partner_id, None, None, None)
        if decision.confirm:
            event = PartnerEvent(row["proposal"])
            await service.move_partner(platform, connection, partner_id, event, str(caller.account_id), row["because"])
            if event is PartnerEvent.APPROVE:
                for each in msgspec.convert(row["stores"], list[StoreApplied]):
                    await service.add_store(platform, connection, partner_id, each.district, each.name)
                for benefit_id in row["benefits"]:
                    await service.grant_benefit(platform, connection, partner_id, benefit_id)
        return _application(await _of(connection, row["enterprise_id"]))


async def _of(connection: Connection, enterprise_id: UUID) -> Row:
    row = await applying_store.of_enterprise(connection, enterprise_id)
    if row is None:
        raise NOT_FOUND.error()
    return row


async def _held(connection: Connection, caller: Caller, partner_id: UUID) -> Row:
    """An application, locked, for an operator who is not its enterprise's agent."""
    row = await applying_store.one(connection, partner_id)
    if row is None:
        raise NOT_FOUND.error()
    await enterprises.require_impartial(connection, caller, row["enterprise_id"])
    return row


def _conforms(row: Row) -> bool:
    return row["report"] is not None and msgspec.convert(row["report"], ConformanceReport).conforms


def _application(row: Row) -> Application:
    return Application(
        partner_id=row["partner_id"],
        enterprise_id=row["enterprise_id"],
        name=row["name"],
        name_en=row["name_en"],
        credit_code=row["credit_code"],
        state=PartnerState(row["state"]),
        scenes=list(row["scenes"]),
        stores=msgspec.convert(row["stores"], list[StoreApplied]),
        benefits=list(row["benefits"]),
        proposal=row["proposal"],
        because=row["because"],
        conforms=_conforms(row) if row["report"] is not None else None,
        applied_at=row["applied_at"],
        history=msgspec.convert(row["history"], list[PartnerMove]),
    )
