"""What an order costs: total = sum of charges - sum of discounts, in fen, never above what was agreed."""

from collections.abc import Sequence

from partners.orders.states import OPEN, OrderState


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


def outstanding(total_fen: int | None, paid_fen: int) -> int:
    """What of a bill is still to be paid; nothing before there is a bill."""
    return 0 if total_fen is None else total_fen - paid_fen


def held(state: OrderState, agreed_fen: int, total_fen: int | None, paid_fen: int) -> int:
    """What of the agreed amount is still held 冻结: all of it until the bill, then what is unpaid, then nothing.

    No money is frozen anywhere: it is how much the holder's agreement can still be called upon for.
    """
    if state in {OrderState.CREATED, OrderState.IN_USE}:
        return agreed_fen - paid_fen
    return outstanding(total_fen, paid_fen) if state in OPEN else 0


def payable(billed_fen: int, paid_fen: int, wanted_fen: int) -> int:
    """What is paid after a payment of `wanted_fen`. Raises AmountRefused for nothing, and for more than is billed."""
    if wanted_fen <= 0:
        raise AmountRefused("negative")
    if paid_fen + wanted_fen > billed_fen:
        raise AmountRefused("over-charges")
    return paid_fen + wanted_fen


def reversible(redeemed_fen: int, reversed_fen: int, wanted_fen: int | None) -> int:
    """How much of a redemption a reversal takes back: `wanted_fen`, or the whole rest. Raises AmountRefused."""
    rest = redeemed_fen - reversed_fen
    wanted = rest if wanted_fen is None else wanted_fen
    if wanted < 0 or (wanted == 0 and rest > 0):
        raise AmountRefused("negative")
    if wanted > rest:
        raise AmountRefused("over-agreed")
    return wanted
