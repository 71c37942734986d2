"""Verification 核验: a code, a benefit, an answer of one word, and the full reason on the holder's own phone."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from backend.codes import service as codes
from backend.codes.messages import Holder, Scanned, Shown
from backend.market import benefit_store, confirming, once, receipts, store
from backend.market.answers import LIFETIME, partner_access, state_of, told_of
from backend.market.benefits import terms_of
from backend.market.deciding import Case, Decided, decided_each, offer_now, offers_now
from backend.market.messages import (
    HolderAsked,
    MyVerification,
    MyVerificationPage,
    OfferedTier,
    Result,
    VerificationAnswer,
    VerificationAnswerNow,
    VerificationOrder,
)
from backend.market.once import Answered, Once
from backend.market.reasons import in_words
from backend.partner_accounts import service as partner_accounts
from backend.partner_accounts.messages import LivePartner
from backend.platform import cursors
from backend.platform.access import Access
from backend.platform.callers import Caller
from backend.platform.database import Connection, Row
from backend.platform.idempotency import IDEMPOTENCY_IN_PROGRESS
from backend.platform.merging import Merged
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND
from backend.platform.row_ids import new_id
from partners.benefits.terms import Terms
from partners.orders.states import VerificationState


class _Scan(msgspec.Struct, frozen=True, kw_only=True):
    """What a partner asks: `scanned` is None for what is not plainly a fresh picture of ours."""

    partner_id: UUID
    order: VerificationOrder
    act: Once
    request_id: str
    scanned: Scanned | None


async def verify(
    platform: Platform, partner_id: UUID, order: VerificationOrder, act: Once, request_id: str
) -> Answered:
    """Answers whether the holder of a shown code is eligible for a benefit at this partner. One act, one transaction.

    The answer's body is a VerificationAnswer; yes and no have the same length and come from the same statements. The
    verification lapses after 15 minutes. A benefit flagged `confirm` is not answered before the holder's phone did: the
    status is 202 then, whatever was decided, and the body HolderAsked. Raises PARTNER_SUSPENDED, BENEFIT_NOT_GRANTED, NOT_FOUND (no such benefit in
    force), STATE_CONFLICT (benefit paused), the problems of `codes.burn`, and of idempotency; then nothing is burned.

    Nine database round trips and one of the cache, shared by the verifications that come in one tick of the loop: key,
    partner, benefit, burn, consents, standing, circumstances, verification, saved answer; ten if a holder is asked. What
    is refused, replayed or typed takes its own nine at most, alone. A replay takes two more than it shared.
    """
    scanned = await codes.scanned(platform, order.code, partner_id)
    scan = _Scan(partner_id=partner_id, order=order, act=act, request_id=request_id, scanned=scanned)
    if scanned is None:
        return await _alone(platform, scan)
    return await platform.merging.ask(_VERIFICATIONS, platform, scan)


async def _together(platform: Platform, scans: Sequence[_Scan]) -> list[Answered]:
    """Many scans in one transaction, none of which fails: raises at the first that cannot be answered, and nothing has happened."""
    acts = [(scan.partner_id, scan.act) for scan in scans]
    async with platform.database.transaction(tentative=True) as connection:
        if not await once.claim_each(connection, acts):
            raise IDEMPOTENCY_IN_PROGRESS.error()
        partners = await partner_accounts.partners_granting(
            connection, [(scan.partner_id, scan.order.benefit) for scan in scans]
        )
        # Whole seconds: an answer's length must not depend on the instant.
        now = platform.clock.now().replace(microsecond=0)
        offers = await offers_now(connection, [scan.order.benefit for scan in scans], now)
        ids = [new_id(now) for _ in scans]
        shown = [
            Shown(
                scan.scanned, codes.scene_named(offers[scan.order.benefit][1].scene), scan.partner_id, verification_id
            )
            for scan, verification_id in zip(scans, ids, strict=True)
            if scan.scanned is not None
        ]
        holders = await codes.burn_each(platform, connection, shown)
        cases = [
            _case(scan, partners[scan.partner_id, scan.order.benefit], *offers[scan.order.benefit], holder)
            for scan, holder in zip(scans, holders, strict=True)
        ]
        decisions = await decided_each(connection, cases, now)
        rows = [
            _row(platform, scan, case, holder, decision, verification_id, now)
            for scan, case, holder, decision, verification_id in zip(scans, cases, holders, decisions, ids, strict=True)
        ]
        return await _keep(connection, scans, cases, rows)


async def _alone(platform: Platform, scan: _Scan) -> Answered:
    """One scan, whatever becomes of it."""
    order = scan.order
    async with platform.database.transaction() as connection:
        if (replayed := await once.claim(connection, scan.partner_id, scan.act)) is not None:
            return replayed
        partner = await partner_accounts.partner_granting(connection, scan.partner_id, order.benefit)
        now = platform.clock.now().replace(microsecond=0)
        offer, terms = await offer_now(connection, order.benefit, now)
        verification_id = new_id(now)
        holder = await codes.burn(
            platform, connection, _access(partner, "核验诚信码", terms, scan.request_id), order.code,
            codes.scene_named(terms.scene), scan.partner_id, verification_id,
        )  # fmt: skip
        case = _case(scan, partner, offer, terms, holder)
        [decision] = await decided_each(connection, [case], now)
        row = _row(platform, scan, case, holder, decision, verification_id, now)
        [answered] = await _keep(connection, [scan], [case], [row])
        return answered


_VERIFICATIONS = Merged(_together, _alone)


async def _keep(
    connection: Connection, scans: Sequence[_Scan], cases: Sequence[Case], rows: Sequence[store.NewVerification]
) -> list[Answered]:
    """Writes decided verifications with their answers. Two round trips, three if a holder is asked."""
    told = [
        msgspec.structs.replace(
            case.access,
            action=told_of(row.result) if row.confirm_by is None else "核验诚信码，等待您在手机上确认",
            fields=("eligibility",),
        )
        for case, row in zip(cases, rows, strict=True)
    ]
    await store.add_verifications(connection, told, rows)
    await confirming.watch(connection, rows)
    answers = [
        Answered(201, msgspec.json.encode(_answer(row, case.terms.unit)), False)
        if row.confirm_by is None
        else Answered(once.WAITS, msgspec.json.encode(confirming.holder_asked(row)), False)
        for case, row in zip(cases, rows, strict=True)
    ]
    await once.save_each(connection, [(scan.partner_id, scan.act) for scan in scans], answers)
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
        tier=_tier(terms_of(offer).unit, row["tier_value"]),
        answered_at=row["answered_at"],
        expires_at=row["expires_at"],
        ref=row["ephemeral_ref"],
        receipt=row["receipt"],
        state=state_of(row, platform.clock.now()),
    )


async def mine(platform: Platform, caller: Caller, cursor: str | None, limit: int) -> MyVerificationPage:
    """Who verified the caller's code for what, with the full reason, newest first. Raises BAD_CURSOR. Two round trips."""
    before = cursors.decode(cursor, UUID)
    now = platform.clock.now()
    async with platform.database.connection() as connection:
        rows = await store.verifications_of_subject(
            connection, caller.access("查看核验记录", "verifications"), caller.proven_subject(), before, limit + 1
        )
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


