"""State machines of Hypothesis whose steps happen on the real application: drawn in a thread, done on the test's loop."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

Value = TypeVar("Value")

_SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)


class Done:
    """Does coroutines of the test's loop for a machine that waits for them."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()

    def __call__(self, act: Coroutine[Any, Any, Value]) -> Value:
        """What it gives. Raises what it raises."""
        return asyncio.run_coroutine_threadsafe(act, self._loop).result()


async def run(machine: type[RuleBasedStateMachine], *, examples: int, steps: int) -> None:
    """Runs a machine; each example makes what it needs anew, beside what earlier ones left."""
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        suppress_health_check=_SLOW,
        # The steps as they were drawn are told; making them fewer would take minutes on a real database.
        phases=(Phase.generate,),
        report_multiple_bugs=False,
    )
    await asyncio.to_thread(run_state_machine_as_test, machine, settings=chosen)
