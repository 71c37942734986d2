"""Verification 核验: a code, a benefit, an answer of one word, and the full reason on the holder's own phone."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from backend.codes import service as codes
from backend.codes.messages import Burned, Burning, Holder, Scanned
from backend.codes.problems import CODE_UNUSABLE
from backend.consents import service as consents
from backend.enterprises import service as enterprises
from backend.market import benefit_store, confirming, deciding, once, receipts, store
from backend.market.answers import LIFETIME, answer_told, partner_access, state_of, tier_told, told_of
from backend.market.benefits import terms_of
from backend.market.deciding import Case, Decided
from backend.market.messages import (
    HolderAsked,
    MyVerification,
    MyVerificationPage,
    Result,
    VerificationAnswerNow,
    VerificationOrder,
)
from backend.market.once import Answered, Once
from backend.market.reasons import in_words
from backend.partner_accounts import service as partner_accounts
from backend.partner_accounts.messages import LivePartner
from backend.platform import cursors
from backend.platform.access import Access, Ground
from backend.platform.callers import Caller
from backend.platform.database import Connection, Row
from backend.platform.idempotency import IDEMPOTENCY_IN_PROGRESS
from backend.platform.merging import ALONE, Alone, Merged
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND
from backend.platform.row_ids import new_id
from partners.benefits.terms import Terms
from partners.benefits.validity import Place
from partners.orders.states import VerificationState


class _Scan(msgspec.Struct, frozen=True, kw_only=True):
    """What a partner asks about a fresh picture of ours."""

    partner_id: UUID
    order: VerificationOrder
    act: Once
    request_id: str
    scanned: Scanned


async def verify(
    platform: Platform, partner_id: UUID, order: VerificationOrder, act: Once, request_id: str
) -> Answered:
    """Answers whether the holder of a shown code is eligible for a benefit at this partner. One act, one transaction.

    The answer's body is a VerificationAnswer; yes and no have the same length and come from the same statements. The
    verification lapses after 15 minutes. A benefit flagged `confirm` is not answered before the holder's phone did: the
    status is 202 then, whatever was decided, and the body HolderAsked. Raises PARTNER_SUSPENDED, BENEFIT_NOT_GRANTED, NOT_FOUND (no such benefit in
    force), STATE_CONFLICT (benefit paused), the problems of `codes.burn`, and of idempotency; then nothing is burned.

    Three database round trips inside a transaction, four if a holder is asked, and one of the cache, each shared by the
    verifications of one tick of the loop: what the codes are, who their holders are, what was answered. What cannot be
    answered together (refused, replayed, typed) is done alone, in nine more at most and one of the cache; a replay in two.
    """
    scanned = await codes.scanned(platform, order.code, partner_id)
    if scanned is None:
        return await _alone(platform, partner_id, order, act, request_id)
    scan = _Scan(partner_id=partner_id, order=order, act=act, request_id=request_id, scanned=scanned)
    return await platform.merging.ask(_VERIFICATIONS, platform, scan)


async def _together(platform: Platform, scans: Sequence[_Scan]) -> list[Answered | Alone]:
    """Many scans in one transaction, none of which fails. What was claimed or burned already is left to be done alone; raises at the
    first that cannot be answered for another reason, and nothing has happened."""
    # Whole seconds: an answer's length must not depend on the instant.
    instant, now = platform.clock.now(), platform.clock.now().replace(microsecond=0)
    claims = once.claims([(scan.partner_id, scan.act) for scan in scans])
    granting = partner_accounts.granting([(scan.partner_id, scan.order.benefit) for scan in scans])
    standing = partner_accounts.places([(scan.partner_id, scan.order.store) for scan in scans])
    stores = [scan.order.store for scan in scans if scan.order.store is not None]
    offers = deciding.offers([scan.order.benefit for scan in scans], now, stores)
    ids = [new_id(now) for _ in scans]
    burning = codes.burning(
        [
            Burning(scan.scanned.ticket_id, scan.scanned.slot, scan.partner_id, verification_id)
            for scan, verification_id in zip(scans, ids, strict=True)
        ],
        instant,
    )
    async with platform.database.transaction(tentative=True) as connection:
        found = await connection.ask(claims, granting, standing, offers, burning)
        partners, places, offered = found[granting], found[standing], found[offers]
        cases: list[Case] = []
        tickets: list[Burned] = []
        done: list[tuple[_Scan, UUID]] = []
        given_up: list[_Scan] = []
        for scan, claimed, ticket, place, verification_id in zip(
            scans, found[claims], found[burning], places, ids, strict=True
        ):
            if ticket is None and claimed:
                given_up.append(scan)
            if ticket is None or not claimed:
                continue
            offer, terms = offered[scan.order.benefit]
            codes.require_scene(scan.scanned, codes.scene_named(terms.scene))
            partner = partners[scan.partner_id, scan.order.benefit]
            cases.append(
                _case(scan.partner_id, scan.order, scan.request_id, partner, place, offer, terms, ticket.subject_id)
            )
            tickets.append(ticket)
            done.append((scan, verification_id))
        # A code is burned only in the transaction that answers it: what was burned under a key that was not claimed is put back.
        if any(
            ticket is not None and not claimed for claimed, ticket in zip(found[claims], found[burning], strict=True)
        ):
            raise IDEMPOTENCY_IN_PROGRESS.error()
        if not done:
            raise CODE_UNUSABLE.error()
        consenting = consents.consenting([ticket.subject_id for ticket in tickets], instant)
        bearing = deciding.bearing(cases, now)
        found = await connection.ask(consenting, bearing.standings, bearing.circumstances, accesses=bearing.accesses)
        given, standings, circumstances_each = (
            found[consenting], found[bearing.standings], found[bearing.circumstances],
        )  # fmt: skip
        rows = []
        for (scan, verification_id), case, ticket, holding, circumstances in zip(
            done, cases, tickets, standings, circumstances_each, strict=True
        ):
            holder = codes.holder_of(ticket, given[ticket.subject_id])
            decision = deciding.decision_of(case, holding, circumstances, computes=holder.computes, shows=True, now=now)
            rows.append(
                _row(platform, scan.partner_id, scan.order, scan.act, case, holder, decision, verification_id, now)
            )
        acts = [(scan.partner_id, scan.act) for scan, _ in done]
        kept = await _keep(connection, acts, cases, rows, [(scan.partner_id, scan.act) for scan in given_up])
    answers: dict[int, Answered] = {id(scan): answer for (scan, _), answer in zip(done, kept, strict=True)}
    return [answers.get(id(scan), ALONE) for scan in scans]


async def _alone(
    platform: Platform, partner_id: UUID, order: VerificationOrder, act: Once, request_id: str
) -> Answered:
    """One order, whatever becomes of it."""
    async with platform.database.transaction() as connection:
        if (replayed := await once.claim(connection, partner_id, act)) is not None:
            return replayed
        partner = await partner_accounts.partner_granting(connection, partner_id, order.benefit)
        now = platform.clock.now().replace(microsecond=0)
        standing = partner_accounts.places([(partner_id, order.store)])
        stores = [order.store] if order.store is not None else []
        offers = deciding.offers([order.benefit], now, stores)
        found = await connection.ask(standing, offers)
        [place], (offer, terms) = found[standing], found[offers][order.benefit]
        verification_id = new_id(now)
        holder = await codes.burn(
            platform, connection, _access(partner, "核验诚信码", terms, request_id), order.code,
            codes.scene_named(terms.scene), partner_id, verification_id,
        )  # fmt: skip
        case = _case(partner_id, order, request_id, partner, place, offer, terms, holder.subject_id)
        if holder.enterprise_id is not None:
            # An enterprise consents to nothing: its agent shows the code on its behalf.
            own = msgspec.structs.replace(case.access, ground=Ground.OWN_REQUEST)
            case = msgspec.structs.replace(case, access=own)
        decision = await deciding.decided(
            connection, case.access, case.subject_id, offer, partner_id=partner_id, computes=holder.computes, shows=True,
            amount_fen=order.amount_fen, now=now, enterprise_id=holder.enterprise_id, place=case.place,
        )  # fmt: skip
        row = _row(platform, partner_id, order, act, case, holder, decision, verification_id, now)
        [answered] = await _keep(connection, [(partner_id, act)], [case], [row])
        return answered


async def _scan_alone(platform: Platform, scan: _Scan) -> Answered:
    return await _alone(platform, scan.partner_id, scan.order, scan.act, scan.request_id)


_VERIFICATIONS = Merged(_together, _scan_alone)


async def _keep(
    connection: Connection,
    acts: Sequence[tuple[UUID, Once]],
    cases: Sequence[Case],
    rows: Sequence[store.NewVerification],
    given_up: Sequence[tuple[UUID, Once]] = (),
) -> list[Answered]:
    """Writes decided verifications with their answers, and frees the keys of those that were given up. One round trip, two if a
    holder is asked."""
    told = [
        msgspec.structs.replace(
            case.access,
            action=told_of(row.result) if row.confirm_by is None else "核验诚信码，等待您在手机上确认",
            fields=("eligibility",),
        )
        for case, row in zip(cases, rows, strict=True)
    ]
    answers = [
        Answered(201, msgspec.json.encode(answer_told(row, case.terms.unit)), False)
        if row.confirm_by is None
        else Answered(once.WAITS, msgspec.json.encode(confirming.holder_asked(row)), False)
        for case, row in zip(cases, rows, strict=True)
    ]
    freed = [once.releasing(given_up)] if given_up else []
    await connection.ask(store.adding(rows), once.saving(acts, answers), *freed, accesses=told)
    await confirming.watch(connection, rows)
    return answers


async def answer_of(
    platform: Platform, partner_id: UUID, verification_id: UUID, request_id: str
) -> VerificationAnswerNow | HolderAsked:
    """A partner's own verification and where it stands, or that the holder has not answered yet. Raises PARTNER_SUSPENDED, NOT_FOUND (also for another partner's). Three round trips."""
    async with platform.database.transaction() as connection:
        partner = await partner_accounts.live_partner(connection, partner_id)
        access = _access(partner, "查询核验结果", None, request_id, "eligibility")
        row = await store.verification(connection, access, partner_id, verification_id)
        if row is None:
            raise NOT_FOUND.error()
        if row["state"] == VerificationState.PENDING_CONFIRMATION:
            return confirming.asked(row)
        offer = await benefit_store.version_of(connection, row["benefit_id"], row["benefit_version"])
    return VerificationAnswerNow(
        verification_id=row["id"],
        benefit=row["benefit_id"],
        result=row["result"],
        tier=tier_told(terms_of(offer).unit, row["tier_value"]),
        answered_at=row["answered_at"],
        expires_at=row["expires_at"],
        ref=row["ephemeral_ref"],
        receipt=row["receipt"],
        state=state_of(row, platform.clock.now()),
    )


async def mine(platform: Platform, caller: Caller, cursor: str | None, limit: int) -> MyVerificationPage:
    """Who verified the caller's code for what, with the full reason, newest first. Raises BAD_CURSOR. Two round trips."""
    async with platform.database.connection() as connection:
        return await _page(
            platform, connection, caller.access("查看核验记录", "verifications"), caller.proven_subject(), cursor, limit
        )


