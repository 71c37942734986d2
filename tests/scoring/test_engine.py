"""桃花分 point by point: every line exact, no matter the order, caps never exceeded, the next change on its day."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from scoring import Fact, Result, load, score, shipped
from scoring.facts import FactState
from scoring.points import MILLIPOINTS, millipoints

TAOHUA = load(shipped("taohua"))
DAY = date(2026, 11, 23)


def fact(item: str, *, record: str = "r1", on: date = date(2026, 3, 1), ends: date | None = None,
         state: FactState = "active", grade: str | None = None, amount: int | None = None) -> Fact:  # fmt: skip
    """A fact in one line."""
    return Fact(record, item, on, ends, state, grade, amount, "示例信源")


def points(result: Result) -> int:
    """Whole points above the base."""
    return (result.millipoints - TAOHUA.base) // MILLIPOINTS


GRADES = {
    "honour": ("county", "city", "province", "nation"),
    "righteous-act": ("county", "city", "province", "nation"),
    "penalty": ("minor", "general", "serious"),
}
ITEMS = ("honour", "righteous-act", "penalty", "volunteer-service", "donation", "contract-kept", "commitment-kept",
         "judgment-default", "breach-judged", "commitment-broken", "permit")  # fmt: skip


@some.composite
def facts(draw: some.DrawFn) -> list[Fact]:
    """Up to 25 facts of any item, state, grade, amount and day."""
    drawn = []
    for number in range(draw(some.integers(0, 25))):
        item = draw(some.sampled_from(ITEMS))
        grade = draw(some.sampled_from(GRADES[item])) if item in GRADES else None
        state: FactState = draw(some.sampled_from(["active", "active", "active", "marked", "hidden", "repaired"]))
        on = date(2022, 1, 1) + timedelta(days=draw(some.integers(0, 2000)))
        ends = on + timedelta(days=draw(some.integers(1, 900))) if draw(some.booleans()) else None
        amount = draw(some.integers(0, 2_000_000)) if item in {"volunteer-service", "donation"} else None
        drawn.append(fact(item, record=f"r{number}", on=on, ends=ends, state=state, grade=grade, amount=amount))
    return drawn


@pytest.mark.parametrize(
    ("hours", "expected"),
    [(9, 0), (10, 2), (19, 2), (20, 5), (49, 5), (50, 10), (80, 15), (100, 20), (150, 25), (200, 30), (250, 40), (299, 40), (300, 50), (900, 50)],
)  # fmt: skip
def test_volunteer_hours_at_every_boundary(hours: int, expected: int) -> None:
    assert points(score(TAOHUA, [fact("volunteer-service", amount=hours)], DAY)) == expected


def test_volunteer_hours_add_up_within_a_year_and_not_across_years() -> None:
    halves = [fact("volunteer-service", record="a", amount=5), fact("volunteer-service", record="b", amount=5)]
    assert points(score(TAOHUA, halves, DAY)) == 2
    apart = [halves[0], fact("volunteer-service", record="b", on=date(2025, 12, 31), amount=5)]
    assert points(score(TAOHUA, apart, DAY)) == 0


@pytest.mark.parametrize(("fen", "expected"), [(9_999, 0), (10_000, 1), (399_999, 39), (400_000, 40), (90_000_000, 40)])
def test_donations_at_every_boundary(fen: int, expected: int) -> None:
    assert points(score(TAOHUA, [fact("donation", amount=fen)], DAY)) == expected


@pytest.mark.parametrize(("grade", "months"), [("county", 12), ("city", 24), ("province", 36), ("nation", 60)])
def test_an_honour_counts_until_its_term_ends_to_the_day(grade: str, months: int) -> None:
    awarded = date(2026, 1, 15)
    last = date(2026 + months // 12, 1, 14)
    assert points(score(TAOHUA, [fact("honour", on=awarded, grade=grade)], last)) > 0
    assert points(score(TAOHUA, [fact("honour", on=awarded, grade=grade)], last + timedelta(days=1))) == 0


def test_the_levels_at_their_boundaries() -> None:
    ranks = {value: TAOHUA.level_of(value * MILLIPOINTS).rank for value in (0, 549, 550, 619, 620, 679, 680, 779, 780)}
    assert ranks == {0: 0, 549: 0, 550: 1, 619: 1, 620: 2, 679: 2, 680: 3, 779: 3, 780: 4}


def test_somebody_without_a_record_has_the_base_score() -> None:
    result = score(TAOHUA, [], DAY)
    assert (result.millipoints, result.lines, result.next_change_on) == (600_000, (), None)


@pytest.mark.parametrize("state", ["marked", "hidden", "corrected", "withdrawn", "repaired", "archived"])
def test_a_record_that_is_not_active_does_not_count_and_says_why(state: FactState) -> None:
    result = score(TAOHUA, [fact("penalty", grade="serious", state=state)], DAY)
    assert (points(result), [entry.reason for entry in result.not_counted]) == (0, [state])


def test_the_lowest_score_is_the_minimum_and_the_line_says_so() -> None:
    many = [fact("judgment-default", record=f"r{number}") for number in range(9)]
    many += [fact("breach-judged", record=f"b{number}") for number in range(9)]
    result = score(TAOHUA, many, DAY)
    assert result.millipoints == TAOHUA.base - 550_000
    assert sum(line.millipoints for line in result.lines) == result.millipoints - TAOHUA.base


@given(facts(), some.dates(date(2022, 1, 1), date(2030, 1, 1)))
@settings(max_examples=150, deadline=None)
def test_base_and_lines_sum_exactly_to_the_score(given_facts: list[Fact], day: date) -> None:
    result = score(TAOHUA, given_facts, day)
    assert TAOHUA.base + sum(line.millipoints for line in result.lines) == result.millipoints
    assert TAOHUA.minimum <= result.millipoints <= TAOHUA.maximum


@given(facts(), some.randoms())
@settings(max_examples=100, deadline=None)
def test_the_order_of_records_never_matters(given_facts: list[Fact], chance: object) -> None:
    shuffled = list(given_facts)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert score(TAOHUA, shuffled, DAY) == score(TAOHUA, given_facts, DAY)


@given(facts())
@settings(max_examples=100, deadline=None)
def test_every_record_is_either_a_line_or_told_why_not(given_facts: list[Fact]) -> None:
    result = score(TAOHUA, given_facts, DAY)
    named = [line.record_id for line in result.lines if line.record_id] + [
        entry.record_id for entry in result.not_counted
    ]
    assert sorted(named) == sorted(given.record_id for given in given_facts)


@given(facts(), some.sampled_from(["contract-kept", "commitment-kept"]))
@settings(max_examples=100, deadline=None)
def test_one_more_good_record_never_lowers_the_score(given_facts: list[Fact], item: str) -> None:
    more = [*given_facts, fact(item, record="more")]
    assert score(TAOHUA, more, DAY).millipoints >= score(TAOHUA, given_facts, DAY).millipoints


@given(facts())
@settings(max_examples=60, deadline=None)
def test_the_score_stands_still_until_its_next_change(given_facts: list[Fact]) -> None:
    now = score(TAOHUA, given_facts, DAY)
    last = (now.next_change_on or DAY + timedelta(days=400)) - timedelta(days=1)
    for day in (DAY + (last - DAY) // 2, last):
        assert score(TAOHUA, given_facts, day).millipoints == now.millipoints


@given(facts())
@settings(max_examples=100, deadline=None)
def test_no_cap_is_ever_exceeded(given_facts: list[Fact]) -> None:
    result = score(TAOHUA, given_facts, DAY)
    for dimension in TAOHUA.dimensions:
        lines = [line.millipoints for line in result.lines if line.dimension == dimension.id]
        assert sum(value for value in lines if value > 0) <= millipoints(dimension.most)
        assert sum(value for value in lines if value < 0) >= millipoints(dimension.least)
