"""Nothing that is told of groups tells of one to nine people, alone or by any subtraction."""

from collections.abc import Mapping
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from partners.reports.groups import (
    LEAST,
    Figures,
    GroupRow,
    Person,
    benefits_told,
    cost_per_use_fen,
    figures,
    partition,
    table,
    without_money,
)

NAMES = st.sampled_from(["taoyuan", "xinhe", "chengnan", "yunling", "unknown"])
PEOPLE = st.builds(
    lambda uses, saved, district, age: Person(uses, saved, {"district": district, "age": age}),
    st.integers(1, 30),
    st.integers(0, 500_000),
    NAMES,
    st.sampled_from(["18", "30", "40", "50"]),
)
SIZES = st.dictionaries(NAMES, st.integers(0, 40))


@given(SIZES)
def test_every_row_has_ten_people_and_so_has_whatever_is_left_of_the_whole(sizes: Mapping[str, int]) -> None:
    parts = partition(sizes)
    counts = [sum(sizes[name] for name in part) for part in parts]
    assert all(count >= LEAST for count in counts)
    if parts:
        # The rows are everybody, each once: what is not shown of the whole is other rows, of ten people or more.
        assert sorted(name for part in parts for name in part) == sorted(name for name, size in sizes.items() if size)
        for number in range(len(counts)):
            for some in combinations(counts, number):
                assert sum(counts) - sum(some) == 0 or sum(counts) - sum(some) >= LEAST
    else:
        assert sum(sizes.values()) < LEAST


@given(SIZES)
def test_no_more_is_kept_back_than_must_be(sizes: Mapping[str, int]) -> None:
    """A group of ten is told by its name unless it was needed to hide a smaller one."""
    if all(size == 0 or size >= LEAST for size in sizes.values()):
        assert partition(sizes) == [(name,) for name in sorted(name for name, size in sizes.items() if size)]


def told_counts(people: list[Person]) -> list[int]:
    """Every count that is told of some people: of all, and in each table."""
    whole = figures(people)
    rows: list[GroupRow] = [*table(people, "district"), *table(people, "age")]
    every = [row.figures for row in rows] + ([whole] if whole is not None else [])
    return [count for each in every for count in (each.people, each.uses)]


@given(st.lists(PEOPLE, max_size=80), st.lists(PEOPLE, max_size=80))
def test_no_figure_and_no_difference_of_figures_is_one_to_nine(first: list[Person], second: list[Person]) -> None:
    """Also of two benefits, or of two months, and of what remains when rows are taken off a total."""
    counts = [*told_counts(first), *told_counts([*first, *second]), *told_counts(second)]
    for count in counts:
        assert not 0 < count < LEAST
    for one in counts:
        for another in counts:
            assert not 0 < abs(one - another) < LEAST
    for people in (first, [*first, *second]):
        for dimension in ("district", "age"):
            rows = table(people, dimension)
            whole = figures(people)
            if whole is None:
                assert rows == []
                continue
            for number in range(len(rows) + 1):
                for some in combinations(rows, number):
                    left = whole.people - sum(row.figures.people for row in some)
                    assert not 0 < left < LEAST


@given(st.lists(PEOPLE, max_size=60), PEOPLE)
def test_one_person_more_changes_no_figure_by_what_they_did(people: list[Person], one: Person) -> None:
    before, after = figures(people), figures([*people, one])
    if before is not None and after is not None:
        assert (after.people - before.people) in (0, LEAST)
        assert (after.uses - before.uses) % LEAST == 0
        assert before.saved_fen is not None
        assert after.saved_fen is not None
        assert (after.saved_fen - before.saved_fen) % 1000 == 0


@given(st.lists(PEOPLE, min_size=LEAST, max_size=80))
def test_a_mean_says_nothing_that_the_rounded_figures_do_not(people: list[Person]) -> None:
    """An exact one over a sum to ten yuan would say how many people exactly, and that less another, of one to nine."""
    told = figures(people)
    assert told is not None
    assert told.saved_fen is not None
    assert told.mean_fen == told.saved_fen // (told.people + 5) // 100 * 100


USERS = st.dictionaries(st.sampled_from("abcdef"), st.frozensets(st.integers(0, 40), min_size=1, max_size=25))


@given(USERS)
def test_what_is_left_of_the_money_when_every_told_benefit_is_taken_off_is_that_of_ten_people(
    users: dict[str, frozenset[int]],
) -> None:
    told = benefits_told(users)
    assert all(len(users[benefit]) >= LEAST for benefit in told)
    left = {one for benefit, who in users.items() if benefit not in told for one in who}
    # Nobody, ten or more, or so few in all that not even the sum of everything is told.
    assert not 0 < len(left) < LEAST or not told


@given(USERS)
def test_no_benefit_is_kept_back_without_need(users: dict[str, frozenset[int]]) -> None:
    small = {one for who in users.values() if len(who) < LEAST for one in who}
    if not 0 < len(small) < LEAST:
        assert benefits_told(users) == {benefit for benefit, who in users.items() if len(who) >= LEAST}


def test_the_groups_of_one_benefit_are_told_without_money() -> None:
    [row] = without_money(table(some(12, "taoyuan"), "district"))
    assert row == GroupRow("taoyuan", Figures(10, 10, None, None, None))


def some(count: int, district: str, saved_fen: int = 1234) -> list[Person]:
    """So many people of a district."""
    return [Person(1, saved_fen, {"district": district}) for _ in range(count)]


def test_a_small_group_takes_the_smallest_other_with_it_and_is_not_named() -> None:
    people = [*some(3, "yunling"), *some(12, "xinhe"), *some(40, "taoyuan")]
    rows = table(people, "district")
    assert [(row.name, row.figures.people) for row in rows] == [("taoyuan", 40), ("", 10)]
    assert table(some(9, "taoyuan"), "district") == []
    assert table([*some(9, "taoyuan"), *some(9, "xinhe")], "district") == [GroupRow("", rest_of(18))]


def rest_of(count: int) -> Figures:
    """The figures of so many people who saved alike."""
    told = figures(some(count, "anywhere"))
    assert told is not None
    return told


def test_figures_are_exact_integers_rounded_down_and_a_median_is_nobodys_own() -> None:
    assert figures(some(9, "x")) is None
    ten = figures(some(19, "x", 12_345))
    assert ten is not None
    assert (ten.people, ten.uses, ten.saved_fen, ten.mean_fen, ten.median_fen) == (10, 10, 234_000, 15_600, None)
    twenty = figures([*some(10, "x", 100), *some(10, "x", 90_050)])
    assert twenty is not None
    assert (twenty.mean_fen, twenty.median_fen) == (36_000, 100)


def test_the_cost_of_a_use_is_told_of_ten_people_or_not_at_all() -> None:
    assert cost_per_use_fen(10_001, 10, 40) == 250
    assert cost_per_use_fen(10_001, 9, 40) is None
    assert cost_per_use_fen(0, 10, 40) == 0
    assert cost_per_use_fen(5, 10, 0) is None
