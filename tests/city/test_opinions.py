"""What is said of a simulated day: the same on every run, once of a partner by each resident, and never much of the quiet ones."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from backend.city.day.opinions import BAD_PARTNER, FEW_REVIEWS, MOST_REVIEWS, Served, opinions
from backend.city.generator import City
from partners.reviews.figures import LEAST_PEOPLE, Kept, Opinion, figures_of
from partners.reviews.verdicts import Thresholds, grounds

BAD = 0
VISITS = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 7), st.booleans()), min_size=1, max_size=400).map(
    lambda drawn: [Served(number, *each) for number, each in enumerate(drawn)]
)


@given(VISITS)
def test_opinions_are_the_same_in_any_order_and_fit_their_visits(served: list[Served]) -> None:
    said = list(opinions("a day", served, BAD))
    assert said == list(opinions("a day", reversed(served), BAD))
    counted = Counter(each.served.partner for each in said)
    assert all(count <= (FEW_REVIEWS if partner % 4 == 3 else MOST_REVIEWS) for partner, count in counted.items())
    assert len({(each.served.resident, each.served.partner) for each in said}) == len(said)
    for each in said:
        assert (each.kept is Kept.REFUSED) is not each.served.used


def test_a_bad_partner_is_surely_bad_of_ten_people_and_others_are_not() -> None:
    served = [Served(number, number, number % 2, used=True) for number in range(2 * LEAST_PEOPLE)]
    thresholds = Thresholds(refused=100, not_honoured=200, rated=500)
    found = {
        partner: grounds(
            figures_of(
                (Opinion(each.stars, each.kept, each.waiting), 1)
                for each in opinions("a day", served, BAD)
                if each.served.partner == partner
            ),
            thresholds,
        )
        for partner in (BAD, 1)
    }
    assert found[BAD]
    assert not found[1]


def test_the_bad_partner_is_one_of_the_city() -> None:
    assert [partner.code for partner in City(3, 60).partners].count(BAD_PARTNER) == 1
