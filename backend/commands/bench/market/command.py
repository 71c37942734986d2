"""What is measured, in turn, and the lines that follow from it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any
from uuid import UUID, uuid4

from backend.commands.bench import packages
from backend.commands.bench.lines import Line, show_all
from backend.commands.bench.load import Window
from backend.commands.bench.market import store
from backend.commands.bench.market.loop import Act, closed_loop
from backend.commands.bench.market.stage import HOT, SPREAD, SUBSIDISED, Stage
from backend.commands.bench.market.vouchers import Vouchers
from backend.commands.bench.population import Population, populated
from backend.commands.bench.requests import Requests
from backend.commands.bench.server import served
from backend.commands.bench.services import throw_away
from backend.commands.progress import Advance, progress
from backend.commands.services import opened
from backend.platform.merging import Merged
from backend.platform.platform import Platform
from backend.platform.settings import Settings

_RESIDENTS = 1000
_CALLERS = 32
_FEWER = 8
# Enough acts for a machine that is a little faster than it just was.
_MARGIN = 1.5
# What a round adds to the history is little beside what the last measurement lays under it.
_AGED_TIMES = 10
_LEAST_HISTORY = 20_000
# The same acts as signed requests to a server, by the name of what is done in this process.
_OVER_HTTP: dict[str, Sequence[str]] = {"hot_32": (HOT,), "spread_32": SPREAD}

Given = Callable[[int], Awaitable[Sequence[Any]]]


def run(rounds: int, seconds: float, *, as_json: bool) -> int:
    """Prints the lines; gives the exit code, 1 if something became of a redemption that should not have. Raises Refusal."""
    packages.require("market", "oscar")
    return show_all((_lines(rounds, seconds, beside_oscar=True),), as_json=as_json)


def _lines(rounds: int, seconds: float, *, beside_oscar: bool) -> Iterator[Line]:
    with throw_away() as (settings, runner):
        vouchers = Vouchers(settings) if beside_oscar else None
        population = runner.run(populated(settings, _RESIDENTS))
        with served(settings):
            found = runner.run(_measured(settings, population, rounds, seconds, vouchers))
    if vouchers is not None:
        yield Line("hot_32_of_oscar_32_ratio", [each["hot_32"].rate / each["oscar_32"].rate for each in found], "ratio")
        yield Line("oscar_single_voucher", vouchers.uses_of_single, "uses")
    rates = {name: [each[name].rate for each in found] for name in found[0]}
    for name, rate in rates.items():
        yield Line(f"{name}_rate", rate, "acts/s")
        for share in (0.5, 0.99):
            yield Line(f"{name}_p{int(share * 100)}", [each[name].milliseconds_at(share) for each in found], "ms")
    for name, other in (
        ("bare_together_32", "bare_one_by_one_32"),
        ("hot_32", "hot_one_by_one_32"),
        ("hot_32", "bare_one_by_one_32"),
        ("spread_8", "bare_insert_8"),
        ("spread_32", "bare_insert_32"),
        ("subsidised_32", "hot_32"),
        *((f"http_{name}", name) for name in _OVER_HTTP),
    ):
        yield Line(f"{name}_of_{other}_ratio", [each[name].rate / each[other].rate for each in found], "ratio")
    for name, other, share in (("hot_32", "hot_1", 0.99), ("aged_32", "hot_32", 0.5)):
        of = [each[name].milliseconds_at(share) / each[other].milliseconds_at(share) for each in found]
        yield Line(f"{name}_p{int(share * 100)}_of_{other}_ratio", of, "ratio")


async def _measured(
    settings: Settings, population: Population, rounds: int, seconds: float, vouchers: Vouchers | None
) -> list[dict[str, Window]]:
    """What each round found; the first turn is not counted. In each, the history is laid once more before its last measurement."""
    async with opened(settings) as platform:
        stage = Stage(platform, population)
        await stage.build()
        if vouchers is not None:
            await vouchers.prepare()
        measurements = _measurements(platform, stage)
        requests = Requests(platform, population, _CALLERS)
        found: list[dict[str, Window]] = []
        with progress("测量 measuring", (len(measurements) + len(_OVER_HTTP) + 1) * (rounds + 1)) as advance:
            rates = dict.fromkeys([*measurements, *(f"http_{name}" for name in _OVER_HTTP), "aged_32"], 500.0)
            for round_ in range(rounds + 1):
                windows: dict[str, Window] = {}
                for name, (callers, act, given) in measurements.items():
                    windows[name] = await _once(callers, act, given, rates[name], seconds, advance)
                for name, benefits in _OVER_HTTP.items():
                    rate = rates[f"http_{name}"]
                    windows[f"http_{name}"] = await _over_http(requests, stage, benefits, rate, seconds, advance)
                if round_ == 0:
                    done = sum(len(window.latencies) for window in windows.values())
                    await stage.age(max(_LEAST_HISTORY, _AGED_TIMES * done))
                callers, act, given = measurements["hot_32"]
                windows["aged_32"] = await _once(callers, act, given, rates["aged_32"], seconds, advance)
                rates = {name: window.rate for name, window in windows.items()}
                if vouchers is not None:
                    windows["oscar_32"] = await asyncio.to_thread(vouchers.used, _CALLERS, seconds)
                if round_:
                    found.append(windows)
            await _race(stage, rounds)
    return found


def _measurements(platform: Platform, stage: Stage) -> dict[str, tuple[int, Act, Given]]:
    async def verified(benefits: Sequence[str], count: int) -> Sequence[Any]:
        return await stage.verified(benefits, count)

    async def ids(count: int) -> Sequence[UUID]:
        return [uuid4() for _ in range(count)]

    async def alone(statement: str, id_: UUID) -> None:
        async with platform.database.connection() as connection:
            await connection.execute(statement, id_)

    async def together(_: Platform, asked: Sequence[UUID]) -> Sequence[bool]:
        async with platform.database.connection() as connection:
            taken = await connection.execute(store.TAKE_MANY, list(asked))
        return [place < taken for place in range(len(asked))]

    merged: Merged[Platform, UUID, bool] = Merged(together)
    hot: Given = lambda count: verified((HOT,), count)  # noqa: E731 named for what it gives
    return {
        "bare_one_by_one_32": (_CALLERS, lambda id_: alone(store.TAKE_ONE, id_), ids),
        "bare_together_32": (_CALLERS, lambda id_: platform.merging.ask(merged, platform, id_), ids),
        "bare_insert_8": (_FEWER, lambda id_: alone(store.INSERT_ONE, id_), ids),
        "bare_insert_32": (_CALLERS, lambda id_: alone(store.INSERT_ONE, id_), ids),
        "hot_1": (1, stage.redeem, hot),
        "hot_32": (_CALLERS, stage.redeem, hot),
        "hot_one_by_one_32": (_CALLERS, stage.redeem_by_itself, hot),
        "subsidised_32": (_CALLERS, stage.redeem, lambda count: verified((SUBSIDISED,), count)),
        "spread_8": (_FEWER, stage.redeem, lambda count: verified(SPREAD, count)),
        "spread_32": (_CALLERS, stage.redeem, lambda count: verified(SPREAD, count)),
    }


async def _once(callers: int, act: Act, given: Given, rate: float, seconds: float, advance: Advance) -> Window:
    window = await closed_loop(callers, act, await given(max(callers * 4, int(rate * seconds * _MARGIN))), seconds)
    advance(1)
    return window


async def _over_http(
    requests: Requests, stage: Stage, benefits: Sequence[str], rate: float, seconds: float, advance: Advance
) -> Window:
    """Signed redemptions, made before the clock runs. Raises Wrong unless each is answered 201."""
    orders = await stage.verified(benefits, max(_CALLERS * 4, int(rate * seconds * _MARGIN)))
    prepared = requests.redemptions([order.verification_id for order in orders])
    window = await requests.sent(prepared, 201, _CALLERS, seconds)
    advance(1)
    return window


async def _race(stage: Stage, rounds: int) -> None:
    """What was measured was exact: of a handful of places each went to one, whoever raced for them. Raises Wrong."""
    for number in range(rounds):
        benefit_id = await stage.race(number)
        orders = await stage.verified((benefit_id,), _CALLERS * 2)
        await asyncio.gather(*(stage.redeem_or_be_late(order) for order in orders))
        await stage.require_exact(benefit_id, stage.places)
