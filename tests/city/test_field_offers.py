"""The field's real offers, expressed in the city's levels: at each boundary, just below, at and above, by the one decision there is."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from backend.city.materials import Benefit, load_benefits
from backend.rule_sets.published import PERSONAL
from partners.benefits.commitments import CommitmentKind
from partners.benefits.eligibility import Holder, Reason, Usage, decide
from partners.benefits.publication import objections
from scoring import load, shipped
from scoring.points import MILLIPOINTS

NOW = datetime(2026, 11, 23, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
OFFERS = {benefit.id: benefit for benefit in load_benefits()}
RULE_SET = load(shipped(PERSONAL))
BANDS = {level.rank: level.threshold for level in RULE_SET.levels}
FIFTY_THOUSAND_YUAN = 5_000_000


def value(benefit: Benefit, score: int) -> int | None:
    """What somebody with so many millipoints is given, by the rule set's own bands; None for a no."""
    holder = Holder(computes=True, shows=True, rank=RULE_SET.level_of(score).rank)
    decision = decide(benefit.terms(), holder, Usage(), NOW)
    return decision.tier.value if decision.tier is not None else None


@pytest.mark.parametrize(
    ("benefit", "points", "expected"),
    [
        # Weihai: a hospital deposit waived up to 50,000 yuan.
        ("hospital-deposit-waiver", 549, None),
        ("hospital-deposit-waiver", 550, 1_000_000),
        ("hospital-deposit-waiver", 779, 3_000_000),
        ("hospital-deposit-waiver", 780, FIFTY_THOUSAND_YUAN),
        ("hospital-deposit-waiver", 781, FIFTY_THOUSAND_YUAN),
        # Weihai: the library's deposit waived, for everybody; 8 books.
        ("library-deposit-waiver", 0, 10_000),
        ("library-deposit-waiver", 1000, 10_000),
        ("library-extra-books", 549, None),
        ("library-extra-books", 550, 2),
        ("library-extra-books", 679, 4),
        ("library-extra-books", 680, 8),
        ("library-extra-books", 681, 8),
        # Weihai: a gym 10 to 20 % off.
        ("gym-discount", 619, None),
        ("gym-discount", 620, 100),
        ("gym-discount", 779, 100),
        ("gym-discount", 780, 200),
        ("gym-discount", 781, 200),
        # Weihai: equipment AA 10 % and AAA 30 % off, a resort AA 25 % and AAA 50 % off.
        ("equipment-rental-discount", 679, None),
        ("equipment-rental-discount", 680, 100),
        ("equipment-rental-discount", 779, 100),
        ("equipment-rental-discount", 780, 300),
        ("equipment-rental-discount", 781, 300),
        ("resort-stay-discount", 679, None),
        ("resort-stay-discount", 680, 250),
        ("resort-stay-discount", 779, 250),
        ("resort-stay-discount", 780, 500),
        ("resort-stay-discount", 781, 500),
        # Xiamen: credit medical, a line of 500 to 3,000 yuan.
        ("outpatient-pay-later", 0, 50_000),
        ("outpatient-pay-later", 619, 50_000),
        ("outpatient-pay-later", 620, 150_000),
        ("outpatient-pay-later", 779, 150_000),
        ("outpatient-pay-later", 780, 300_000),
        # Xiamen from 530 on: leave first, and 15 more minutes than the 15 of everybody.
        ("parking-leave-first", 549, None),
        ("parking-leave-first", 550, 10_000),
        ("parking-leave-first", 551, 10_000),
        ("parking-free-time", 549, None),
        ("parking-free-time", 550, 15),
        ("parking-free-time", 551, 15),
        # Xiamen from 650 on: over 100 car parks; from 680 on: 10 % off.
        ("parking-everywhere", 619, None),
        ("parking-everywhere", 620, 100),
        ("parking-everywhere", 621, 100),
        ("parking-discount", 679, None),
        ("parking-discount", 680, 100),
        ("parking-discount", 681, 100),
    ],
)
def test_at_its_boundary(benefit: str, points: int, expected: int | None) -> None:
    assert value(OFFERS[benefit], points * MILLIPOINTS) == expected


def test_every_boundary_of_every_offer_is_a_band_of_the_rule_set_and_opens_exactly_there() -> None:
    for benefit in OFFERS.values():
        for tier in benefit.tiers:
            if benefit.holder == "enterprise" or tier.commitment is not None or tier.minimum_rank == 0:
                continue
            at = BANDS[tier.minimum_rank]
            assert (value(benefit, at), value(benefit, at + 1)) == (tier.value, tier.value), benefit.id
            assert (value(benefit, at - 1) or 0) < tier.value, benefit.id


def test_ranks_stand_in_the_order_of_the_levels_and_thresholds_they_stand_for() -> None:
    weihai = {level.names.en: level.rank for level in load(shipped("haibei-weihai")).levels}
    found = [benefit.found for benefit in OFFERS.values() if benefit.found is not None]
    assert len(found) == 11
    for each in found:
        order = [weihai[name] if name in weihai else int(name) for name in each.ranks]
        assert sorted(order) == order
        assert sorted(each.ranks.values()) == list(each.ranks.values())
        assert set(each.ranks.values()) <= set(BANDS)


def test_who_has_no_score_commits_instead_and_a_late_bill_closes_that_offer_only() -> None:
    terms = OFFERS["outpatient-pay-later"].terms()
    nobody = Holder(computes=False, shows=True, rank=None)
    assert decide(terms, nobody, Usage(), NOW).reasons == (Reason.COMMITMENT_OPEN,)
    made = frozenset({(terms.id, CommitmentKind.PAY_ON_TIME)})
    committed = Holder(computes=False, shows=True, rank=None, committed=made)
    decision = decide(terms, committed, Usage(), NOW)
    assert decision.tier is not None
    assert decision.tier.value == 50_000
    late = Holder(computes=False, shows=True, rank=None, committed=made, closed_offers=frozenset({terms.id}))
    assert decide(terms, late, Usage(), NOW).reasons == (Reason.OFFER_CLOSED,)
    assert decide(OFFERS["library-deposit-waiver"].terms(), late, Usage(), NOW).eligible


def test_every_offer_of_the_city_may_be_published() -> None:
    assert {benefit.id: objections(benefit.terms()) for benefit in OFFERS.values()} == dict.fromkeys(OFFERS, ())
