"""Merging 合并: what callers ask for within one tick of the event loop is done together, in one statement and one commit.

A hot act costs the application and PostgreSQL more by its round trips than by its rows, and 32 tills that wait for 32
commits wait for 32 writes of the disk. A room says once how many asks of one shape are done together (`Merged`); whoever
asks, asks for one and gets the answer to that one (`Merging.ask`). Nobody waits for company: an ask that is alone goes at
once, and only while `at_once` lots are out does a next one gather.

What holds for every ask:

- Its answer is the one at its own place: `together` gives as many answers as there are asks, in their order.
- What another asked for cannot spoil it. Whatever goes wrong with a lot of asks, each of them is then done `alone`, and
  an error reaches the caller whose ask it was. So `together` undoes all it did before it raises: it is one transaction.
  Without an `alone` the error of the lot reaches each of its callers.
- A caller that goes away before its lot leaves does not go with it; one that goes away later takes nothing back, as with
  any answer that is lost on its way.
- A lot has at most `most` asks.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Context = TypeVar("Context")
Ask = TypeVar("Ask")
Answer = TypeVar("Answer")


@dataclass(frozen=True, eq=False)
class Merged(Generic[Context, Ask, Answer]):
    """How asks of one shape are done: a lot of them together, or one alone. The context is what they are done with."""

    together: Callable[[Context, Sequence[Ask]], Awaitable[Sequence[Answer]]]
    alone: Callable[[Context, Ask], Awaitable[Answer]] | None = None
    most: int = 32
    at_once: int = 2


@dataclass(eq=False)
class _Waiting:
    ask: Any
    answer: "asyncio.Future[Any]"


class _Lane:
    """The asks of one shape that wait, and how many lots of them are out."""

    def __init__(self) -> None:
        self.waiting: deque[_Waiting] = deque()
        self.out: set[asyncio.Task[None]] = set()
        self.called = False


class Merging:
    """The lanes of one process."""

    def __init__(self) -> None:
        self._lanes: dict[Merged[Any, Any, Any], _Lane] = {}

    async def ask(self, merged: Merged[Context, Ask, Answer], context: Context, ask: Ask) -> Answer:
        """The answer to one ask, done in the company of those that came in the same tick of the loop.

        Raises what `merged.alone` raises for this ask; without an `alone`, what befell its lot.
        """
        lane = self._lanes.setdefault(merged, _Lane())
        loop = asyncio.get_running_loop()
        waiting = _Waiting(ask, loop.create_future())
        lane.waiting.append(waiting)
        if not lane.called and len(lane.out) < merged.at_once:
            # After the callbacks of this tick: whoever is woken in it is in time.
            lane.called = True
            loop.call_soon(self._leave, merged, context, lane)
        answer: Answer = await waiting.answer
        return answer

    async def stop(self) -> None:
        """Lets what is out come home; what still waits is done as well."""
        while tasks := [task for lane in self._lanes.values() for task in lane.out]:
            await asyncio.gather(*tasks)

    def _leave(self, merged: Merged[Any, Any, Any], context: Any, lane: _Lane) -> None:
        """Sends off what waits, as far as lots may be out."""
        lane.called = False
        while len(lane.out) < merged.at_once and (lot := _lot(lane.waiting, merged.most)):
            task = asyncio.create_task(_carry(merged, context, lot))
            lane.out.add(task)
            task.add_done_callback(lambda done: self._home(merged, context, lane, done))

    def _home(self, merged: Merged[Any, Any, Any], context: Any, lane: _Lane, done: "asyncio.Task[None]") -> None:
        lane.out.discard(done)
        self._leave(merged, context, lane)


def _lot(waiting: deque[_Waiting], most: int) -> list[_Waiting]:
    """The next lot: those whose callers are still there."""
    lot: list[_Waiting] = []
    while waiting and len(lot) < most:
        each = waiting.popleft()
        if not each.answer.done():
            lot.append(each)
    return lot


async def _carry(merged: Merged[Any, Any, Any], context: Any, lot: list[_Waiting]) -> None:
    try:
        answers = await merged.together(context, [each.ask for each in lot])
        if len(answers) != len(lot):
            raise RuntimeError(f"{len(lot)} asks were done together and {len(answers)} answered")
    except Exception as error:
        if merged.alone is None:
            for each in lot:
                _fail(each, error)
        else:
            await asyncio.gather(*(_alone(merged.alone, context, each) for each in lot))
        return
    except BaseException as error:
        for each in lot:
            _fail(each, error)
        raise
    for each, answer in zip(lot, answers, strict=True):
        if not each.answer.done():
            each.answer.set_result(answer)


async def _alone(alone: Callable[[Any, Any], Awaitable[Any]], context: Any, each: _Waiting) -> None:
    if each.answer.done():
        return
    try:
        answer = await alone(context, each.ask)
    except Exception as error:
        _fail(each, error)
    else:
        if not each.answer.done():
            each.answer.set_result(answer)


def _fail(each: _Waiting, error: BaseException) -> None:
    if each.answer.done():
        return
    if isinstance(error, asyncio.CancelledError):
        each.answer.cancel()
    else:
        each.answer.set_exception(error)
