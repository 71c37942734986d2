"""Nothing that is published of groups is about fewer than ten people, nor is any difference of it."""

from functools import reduce
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as some

from scoring.disclosure import LEAST, Cells, merged, rounded

counts = some.one_of(some.integers(0, 12), some.integers(0, 500))
groups = some.dictionaries(
    some.sampled_from("abcdefgh"), some.builds(Cells, counts, counts, counts, counts, counts), max_size=8
)


@given(groups)
def test_every_sum_and_difference_of_published_rows_is_none_or_ten_people(tables: dict[str, Cells]) -> None:
    told = [cells for _, cells in merged(tables)]
    everybody = reduce(Cells.plus, tables.values(), Cells())
    if told:
        assert reduce(Cells.plus, told) == everybody
    for size in range(1, len(told) + 1):
        for rows in combinations(told, size):
            together = reduce(Cells.plus, rows)
            for some_of, all_of in (
                (together.same, everybody.same),
                (together.up, everybody.up),
                (together.down, everybody.down),
            ):
                assert some_of == 0 or some_of >= LEAST
                assert all_of - some_of == 0 or all_of - some_of >= LEAST


@given(groups)
def test_only_what_has_to_be_is_merged(tables: dict[str, Cells]) -> None:
    if all(cells.is_safe for cells in tables.values()):
        assert dict(merged(tables)) == dict(tables)


def test_a_single_small_group_takes_the_next_one_with_it() -> None:
    table = {"a": Cells(same=50), "b": Cells(same=20), "c": Cells(same=3)}
    assert merged(table) == [("a", Cells(same=50)), (None, Cells(same=23))]
    assert merged({"a": Cells(up=9)}) == []


def test_counts_are_rounded_to_tens_and_hidden_below() -> None:
    assert [rounded(count) for count in (0, 9, 10, 14, 15, 104)] == [None, None, 10, 10, 20, 100]
