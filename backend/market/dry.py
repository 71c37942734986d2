"""A dry verification 试核验: the market's own decision, answer and receipt, for a persona of the sandbox instead of a resident.

Nothing is read about anybody and nothing is used up: of the database only the benefit is asked for.
"""

import secrets
from datetime import datetime
from uuid import UUID

import msgspec

from backend.market import receipts
from backend.market.answers import LIFETIME, answer_told
from backend.market.deciding import offer_now
from backend.market.messages import Result, VerificationAnswer, VerificationOrder
from backend.market.store import NewVerification
from backend.platform.clock import local_time
from backend.platform.database import Connection
from backend.platform.platform import Platform
from partners.benefits.commitments import CommitmentKind
from partners.benefits.eligibility import Holder, Reason, Usage, decide
from partners.benefits.terms import Terms
from partners.benefits.validity import Place


class Facts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What holds of a persona: consents, rank (none without a score), whether it made every commitment there is, an unpaid bill of
    the very benefit that is asked for, and a reason that stands against every benefit, such as a quota that is used up."""

    computes: bool = True
    shows: bool = True
    rank: int | None = None
    commits: bool = False
    unpaid_bill: bool = False
    against: Reason | None = None


async def terms_now(connection: Connection, benefit_id: str, now: datetime) -> Terms:
    """The terms of a benefit that may be given now. Raises NOT_FOUND, STATE_CONFLICT. One round trip."""
    return (await offer_now(connection, benefit_id, now))[1]


def dry_answer(
    platform: Platform,
    issuer: str,
    partner_id: UUID,
    verification_id: UUID,
    order: VerificationOrder,
    terms: Terms,
    facts: Facts,
    mark: bytes,
    now: datetime,
    *,
    agrees: bool,
) -> VerificationAnswer:
    """What a partner is answered of a persona on an instant; `agrees` is false if its phone was asked and did not confirm."""
    closed = frozenset({terms.id} if facts.unpaid_bill else ())
    committed = frozenset((terms.id, kind) for kind in CommitmentKind) if facts.commits else frozenset()
    holder = Holder(facts.computes, facts.shows, facts.rank, closed, committed)
    # In which district a store lies is not looked up; that it has to be named is told as it is live.
    place = Place() if order.store is None else None
    decision = decide(terms, holder, Usage(), local_time(now), order.amount_fen, place)
    tier = decision.tier if agrees and facts.against is None else None
    result: Result = "eligible" if tier is not None else "declined"
    row = NewVerification(
        id=verification_id,
        partner_id=partner_id,
        terminal=order.terminal,
        benefit_id=terms.id,
        benefit_version=terms.version,
        account_id=None,
        subject_id=None,
        result=result,
        reason=[],
        tier_value=tier.value if tier is not None else 0,
        amount_fen=order.amount_fen,
        partner_ref=order.partner_ref,
        ref=secrets.token_urlsafe(16),
        receipt="",
        answered_at=now,
        expires_at=now + LIFETIME,
    )
    signed = receipts.of_answer(platform, row, mark, issuer)
    return answer_told(msgspec.structs.replace(row, receipt=signed), terms.unit)
