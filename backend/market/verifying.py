"""Verification 核验: a code, a benefit, an answer of one word, and the full reason on the holder's own phone."""

import secrets
from datetime import datetime
from uuid import UUID

import msgspec

from backend.codes import service as codes
from backend.codes.messages import Holder as ShowingHolder
from backend.enterprises import service as enterprises
from backend.market import benefit_store, confirming, once, receipts, store
from backend.market.answers import LIFETIME, answer_told, partner_access, state_of, tier_told, told_of
from backend.market.benefits import terms_of
from backend.market.deciding import decided, offer_now
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
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND
from backend.platform.row_ids import new_id
from partners.benefits.terms import Terms
from partners.orders.states import VerificationState


async def verify(
    platform: Platform, partner_id: UUID, order: VerificationOrder, act: Once, request_id: str
) -> Answered:
    """Answers whether the holder of a shown code is eligible for a benefit at this partner. One act, one transaction.

    The answer's body is a VerificationAnswer; yes and no have the same length and come from the same statements. The
    verification lapses after 15 minutes. A benefit flagged `confirm` is not answered before the holder's phone did: the
    status is 202 then, whatever was decided, and the body HolderAsked. Raises PARTNER_SUSPENDED, BENEFIT_NOT_GRANTED, NOT_FOUND (no such benefit in
    force), STATE_CONFLICT (benefit paused), the problems of `codes.burn`, and of idempotency; then nothing is burned.

    Nine database round trips and one of the cache: key, partner, benefit, burn, consents, standing, circumstances,
    verification, saved answer; ten if the holder is asked. A replay takes two.
    """
    async with platform.database.transaction() as connection:
        if (replayed := await once.claim(connection, partner_id, act)) is not None:
            return replayed
        partner = await partner_accounts.partner_granting(connection, partner_id, order.benefit)
        # Whole seconds: an answer's length must not depend on the instant.
        now = platform.clock.now().replace(microsecond=0)
        offer, terms = await offer_now(connection, order.benefit, now)
        verification_id = new_id(now)
        access = _access(partner, "核验诚信码", terms, request_id)
        shown = await codes.burn(
            platform, connection, access, order.code, codes.scene_named(terms.scene), partner_id, verification_id
        )
        if shown.enterprise_id is not None:
            # An enterprise consents to nothing: its agent shows the code on its behalf.
            access = msgspec.structs.replace(access, ground=Ground.OWN_REQUEST)
        row = await _decided(
            connection, access, partner_id, terms, offer, shown, order, verification_id, now
        )  # fmt: skip
        if terms.confirm:
            asked = await confirming.ask(connection, access, row, act.mark)
            return await once.save(connection, partner_id, act, msgspec.json.encode(asked), status=once.WAITS)
        row = msgspec.structs.replace(row, receipt=receipts.of_answer(platform, row, act.mark))
        told = msgspec.structs.replace(access, action=told_of(row.result), fields=("eligibility",))
        await store.add_verification(connection, told, row)
        return await once.save(connection, partner_id, act, msgspec.json.encode(answer_told(row, terms.unit)))


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


async def _decided(
    connection: Connection,
    access: Access,
    partner_id: UUID,
    terms: Terms,
    offer: Row,
    shown: ShowingHolder,
    order: VerificationOrder,
    verification_id: UUID,
    now: datetime,
) -> store.NewVerification:
    """The verification, decided, without its receipt. Two round trips whatever the decision."""
    decision = await decided(
        connection,
        access,
        shown.subject_id,
        offer,
        partner_id=partner_id,
        computes=shown.computes,
        shows=True,
        amount_fen=order.amount_fen,
        now=now,
        enterprise_id=shown.enterprise_id,
    )
    result: Result = "declined" if decision.reasons else "eligible"
    return store.NewVerification(
        id=verification_id,
        partner_id=partner_id,
        terminal=order.terminal,
        benefit_id=terms.id,
        benefit_version=terms.version,
        account_id=shown.account_id,
        subject_id=shown.subject_id,
        result=result,
        reason=decision.reasons,
        tier_value=decision.tier_value,
        amount_fen=order.amount_fen,
        partner_ref=order.partner_ref,
        ref=secrets.token_urlsafe(16),
        receipt="",
        answered_at=now,
        expires_at=now + LIFETIME,
    )
