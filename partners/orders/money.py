"""What an order costs: total = sum of charges - sum of discounts, in fen, never above what was agreed."""

from collections.abc import Sequence


class AmountRefused(ValueError):
    """An amount that cannot be: `code` is `negative`, `over-charges` or `over-agreed`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def settle(charges: Sequence[int], discounts: Sequence[int], agreed_fen: int, cap_fen: int) -> int:
    """The total in fen, 0 <= total <= agreed <= cap. Raises AmountRefused (domain rules, section 5)."""
    if agreed_fen < 0 or any(amount < 0 for amount in (*charges, *discounts)):
        raise AmountRefused("negative")
    total = sum(charges) - sum(discounts)
    if total < 0:
        raise AmountRefused("over-charges")
    if agreed_fen > cap_fen or total > agreed_fen:
        raise AmountRefused("over-agreed")
    return total


def reversible(redeemed_fen: int, reversed_fen: int, wanted_fen: int | None) -> int:
    """How much of a redemption a reversal takes back: `wanted_fen`, or the whole rest. Raises AmountRefused."""
    rest = redeemed_fen - reversed_fen
    wanted = rest if wanted_fen is None else wanted_fen
    if wanted < 0 or (wanted == 0 and rest > 0):
        raise AmountRefused("negative")
    if wanted > rest:
        raise AmountRefused("over-agreed")
    return wanted
