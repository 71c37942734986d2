"""公众评议: bounds in exact integers against sixty decimals, figures of ten people and more, and what is surely bad."""

from collections.abc import Iterable
from decimal import ROUND_FLOOR, Decimal, localcontext

import msgspec
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from partners.reviews.bounds import PERMILLE, lower_bound, upper_bound
from partners.reviews.figures import (
    LEAST_PEOPLE,
    Figures,
    Kept,
    Opinion,
    Waiting,
    figures_of,
    is_consistent,
    median_waiting,
    published,
    rating_bound,
)
from partners.reviews.verdicts import Ground, Thresholds, grounds

Z_SQUARED = Decimal("3.841459")
THRESHOLDS = Thresholds(refused=100, not_honoured=200, rated=500)


def by_formula(points: int, most_each: int, people: int) -> int:
    """Wilson's formula with its root, to sixty digits, rounded down to a permille."""
    with localcontext() as context:
        context.prec = 60
        count, share = Decimal(people), Decimal(points) / Decimal(most_each * people)
        middle = share + Z_SQUARED / (2 * count)
        spread = (Z_SQUARED * (share * (1 - share) / count + Z_SQUARED / (4 * count * count))).sqrt()
        bound = (middle - spread) / (1 + Z_SQUARED / count)
        # At no points the formula is zero, and its sixtieth digit is below it.
        return max(0, int((bound * 1000 + Decimal("1e-50")).to_integral_value(ROUND_FLOOR)))


@st.composite
def asked(draw: st.DrawFn) -> tuple[int, int, int]:
    """Points that so many people can have given."""
    people, most_each = draw(st.integers(1, 5000)), draw(st.sampled_from([1, 4]))
    return draw(st.integers(0, people * most_each)), most_each, people


@given(asked())
@example((3838, 1, 3838))
@example((0, 1, 1))
def test_the_bound_is_wilsons_to_the_permille(case: tuple[int, int, int]) -> None:
    assert lower_bound(*case) == by_formula(*case)


@given(asked())
def test_the_bounds_hold_the_share_between_them(case: tuple[int, int, int]) -> None:
    points, most_each, people = case
    low, high = lower_bound(*case), upper_bound(*case)
    assert 0 <= low <= high <= PERMILLE
    assert low * most_each * people <= points * PERMILLE <= high * most_each * people


@given(asked())
def test_a_point_more_never_lowers_the_bound(case: tuple[int, int, int]) -> None:
    points, most_each, people = case
    assume(points < most_each * people)
    assert lower_bound(points, most_each, people) <= lower_bound(points + 1, most_each, people)


@given(asked(), st.integers(2, 20))
def test_the_same_share_of_more_people_is_surer(case: tuple[int, int, int], times: int) -> None:
    points, most_each, people = case
    assert lower_bound(points, most_each, people) <= lower_bound(points * times, most_each, people * times)
    assert upper_bound(points * times, most_each, people * times) <= upper_bound(points, most_each, people)


def test_nobody_says_nothing_and_nobody_gives_more_than_there_is() -> None:
    assert (lower_bound(0, 4, 0), upper_bound(0, 4, 0)) == (0, PERMILLE)
    # All of ten people: 10 / (10 + z²).
    assert (lower_bound(10, 1, 10), upper_bound(0, 1, 10)) == (722, 278)
    for impossible in ((-1, 1, 10), (11, 1, 10), (0, 0, 10), (0, 1, -1)):
        with pytest.raises(ValueError, match="cannot have given"):
            lower_bound(*impossible)


def of_each(said: Iterable[Opinion]) -> Figures:
    """The figures of reviews that one person each wrote."""
    return figures_of((opinion, 1) for opinion in said)


opinions = st.builds(Opinion, stars=st.integers(1, 5), kept=st.sampled_from(Kept), waiting=st.sampled_from(Waiting))


