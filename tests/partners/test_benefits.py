"""Who is eligible for what, with every reason; and what may never be published."""

from datetime import date
from typing import Any

import msgspec
import pytest

from partners.benefits.eligibility import WORDS, Decision, Holder, Reason, Usage, decide
from partners.benefits.publication import objections
from partners.benefits.terms import BenefitKind, Terms, Text, Tier

DAY = date(2026, 11, 23)
TIERS = (
    Tier(Text("诚信", "Trusted"), 1, 100),
    Tier(Text("优秀", "Very good"), 3, 250),
)


def terms(**changes: Any) -> Terms:
    """A discount for two tiers."""
    given: dict[str, Any] = {
        "id": "park-ticket-discount",
        "version": 1,
        "scene": "travel",
        "kind": BenefitKind.DISCOUNT,
        "unit": "permille",
        "names": Text("门票折扣", "Ticket discount"),
        "description": Text("门票", "Tickets"),
        "legal_basis": "清单",
        "tiers": TIERS,
        "valid_from": date(2026, 1, 1),
        "valid_until": date(2027, 1, 1),
    }
    return Terms(**{**given, **changes})


def holder(**changes: Any) -> Holder:
    """Somebody with both consents and rank 2."""
    return Holder(**{"computes": True, "shows": True, "rank": 2, **changes})


@pytest.mark.parametrize(("rank", "value"), [(1, 100), (2, 100), (3, 250), (4, 250)])
def test_a_level_gets_the_best_tier_it_reaches(rank: int, value: int) -> None:
    decision = decide(terms(), holder(rank=rank), Usage(), DAY)
    assert decision.eligible
    assert decision.tier is not None
    assert decision.tier.value == value


@pytest.mark.parametrize(
    ("of_terms", "of_holder", "usage", "reason"),
    [
        ({}, {"rank": 0}, Usage(), Reason.LEVEL_BELOW),
        ({}, {"rank": None}, Usage(), Reason.NO_COMPUTE_CONSENT),
        ({}, {"computes": False}, Usage(), Reason.NO_COMPUTE_CONSENT),
        ({}, {"shows": False}, Usage(), Reason.NO_SHOW_CONSENT),
        ({}, {"closed_offers": frozenset({"park-ticket-discount"})}, Usage(), Reason.OFFER_CLOSED),
        ({"valid_until": DAY}, {}, Usage(), Reason.NOT_IN_FORCE),
        ({"per_person_per_day": 2}, {}, Usage(person_today=2), Reason.PERSON_DAY),
        ({"per_person_per_month": 3}, {}, Usage(person_month=3), Reason.PERSON_MONTH),
        ({"quota_per_day": 10}, {}, Usage(today=10), Reason.QUOTA_DAY),
        ({"quota_total": 10}, {}, Usage(total=10), Reason.QUOTA_TOTAL),
    ],
)
def test_every_reason_declines(of_terms: Any, of_holder: Any, usage: Usage, reason: Reason) -> None:
    assert decide(terms(**of_terms), holder(**of_holder), usage, DAY) == Decision(False, None, (reason,))


def test_an_unpaid_bill_closes_that_offer_only() -> None:
    closed = holder(closed_offers=frozenset({"another-benefit"}))
    assert decide(terms(), closed, Usage(), DAY).eligible


def test_what_is_open_to_all_asks_for_no_score() -> None:
    decision = decide(terms(open_to_all=True), holder(computes=False, rank=None), Usage(), DAY)
    assert (decision.eligible, decision.tier) == (True, TIERS[0])


def test_an_amount_over_the_cap_is_declined() -> None:
    assert decide(terms(cap_fen=100), holder(), Usage(), DAY, amount_fen=101).reasons == (Reason.AMOUNT,)


def test_every_reason_has_words_for_the_holder() -> None:
    assert set(WORDS) == set(Reason)


@pytest.mark.parametrize(
    ("changes", "ground"),
    [
        ({"basic_public_service": True}, "basic-public-service"),
        ({"scene": "loan"}, "finance"),
        ({"legal_basis": " "}, "no-legal-basis"),
        ({"tiers": ()}, "empty"),
        ({"kind": BenefitKind.DEPOSIT_WAIVER}, "no-cap"),
    ],
)
def test_what_limits_or_stands_on_nothing_is_not_published(changes: Any, ground: str) -> None:
    assert [objection.ground for objection in objections(terms(**changes))] == [ground]


def test_a_basic_public_service_may_be_offered_to_all() -> None:
    assert objections(terms(basic_public_service=True, open_to_all=True)) == ()


def test_terms_come_back_from_their_stored_form() -> None:
    given = terms(cap_fen=100)
    assert msgspec.convert(msgspec.to_builtins(given), Terms) == given