async def of_enterprise(
    platform: Platform, caller: Caller, enterprise_id: UUID, cursor: str | None, limit: int
) -> MyVerificationPage:
    """Who verified the code of an enterprise that the caller acts for, with the full reason, newest first.

    Raises NOT_FOUND, BAD_CURSOR. Three round trips.
    """
    async with platform.database.connection() as connection:
        enterprise = await enterprises.acting_for(connection, caller, enterprise_id)
        access = enterprises.access_for(caller, enterprise, "查看本企业身份码的核验记录", "verifications")
        return await _page(platform, connection, access, enterprise.subject_id, cursor, limit)


async def _page(
    platform: Platform, connection: Connection, access: Access, subject_id: UUID, cursor: str | None, limit: int
) -> MyVerificationPage:
    """Verifications of one holder as the holder reads them. Two round trips."""
    before, now = cursors.decode(cursor, UUID), platform.clock.now()
    rows = await store.verifications_of_subject(connection, access, subject_id, before, limit + 1)
    names = await partner_accounts.partner_names(connection, [row["partner_id"] for row in rows])
    shown = [
        MyVerification(
            id=row["id"],
            partner=names[row["partner_id"]],
            terminal=row["terminal"],
            benefit=msgspec.convert(row["terms"], Terms).names,
            result=row["result"],
            reasons=in_words(row["reason"]),
            amount_fen=row["amount_fen"],
            answered_at=row["answered_at"],
            redeemed_at=row["redeemed_at"],
            redeemed_fen=row["redeemed_fen"],
            state=row["redemption_state"] or state_of(row, now),
        )
        for row in rows[:limit]
    ]
    return MyVerificationPage(shown, cursors.encode(shown[-1].id) if len(rows) > limit else None)


