"""Eligibility 符合与否: one pure decision with reasons, for catalogue, verification and redemption alike.

The partner learns the decision only. The reasons are for the holder's own phone. A holder is a person or an enterprise; a
benefit is for one of the two, and a code of the other kind is a no like any other.
"""

from datetime import datetime
from enum import IntEnum, StrEnum

import msgspec

from partners.benefits.commitments import CommitmentKind
from partners.benefits.terms import HolderKind, Terms, Text, Tier
from partners.benefits.validity import Place, is_valid_at, is_valid_on


class Reason(StrEnum):
    """Why not. Never leaves the platform towards a partner."""

    NOT_IN_FORCE = "not-in-force"
    OTHER_HOLDER = "other-holder"
    NOT_REGISTERED = "not-registered"
    NO_SHOW_CONSENT = "no-show-consent"
    NO_COMPUTE_CONSENT = "no-compute-consent"
    OFFER_CLOSED = "offer-closed"
    LEVEL_BELOW = "level-below"
    COMMITMENT_OPEN = "commitment-open"
    STANDING_BELOW = "standing-below"
    COMMITMENT_BROKEN = "commitment-broken"
    OTHER_TIME = "other-time"
    OTHER_PLACE = "other-place"
    STACKED = "stacked"
    PERSON_DAY = "person-day-limit"
    PERSON_MONTH = "person-month-limit"
    QUOTA_DAY = "quota-day"
    QUOTA_TOTAL = "quota-total"
    QUOTA_STORE = "quota-store-day"
    AMOUNT = "amount-over-cap"


WORDS: dict[Reason, Text] = {
    Reason.NOT_IN_FORCE: Text("该权益不在有效期内", "The benefit is not in force today"),
    Reason.OTHER_HOLDER: Text("该权益面向另一类持码人：个人权益请出示个人诚信码，企业权益请出示企业身份码", "This benefit is for holders of the other kind: show a person's code for a person's benefit, an enterprise's for an enterprise's"),
    Reason.NOT_REGISTERED: Text("企业未在信易注册", "The enterprise is not registered here"),
    Reason.NO_SHOW_CONSENT: Text("您尚未同意出示，可在“我的同意”中开启", "You have not consented to show; you can in “My consents”"),
    Reason.NO_COMPUTE_CONSENT: Text("您尚未同意计算信用分", "You have not consented to a score being computed"),
    Reason.OFFER_CLOSED: Text("该项便利有未结清的账单，结清后恢复；其他权益不受影响", "This offer has an unpaid bill; it opens again once paid; no other benefit is touched"),
    Reason.COMMITMENT_OPEN: Text("作出承诺即可享受，不看分数；不承诺也不影响其他任何权益", "Yours if you commit, whatever your score; not to commit costs you nothing anywhere"),
    Reason.LEVEL_BELOW: Text("当前等级暂未达到该权益的档次", "Your present level is below the tiers of this benefit"),
    Reason.STANDING_BELOW: Text("企业的承诺履行情况暂未达到该权益的档次：作出信用承诺并如期履行后可享受", "The enterprise's commitments do not reach a tier of this benefit yet: make one and keep it"),
    Reason.COMMITMENT_BROKEN: Text("企业有未履行的信用承诺，修复前不享受与承诺挂钩的档次；不影响任何个人", "The enterprise broke a commitment; until it is repaired, tiers that rest on commitments are closed. No person is touched"),
    Reason.OTHER_TIME: Text("不在该权益的适用时段，请在公布的日期和时间使用", "Not at this hour: the benefit's days and hours are published with it"),
    Reason.OTHER_PLACE: Text("该门店不在该权益的适用范围内", "The benefit is not valid at this store"),
    Reason.STACKED: Text("今天已使用同组的另一项权益，每天限用一项，明日恢复", "You used another benefit of the same group today: one a day; available again tomorrow"),
    Reason.PERSON_DAY: Text("今日次数已用完，明日恢复", "Used up for today; available again tomorrow"),
    Reason.PERSON_MONTH: Text("本月次数已用完，下月恢复", "Used up for this month; available again next month"),
    Reason.QUOTA_DAY: Text("今日名额已满，明日恢复", "Today's quota is used up; available again tomorrow"),
    Reason.QUOTA_TOTAL: Text("该权益名额已发完", "The quota of this benefit is used up"),
    Reason.QUOTA_STORE: Text("本店今日名额已满，可前往其他适用门店或明日再来", "This store's quota for today is used up; try another store, or tomorrow"),
    Reason.AMOUNT: Text("金额超过该权益上限", "The amount is over the cap of this benefit"),
}  # fmt: skip


class Holder(msgspec.Struct, frozen=True):
    """What is known of whoever shows a code. `rank` is None without a score; `committed` are the commitments that stand, each made for
    one benefit: (its id, what was promised)."""

    computes: bool
    shows: bool
    rank: int | None
    closed_offers: frozenset[str] = frozenset()
    committed: frozenset[tuple[str, CommitmentKind]] = frozenset()


class Standing(IntEnum):
    """The standing of an enterprise 企业承诺履行情况: what it promised in public and how it kept it. It is three facts in a row, no
    score: nothing is weighed, and nothing about a person enters."""

    REGISTERED = 0
    COMMITTED = 1
    KEPT = 2


class Commitments(msgspec.Struct, frozen=True):
    """How many commitments an enterprise made, and how many of them were found kept or broken."""

    made: int = 0
    kept: int = 0
    broken: int = 0

    @property
    def standing(self) -> Standing:
        """KEPT with one that was kept, COMMITTED with one that was made; a broken one takes both away until it is repaired."""
        if self.broken or not self.made:
            return Standing.REGISTERED
        return Standing.KEPT if self.kept else Standing.COMMITTED


