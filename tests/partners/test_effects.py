"""试算: what changed terms would do to each level, and what they would cost, exactly."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from partners.benefits.commitments import CommitmentKind
from partners.benefits.effects import Effect, Used, cost_after, effects
from partners.benefits.terms import BenefitKind, Terms, Text, Tier


def terms(*tiers: tuple[int, int], **changes: Any) -> Terms:
    """A discount: rank -> permille."""
    given: dict[str, Any] = {
        "id": "gym-discount",
        "version": 1,
        "scene": "shopping",
        "kind": BenefitKind.DISCOUNT,
        "unit": "permille",
        "names": Text("健身", "Gym"),
        "description": Text("健身", "Gym"),
        "legal_basis": "清单",
        "tiers": tuple(Tier(Text("档", "Tier"), rank, value) for rank, value in tiers),
        "valid_from": date(2026, 1, 1),
        "valid_until": date(2028, 1, 1),
    }
    return Terms(**{**given, **changes})


def test_each_level_gains_loses_or_keeps() -> None:
    found = effects(terms((1, 100), (3, 200)), terms((2, 100), (3, 250)), [0, 1, 2, 3])
    assert found == [Effect(0, None, None), Effect(1, 100, None), Effect(2, 100, 100), Effect(3, 200, 250)]
    assert [(each.gains, each.loses) for each in found] == [
        (False, False),
        (False, True),
        (False, False),
        (True, False),
    ]


def test_a_first_version_takes_nothing_from_anybody() -> None:
    assert not any(each.loses for each in effects(None, terms((1, 100)), [0, 1, 2]))


def test_a_tier_that_only_a_commitment_opens_is_nobodys_by_level() -> None:
    committed = Tier(Text("承诺", "Committed"), 0, 100, CommitmentKind.PAY_ON_TIME)
    assert effects(None, terms(tiers=(committed,)), [0, 4]) == [Effect(0, None, None), Effect(4, None, None)]


def test_a_deeper_discount_costs_as_much_more_and_newcomers_use_it_like_everybody() -> None:
    used = {100: Used(20, 2000)}
    people = {1: 10, 2: 20, 3: 20}
    deeper = effects(terms((2, 100)), terms((2, 150)), [1, 2, 3])
    assert cost_after(deeper, people, used, "permille", None) == 3000
    wider = effects(terms((2, 100)), terms((1, 100)), [1, 2, 3])
    assert cost_after(wider, people, used, "permille", None) == 2500
    assert cost_after(deeper, people, used, "permille", 120) == 20 * 120


def test_of_vouchers_it_is_the_sums_that_change() -> None:
    changes = effects(terms((1, 1000), unit="fen"), terms((1, 500), (2, 2000), unit="fen"), [1, 2])
    assert cost_after(changes, {1: 30, 2: 10}, {1000: Used(8, 8000)}, "fen", None) == 6 * 500 + 2 * 2000


def test_without_anybody_who_had_it_nothing_is_known_of_the_cost() -> None:
    assert cost_after(effects(None, terms((1, 100)), [1]), {1: 50}, {}, "permille", None) is None


RANKS = [0, 1, 2, 3]


@given(
    some.dictionaries(some.integers(0, 3), some.integers(1, 1000), min_size=1),
    some.dictionaries(some.integers(0, 3), some.integers(0, 500)),
    some.integers(1, 1000),
    some.integers(0, 10**9),
)
def test_unchanged_terms_cost_what_they_cost(
    tiers: dict[int, int], people: dict[int, int], times: int, worth: int
) -> None:
    same = terms(*tiers.items())
    changes = effects(same, same, RANKS)
    had = [each.before for each in changes if each.before is not None and people.get(each.rank, 0)]
    found = cost_after(changes, people, {value: Used(times, worth) for value in set(had)}, "permille", None)
    assert found == (worth * len(set(had)) if had else None)


@pytest.mark.parametrize("value", [0, 100])
def test_what_was_given_under_a_tier_that_is_gone_is_still_somebodys_price(value: int) -> None:
    changes = effects(terms((1, 200)), terms((0, 200)), [0, 1])
    found = cost_after(changes, {0: 10, 1: 10}, {value: Used(10, 1000), 200: Used(10, 2000)}, "permille", None)
    assert found is not None
    assert found >= 2000
