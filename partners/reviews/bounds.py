"""Confidence bounds 置信界 of a share, in exact integers: what may be said of a partner from so many people, and no more.

The bound is Wilson's (E. B. Wilson, JASA 22 (1927) 209-212): the shares p from which the seen share is not further away than z
standard deviations. Its root is never taken: which permille still fits is decided by comparing squares of whole numbers.
"""

PERMILLE = 1000

# The square of the normal distribution's 97.5 % point in millionths (chi-squared, one degree of freedom, 95 %: 3.841458820694...).
_Z_SQUARED = 3_841_459
_MILLION = 1_000_000


def lower_bound(points: int, most_each: int, people: int) -> int:
    """The largest whole permille that is surely not above the share `points / (most_each * people)`, at 95 % two-sided.

    Each person gave from 0 to `most_each` points; a share of such points varies at most as a yes or no does, so the bound holds
    for stars, too. 0 if there is nobody. Raises ValueError for points that these people cannot have given.
    """
    _require_possible(points, most_each, people)
    # No number of people makes anything certain: the bound of a whole share is below 1.
    low, high = 0, PERMILLE - 1 if people else 0
    while low < high:
        middle = (low + high + 1) // 2
        if _surely_at_least(middle, points, most_each, people):
            low = middle
        else:
            high = middle - 1
    return low


def upper_bound(points: int, most_each: int, people: int) -> int:
    """The smallest whole permille that is surely not below the share; 1000 if there is nobody. Raises ValueError as `lower_bound`."""
    _require_possible(points, most_each, people)
    return PERMILLE - lower_bound(most_each * people - points, most_each, people)


def _surely_at_least(permille: int, points: int, most_each: int, people: int) -> bool:
    """Whether `permille` is not above Wilson's lower bound.

    With share p = points/whole, whole = most_each * people, and t the permille as a share, t is not above the bound if t is not
    above p and (p - t)² * people >= z² * t * (1 - t). All denominators are multiplied away.
    """
    whole = most_each * people
    above = points * PERMILLE - permille * whole
    if above < 0:
        return False
    return above * above * people * _MILLION >= _Z_SQUARED * permille * (PERMILLE - permille) * whole * whole


def _require_possible(points: int, most_each: int, people: int) -> None:
    if most_each < 1 or people < 0 or not 0 <= points <= most_each * people:
        raise ValueError("these people cannot have given so many points")