def _access(partner: LivePartner, action: str, terms: Terms | None, request_id: str, *fields: str) -> Access:
    purpose = terms.names.zh if terms is not None else "查询本商户的核验"
    return partner_access(partner.id, partner.name, action, purpose, request_id, *fields)


def _case(
    partner_id: UUID,
    order: VerificationOrder,
    request_id: str,
    partner: LivePartner,
    place: Place,
    offer: Row,
    terms: Terms,
    subject_id: UUID,
) -> Case:
    return Case(
        access=_access(partner, "核验诚信码", terms, request_id),
        subject_id=subject_id,
        offer=offer,
        terms=terms,
        partner_id=partner_id,
        amount_fen=order.amount_fen,
        place=place,
    )


def _row(
    platform: Platform,
    partner_id: UUID,
    order: VerificationOrder,
    act: Once,
    case: Case,
    holder: Holder,
    decision: Decided,
    verification_id: UUID,
    now: datetime,
) -> store.NewVerification:
    """The verification, decided: with its receipt, or as it waits for its holder."""
    result: Result = "declined" if decision.reasons else "eligible"
    row = store.NewVerification(
        id=verification_id,
        partner_id=partner_id,
        terminal=order.terminal,
        benefit_id=case.terms.id,
        benefit_version=case.terms.version,
        account_id=holder.account_id,
        subject_id=holder.subject_id,
        result=result,
        reason=decision.reasons,
        tier_value=decision.tier_value,
        amount_fen=order.amount_fen,
        partner_ref=order.partner_ref,
        ref=secrets.token_urlsafe(16),
        receipt="",
        answered_at=now,
        expires_at=now + LIFETIME,
        store_id=order.store,
    )
    if case.terms.confirm:
        return confirming.waiting(row, act.mark)
    return msgspec.structs.replace(row, receipt=receipts.of_answer(platform, row, act.mark))
