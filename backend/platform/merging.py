"""Merging 合并: what callers ask for within one tick of the event loop is done together, in one statement and one commit.

A hot act costs the application and PostgreSQL more by its round trips than by its rows, and 32 tills that wait for 32
commits wait for 32 writes of the disk. A room says once how many asks of one shape are done together (`Merged`); whoever
asks, asks for one and gets the answer to that one (`Merging.ask`). Nobody waits for company: an ask that is alone goes at
once; while a lot is out, the next one gathers, for that makes it large and cheap. A lot that is late holds nobody up: after
`late_seconds` the next one leaves beside it.

What holds for every ask:

- Its answer is the one at its own place: `together` gives as many answers as there are asks, in their order. An exception at
  a place is raised to that caller, and `ALONE` says that this one is to be done `alone`; both befall nobody else.
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
from enum import Enum, auto
from typing import Any, Generic, TypeVar

Context = TypeVar("Context")
Ask = TypeVar("Ask")
Answer = TypeVar("Answer")


class Alone(Enum):
    """Instead of an answer: this ask is to be done alone, after the lot."""

    ALONE = auto()


ALONE = Alone.ALONE


@dataclass(frozen=True, eq=False)
class Merged(Generic[Context, Ask, Answer]):
    """How asks of one shape are done: a lot of them together, or one alone. The context is what they are done with."""

    together: Callable[[Context, Sequence[Ask]], Awaitable[Sequence[Answer | Exception | Alone]]]
    alone: Callable[[Context, Ask], Awaitable[Answer]] | None = None
    most: int = 32
    late_seconds: float = 0.1


@dataclass(eq=False)
class _Waiting:
    ask: Any
    answer: "asyncio.Future[Any]"


class _Lane:
    """The asks of one shape that wait, the lots of them that are out, and the one of these that the next waits for."""

    def __init__(self) -> None:
        self.waiting: deque[_Waiting] = deque()
        self.out: set[asyncio.Task[None]] = set()
        self.awaited: asyncio.Task[None] | None = None
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
        if not lane.called and lane.awaited is None:
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
        """Sends off what waits, unless there is a lot to wait for."""
        lane.called = False
        if lane.awaited is not None or not (lot := _lot(lane.waiting, merged.most)):
            return
        task = asyncio.create_task(_carry(merged, context, lot))
        lane.out.add(task)
        lane.awaited = task
        late = asyncio.get_running_loop().call_later(merged.late_seconds, self._next, merged, context, lane, task)
        task.add_done_callback(lambda done: self._home(merged, context, lane, done, late))

    def _next(self, merged: Merged[Any, Any, Any], context: Any, lane: _Lane, task: "asyncio.Task[None]") -> None:
        """A lot is home or late: the next one no longer waits for it."""
        if lane.awaited is task:
            lane.awaited = None
            self._leave(merged, context, lane)

    def _home(
        self,
        merged: Merged[Any, Any, Any],
        context: Any,
        lane: _Lane,
        done: "asyncio.Task[None]",
        late: asyncio.TimerHandle,
    ) -> None:
        late.cancel()
        lane.out.discard(done)
        self._next(merged, context, lane, done)


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
    left = []
    for each, answer in zip(lot, answers, strict=True):
        if answer is ALONE:
            left.append(each)
        elif isinstance(answer, Exception):
            _fail(each, answer)
        elif not each.answer.done():
            each.answer.set_result(answer)
    if left and merged.alone is None:
        for each in left:
            _fail(each, RuntimeError("asks of this shape cannot be done alone"))
    elif left and merged.alone is not None:
        await asyncio.gather(*(_alone(merged.alone, context, each) for each in left))


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
