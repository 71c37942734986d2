"""What callers ask for within one tick is done together, and each gets its own answer."""

import asyncio
from collections.abc import Sequence

import pytest

from backend.platform.merging import ALONE, Alone, Merged, Merging


class Counted:
    """Doubles numbers, and remembers in which lots and which alone; a number below zero cannot be doubled."""

    def __init__(self, most: int = 32, late_seconds: float = 60) -> None:
        self.lots: list[list[int]] = []
        self.singles: list[int] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.came_out = asyncio.Event()
        self.merged = Merged(self.together, self.alone, most=most, late_seconds=late_seconds)

    async def together(self, context: str, asks: Sequence[int]) -> list[int]:
        """All of them, or none; `came_out` says that a second lot left."""
        self.lots.append(list(asks))
        if len(self.lots) == 2:
            self.came_out.set()
        await self.gate.wait()
        if min(asks) < 0:
            raise ValueError("one of the lot")
        return [2 * ask for ask in asks]

    async def alone(self, context: str, ask: int) -> int:
        """One of them."""
        self.singles.append(ask)
        if ask < 0:
            raise ValueError(ask)
        return 2 * ask


async def test_asks_of_one_tick_are_one_lot_and_each_gets_its_own_answer() -> None:
    counted, merging = Counted(), Merging()
    answers = list(await asyncio.gather(*(merging.ask(counted.merged, "", number) for number in range(20))))
    assert answers == [2 * number for number in range(20)]
    assert counted.lots == [list(range(20))]


async def test_a_lot_has_a_bound() -> None:
    counted, merging = Counted(most=8), Merging()
    answers = list(await asyncio.gather(*(merging.ask(counted.merged, "", number) for number in range(20))))
    assert answers == [2 * number for number in range(20)]
    assert [len(lot) for lot in counted.lots] == [8, 8, 4]


async def test_an_ask_that_is_alone_waits_for_nobody_and_the_next_gather_while_it_is_out() -> None:
    counted, merging = Counted(), Merging()
    counted.gate.clear()
    first = asyncio.create_task(merging.ask(counted.merged, "", 1))
    await asyncio.sleep(0.01)
    assert counted.lots == [[1]]
    later = [asyncio.create_task(merging.ask(counted.merged, "", number)) for number in (2, 3)]
    await asyncio.sleep(0.01)
    assert counted.lots == [[1]]
    counted.gate.set()
    assert list(await asyncio.gather(first, *later)) == [2, 4, 6]
    assert counted.lots == [[1], [2, 3]]


async def test_one_callers_bad_ask_fails_nobody_elses() -> None:
    counted, merging = Counted(), Merging()
    asks = (merging.ask(counted.merged, "", number) for number in (1, -1, 3))
    first, bad, third = await asyncio.gather(*asks, return_exceptions=True)
    assert (first, third) == (2, 6)
    assert isinstance(bad, ValueError)
    assert bad.args == (-1,)
    assert sorted(counted.singles) == [-1, 1, 3]


async def test_without_a_way_alone_the_error_reaches_each_caller_of_the_lot_and_the_next_lot_goes() -> None:
    counted, merging = Counted(), Merging()
    merged = Merged(counted.together)
    found = await asyncio.gather(*(merging.ask(merged, "", number) for number in (1, -1)), return_exceptions=True)
    assert [type(each) for each in found] == [ValueError, ValueError]
    assert await merging.ask(merged, "", 4) == 8


async def test_too_few_answers_are_no_answer_to_anybody() -> None:
    async def forgetful(_: str, asks: Sequence[int]) -> list[int]:
        return list(asks)[1:]

    found = await asyncio.gather(
        *(Merging().ask(Merged(forgetful), "", number) for number in (1, 2)), return_exceptions=True
    )
    assert [type(each) for each in found] == [RuntimeError, RuntimeError]


async def test_a_caller_that_goes_away_takes_nobody_along() -> None:
    counted, merging = Counted(), Merging()
    counted.gate.clear()
    out = [asyncio.create_task(merging.ask(counted.merged, "", number)) for number in (1, 2)]
    await asyncio.sleep(0.01)
    waiting = [asyncio.create_task(merging.ask(counted.merged, "", number)) for number in (3, 4)]
    await asyncio.sleep(0.01)
    out[0].cancel()
    waiting[0].cancel()
    counted.gate.set()
    assert list(await asyncio.gather(out[1], waiting[1])) == [4, 8]
    # Whoever left before the lot did is not in it.
    assert counted.lots == [[1, 2], [4]]
    for gone in (out[0], waiting[0]):
        with pytest.raises(asyncio.CancelledError):
            await gone


async def test_stopping_waits_for_what_was_asked() -> None:
    counted, merging = Counted(), Merging()
    asked = asyncio.create_task(merging.ask(counted.merged, "", 1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await merging.stop()
    assert await asked == 2


async def test_a_lot_that_is_late_holds_nobody_up() -> None:
    counted, merging = Counted(late_seconds=0.02), Merging()
    counted.gate.clear()
    first = asyncio.create_task(merging.ask(counted.merged, "", 1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    second = asyncio.create_task(merging.ask(counted.merged, "", 2))
    await counted.came_out.wait()
    assert counted.lots == [[1], [2]]
    assert not first.done()
    counted.gate.set()
    assert list(await asyncio.gather(first, second)) == [2, 4]


async def test_one_of_a_lot_may_fail_or_be_done_alone_and_the_others_have_their_answers() -> None:
    counted, merging = Counted(), Merging()

    async def picky(context: str, asks: Sequence[int]) -> list[int | Exception | Alone]:
        counted.lots.append(list(asks))
        return [ALONE if ask == 2 else ValueError(ask) if ask == 3 else 2 * ask for ask in asks]

    merged = Merged(picky, counted.alone)
    found = await asyncio.gather(*(merging.ask(merged, "", number) for number in (1, 2, 3, 4)), return_exceptions=True)
    assert found[:2] + found[3:] == [2, 4, 8]
    assert isinstance(found[2], ValueError)
    assert (counted.lots, counted.singles) == ([[1, 2, 3, 4]], [2])


async def test_what_cannot_be_done_alone_fails_instead_of_waiting_for_ever() -> None:
    async def evasive(_: str, asks: Sequence[int]) -> list[int | Exception | Alone]:
        return [ALONE for _ in asks]

    with pytest.raises(RuntimeError):
        await Merging().ask(Merged(evasive), "", 1)
