"""Eligibility 符合与否: one pure decision with reasons, for catalogue, verification and redemption alike.

The partner learns the decision only. The reasons are for the holder's own phone.
"""

from datetime import date
from enum import StrEnum

import msgspec

from partners.benefits.terms import Terms, Text, Tier


class Reason(StrEnum):
    """Why not. Never leaves the platform towards a partner."""

    NOT_IN_FORCE = "not-in-force"
    NO_SHOW_CONSENT = "no-show-consent"
    NO_COMPUTE_CONSENT = "no-compute-consent"
    OFFER_CLOSED = "offer-closed"
    LEVEL_BELOW = "level-below"
    PERSON_DAY = "person-day-limit"
    PERSON_MONTH = "person-month-limit"
    QUOTA_DAY = "quota-day"
    QUOTA_TOTAL = "quota-total"
    AMOUNT = "amount-over-cap"


WORDS: dict[Reason, Text] = {
    Reason.NOT_IN_FORCE: Text("该权益不在有效期内", "The benefit is not in force today"),
    Reason.NO_SHOW_CONSENT: Text("您尚未同意出示，可在“我的同意”中开启", "You have not consented to show; you can in “My consents”"),
    Reason.NO_COMPUTE_CONSENT: Text("您尚未同意计算信用分", "You have not consented to a score being computed"),
    Reason.OFFER_CLOSED: Text("该项便利有未结清的账单，结清后恢复；其他权益不受影响", "This offer has an unpaid bill; it opens again once paid; no other benefit is touched"),
    Reason.LEVEL_BELOW: Text("当前等级暂未达到该权益的档次", "Your present level is below the tiers of this benefit"),
    Reason.PERSON_DAY: Text("今日次数已用完，明日恢复", "Used up for today; available again tomorrow"),
    Reason.PERSON_MONTH: Text("本月次数已用完，下月恢复", "Used up for this month; available again next month"),
    Reason.QUOTA_DAY: Text("今日名额已满，明日恢复", "Today's quota is used up; available again tomorrow"),
    Reason.QUOTA_TOTAL: Text("该权益名额已发完", "The quota of this benefit is used up"),
    Reason.AMOUNT: Text("金额超过该权益上限", "The amount is over the cap of this benefit"),
}  # fmt: skip


class Holder(msgspec.Struct, frozen=True):
    """What is known of whoever shows a code. `rank` is None without a score."""

    computes: bool
    shows: bool
    rank: int | None
    closed_offers: frozenset[str] = frozenset()


class Usage(msgspec.Struct, frozen=True):
    """How often the benefit was redeemed so far: by everybody today and in all, by the holder today and this month."""

    today: int = 0
    total: int = 0
    person_today: int = 0
    person_month: int = 0


class Decision(msgspec.Struct, frozen=True):
    """Eligible with the best tier there is, or not, with every reason."""

    eligible: bool
    tier: Tier | None
    reasons: tuple[Reason, ...]


def decide(terms: Terms, holder: Holder, usage: Usage, on: date, amount_fen: int | None = None) -> Decision:
    """The decision on a day of Asia/Shanghai. A benefit open to all asks for no score, but still for the consent to show."""
    reasons = []
    if not terms.valid_from <= on < terms.valid_until:
        reasons.append(Reason.NOT_IN_FORCE)
    if not holder.shows:
        reasons.append(Reason.NO_SHOW_CONSENT)
    if terms.id in holder.closed_offers:
        reasons.append(Reason.OFFER_CLOSED)
    tier = tier_for(terms, holder)
    if tier is None:
        reasons.append(Reason.LEVEL_BELOW if holder.computes and holder.rank is not None else Reason.NO_COMPUTE_CONSENT)
    for limit, used, reason in (
        (terms.per_person_per_day, usage.person_today, Reason.PERSON_DAY),
        (terms.per_person_per_month, usage.person_month, Reason.PERSON_MONTH),
        (terms.quota_per_day, usage.today, Reason.QUOTA_DAY),
        (terms.quota_total, usage.total, Reason.QUOTA_TOTAL),
    ):
        if limit is not None and used >= limit:
            reasons.append(reason)
    if amount_fen is not None and terms.cap_fen is not None and amount_fen > terms.cap_fen:
        reasons.append(Reason.AMOUNT)
    return Decision(not reasons, tier if not reasons else None, tuple(reasons))


def tier_for(terms: Terms, holder: Holder) -> Tier | None:
    """The best tier the holder's level reaches; everybody's is the lowest one where the benefit is open to all."""
    rank = holder.rank if holder.computes and holder.rank is not None else None
    reached = [tier for tier in terms.tiers if rank is not None and tier.minimum_rank <= rank]
    if not reached and terms.open_to_all:
        return min(terms.tiers, key=lambda tier: tier.minimum_rank)
    return max(reached, key=lambda tier: tier.minimum_rank, default=None)