class EnterpriseHolder(msgspec.Struct, frozen=True):
    """What is known of an enterprise whose agent shows its code. No member is about the agent."""

    registered: bool
    commitments: Commitments
    closed_offers: frozenset[str] = frozenset()


class Usage(msgspec.Struct, frozen=True):
    """How often the benefit was redeemed so far: by everybody today and in all, by the holder today and this month, at this store
    today; and how many benefits of its stacking group the holder used today."""

    today: int = 0
    total: int = 0
    person_today: int = 0
    person_month: int = 0
    store_today: int = 0
    group_today: int = 0


class Decision(msgspec.Struct, frozen=True):
    """Eligible with the best tier there is, or not, with every reason."""

    eligible: bool
    tier: Tier | None
    reasons: tuple[Reason, ...]


def decide(
    terms: Terms,
    holder: Holder | EnterpriseHolder,
    usage: Usage,
    at: datetime,
    amount_fen: int | None = None,
    place: Place | None = None,
) -> Decision:
    """The decision at an instant of Asia/Shanghai, and at a place, which is None where nobody stands at a till yet.

    A benefit open to all asks for no score, but still for the consent to show. To be not eligible for this one convenience,
    until what stands against it is over, is the only outcome that there is besides.
    """
    reasons = []
    if not terms.valid_from <= at.date() < terms.valid_until:
        reasons.append(Reason.NOT_IN_FORCE)
    elif not is_valid_on(terms.when, at):
        reasons.append(Reason.OTHER_TIME)
    if place is not None and (not is_valid_at(terms.where, place) or _store_is_missing(terms, place)):
        reasons.append(Reason.OTHER_PLACE)
    if terms.id in holder.closed_offers:
        reasons.append(Reason.OFFER_CLOSED)
    tier = tier_for(terms, holder)
    if terms.holder is not kind_of(holder):
        reasons.append(Reason.OTHER_HOLDER)
    elif isinstance(holder, EnterpriseHolder):
        reasons.extend(_against_enterprise(holder, tier))
    else:
        reasons.extend(_against_person(terms, holder, tier))
    for limit, used, reason in (
        (terms.per_person_per_day, usage.person_today, Reason.PERSON_DAY),
        (terms.per_person_per_month, usage.person_month, Reason.PERSON_MONTH),
        (terms.quota_per_day, usage.today, Reason.QUOTA_DAY),
        (terms.quota_total, usage.total, Reason.QUOTA_TOTAL),
        (terms.quota_per_store_per_day, usage.store_today, Reason.QUOTA_STORE),
        (1 if terms.stacking_group is not None else None, usage.group_today, Reason.STACKED),
    ):
        if limit is not None and used >= limit:
            reasons.append(reason)
    if amount_fen is not None and terms.cap_fen is not None and amount_fen > terms.cap_fen:
        reasons.append(Reason.AMOUNT)
    return Decision(not reasons, tier if not reasons else None, tuple(reasons))


def _store_is_missing(terms: Terms, place: Place) -> bool:
    """A quota of each store cannot be counted where nobody says which it is."""
    return terms.quota_per_store_per_day is not None and place.store_id is None


def kind_of(holder: Holder | EnterpriseHolder) -> HolderKind:
    """Which kind of holder it is."""
    return HolderKind.ENTERPRISE if isinstance(holder, EnterpriseHolder) else HolderKind.PERSON


def rank_of(holder: Holder | EnterpriseHolder) -> int | None:
    """The rank that tiers are measured by: a person's level while they consent to a score, an enterprise's standing."""
    if isinstance(holder, EnterpriseHolder):
        return holder.commitments.standing
    return holder.rank if holder.computes else None


def _against_person(terms: Terms, holder: Holder, tier: Tier | None) -> list[Reason]:
    reasons = [] if holder.shows else [Reason.NO_SHOW_CONSENT]
    if tier is not None:
        return reasons
    if commitment_tiers(terms):
        return [*reasons, Reason.COMMITMENT_OPEN]
    return [*reasons, Reason.LEVEL_BELOW if rank_of(holder) is not None else Reason.NO_COMPUTE_CONSENT]


def _against_enterprise(holder: EnterpriseHolder, tier: Tier | None) -> list[Reason]:
    reasons = [] if holder.registered else [Reason.NOT_REGISTERED]
    if tier is None:
        reasons.append(Reason.COMMITMENT_BROKEN if holder.commitments.broken else Reason.STANDING_BELOW)
    return reasons


def commitment_tiers(terms: Terms) -> tuple[Tier, ...]:
    """The tiers that a commitment opens, the best first."""
    return tuple(sorted((tier for tier in terms.tiers if tier.commitment is not None), key=_order, reverse=True))


def tier_for(terms: Terms, holder: Holder | EnterpriseHolder) -> Tier | None:
    """The best tier that the holder's rank reaches or a commitment of theirs opens; everybody's is the lowest one where the benefit is
    open to all. None for a holder of the other kind."""
    if terms.holder is not kind_of(holder):
        return None
    rank = rank_of(holder)
    by_level = [tier for tier in terms.tiers if tier.commitment is None]
    reached = [tier for tier in by_level if rank is not None and tier.minimum_rank <= rank]
    if isinstance(holder, Holder):
        reached += [tier for tier in commitment_tiers(terms) if (terms.id, tier.commitment) in holder.committed]
    if not reached and terms.open_to_all:
        return min(by_level or terms.tiers, key=_order)
    return max(reached, key=_order, default=None)


def _order(tier: Tier) -> int:
    return tier.minimum_rank