def _case(scan: _Scan, partner: LivePartner, offer: Row, terms: Terms, holder: Holder) -> Case:
    return Case(
        access=_access(partner, "核验诚信码", terms, scan.request_id),
        subject_id=holder.subject_id,
        offer=offer,
        terms=terms,
        partner_id=scan.partner_id,
        computes=holder.computes,
        shows=True,
        amount_fen=scan.order.amount_fen,
    )


def _row(
    platform: Platform,
    scan: _Scan,
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
        partner_id=scan.partner_id,
        terminal=scan.order.terminal,
        benefit_id=case.terms.id,
        benefit_version=case.terms.version,
        account_id=holder.account_id,
        subject_id=holder.subject_id,
        result=result,
        reason=decision.reasons,
        tier_value=decision.tier_value,
        amount_fen=scan.order.amount_fen,
        partner_ref=scan.order.partner_ref,
        ref=secrets.token_urlsafe(16),
        receipt="",
        answered_at=now,
        expires_at=now + LIFETIME,
    )
    if case.terms.confirm:
        return confirming.waiting(row, scan.act.mark)
    return msgspec.structs.replace(row, receipt=receipts.of_answer(platform, row, scan.act.mark))


def _tier(unit: str, value: int) -> OfferedTier:
    return OfferedTier(unit, f"{value:012d}")


def _answer(row: store.NewVerification, unit: str) -> VerificationAnswer:
    return VerificationAnswer(
        verification_id=row.id,
        benefit=row.benefit_id,
        result=row.result,
        tier=_tier(unit, row.tier_value),
        answered_at=row.answered_at,
        expires_at=row.expires_at,
        ref=row.ref,
        receipt=row.receipt,
    )