@given(st.lists(opinions, max_size=60))
def test_figures_are_counts_of_the_people_and_tell_of_no_few(said: list[Opinion]) -> None:
    figures = of_each(said)
    assert figures.people == len(said)
    assert is_consistent(figures)
    shown = published(figures)
    assert (shown is None) == (len(said) < LEAST_PEOPLE)
    if shown is not None:
        assert shown.people_at_least <= figures.people < shown.people_at_least + 10
        assert shown.rating_permille <= rating_bound(figures) < shown.rating_permille + 10
        assert shown.honoured_permille * figures.people <= figures.honoured * PERMILLE
        assert shown.refused_permille * figures.people >= figures.refused * PERMILLE
        assert (shown.honoured_permille % 50, shown.refused_permille % 50) == (0, 0)


@given(st.lists(opinions, max_size=30))
def test_people_who_wrote_the_same_are_counted_together(said: list[Opinion]) -> None:
    assert figures_of((opinion, said.count(opinion)) for opinion in set(said)) == of_each(said)


@given(st.lists(opinions, min_size=LEAST_PEOPLE, max_size=60), st.integers(0, 59))
def test_a_better_review_never_makes_a_card_worse(said: list[Opinion], place: int) -> None:
    at = place % len(said)
    better = list(said)
    better[at] = Opinion(5, Kept.HONOURED, Waiting.UNDER_5)
    before, after = published(of_each(said)), published(of_each(better))
    assert before is not None
    assert after is not None
    assert after.rating_permille >= before.rating_permille
    assert after.honoured_permille >= before.honoured_permille
    assert after.refused_permille <= before.refused_permille
    assert list(Waiting).index(after.median_waiting) <= list(Waiting).index(before.median_waiting)
    assert set(grounds(of_each(better), THRESHOLDS)) <= set(grounds(of_each(said), THRESHOLDS))


@given(st.lists(st.sampled_from(Waiting), min_size=1, max_size=40))
def test_the_median_is_that_of_the_sorted_line(line: list[Waiting]) -> None:
    order = list(Waiting)
    ordered = sorted(line, key=order.index)
    assert median_waiting({bucket: line.count(bucket) for bucket in Waiting}) is ordered[(len(line) - 1) // 2]


def test_nobody_has_no_median_and_six_stars_are_none() -> None:
    with pytest.raises(ValueError, match="nobody"):
        median_waiting({})
    for stars in (0, 6):
        with pytest.raises(ValueError, match="one to five"):
            of_each([Opinion(stars, Kept.HONOURED, Waiting.UNDER_5)])


def counted(people: int, **changes: int) -> Figures:
    """Everybody gave five stars and was served at once, unless changed."""
    given_counts = {"points": people * 4, "honoured": people, "otherwise": 0, "refused": 0, **changes}
    return Figures(people=people, waited={Waiting.UNDER_5: people}, **given_counts)


@pytest.mark.parametrize(
    ("refused", "people", "found"),
    [
        # Of ten, two refusals leave room for doubt at one in ten; three do not.
        (2, 10, ()),
        (3, 10, (Ground.REFUSES,)),
        # Of a hundred, sixteen and seventeen.
        (16, 100, ()),
        (17, 100, (Ground.REFUSES,)),
        # Nine people say nothing, whatever they say.
        (9, 9, ()),
    ],
)
def test_a_partner_is_bad_only_beyond_doubt(refused: int, people: int, found: tuple[Ground, ...]) -> None:
    loose = msgspec.structs.replace(THRESHOLDS, not_honoured=1000)
    assert grounds(counted(people, honoured=people - refused, refused=refused), loose) == found


def test_every_ground_is_found_on_its_own() -> None:
    assert grounds(counted(40, honoured=20, otherwise=20), THRESHOLDS) == (Ground.BREAKS_PROMISES,)
    assert grounds(counted(40, points=40), THRESHOLDS) == (Ground.RATED_LOW,)
    assert grounds(counted(40), THRESHOLDS) == ()


def test_counts_that_no_people_can_have_given_are_seen() -> None:
    assert is_consistent(counted(12))
    for wrong in ({"honoured": 11}, {"points": 49}, {"refused": 1}, {"honoured": 13, "refused": -1}):
        assert not is_consistent(counted(12, **wrong))
