"""One run: throw-away services, a population, a server, and rounds in which everything is measured once."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import msgspec

from backend.commands.bench import store
from backend.commands.bench.load import Window, Wrong
from backend.commands.bench.population import Population, populated
from backend.commands.bench.report import Found, Report, as_text, show, values_of
from backend.commands.bench.requests import ROWS, Requests, accepted, eligible
from backend.commands.bench.server import served
from backend.commands.bench.services import throw_away
from backend.commands.http_server import most_workers
from backend.commands.progress import Advance, progress
from backend.commands.services import opened
from backend.platform.platform import Platform
from backend.platform.settings import Settings

_SETTLE_SECONDS = 120
# A city has a dozen sources, which deliver now and then: more than a few at once would measure a queue.
_DELIVERING = 4
# Enough requests for a server that is a little faster than it just was; when they run out, the measurement ends earlier.
_MARGIN = 1.3


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How long each measurement takes, over how many connections, how often, and for how many residents."""

    seconds: float
    connections: int
    rounds: int
    residents: int


class _Measurement(NamedTuple):
    """What is sent, the status it must be answered with, what of an answer counts, and what else must hold."""

    name: str
    unit: str
    status: int
    prepare: Callable[[int], Awaitable[list[bytes]]]
    pieces: int = 1
    most_connections: int = sys.maxsize
    check: Callable[[Window], object] | None = None


def run(settings: Settings, plan: Plan, *, as_json: bool) -> int:
    """Prints what was found; gives the exit code, 1 if something was answered that should not have been. Raises Refusal.

    Of `settings` only the number of workers is taken: whatever the environment names is left alone.
    """
    try:
        report = _report(settings.workers or most_workers(), plan)
    except Wrong as wrong:
        print(f"测量中止，结果不可信。 The bench ended: its result could not be believed.\n{wrong}", file=sys.stderr)
        return 1
    show(report)
    print(as_text(report, as_json=as_json))
    return 0


def _report(workers: int, plan: Plan) -> Report:
    with throw_away(workers) as (settings, runner):
        population = runner.run(populated(settings, plan.residents))
        with served(settings):
            rounds, units = runner.run(_rounds(settings, population, plan))
    return Report(
        seconds=plan.seconds,
        connections=plan.connections,
        rounds=plan.rounds,
        residents=plan.residents,
        workers=workers,
        measurements=list(units),
        values=values_of(rounds, units),
    )


async def _rounds(
    settings: Settings, population: Population, plan: Plan
) -> tuple[list[dict[str, Found]], dict[str, str]]:
    """What each round found, and the unit of each measurement. The measurements take turns, so that a slow minute of the
    machine falls on all of them."""
    async with opened(settings) as platform:
        requests = Requests(platform, population, plan.connections)
        measurements = _measurements(requests)
        with progress("测量 measuring", len(measurements) * (plan.rounds + 1)) as advance:
            # The first turn is not counted: it fills caches and pools, and says how many requests to prepare.
            rates = {
                measurement.name: (await _once(platform, requests, measurement, plan, None, advance)).rate
                for measurement in measurements
            }
            rounds: list[dict[str, Found]] = []
            for _ in range(plan.rounds):
                found: dict[str, Found] = {}
                for measurement in measurements:
                    window = await _once(platform, requests, measurement, plan, rates[measurement.name], advance)
                    rates[measurement.name] = window.rate
                    found[measurement.name] = Found(
                        rate=window.rate * measurement.pieces,
                        p50=window.milliseconds_at(0.5),
                        p99=window.milliseconds_at(0.99),
                    )
                rounds.append(found)
    return rounds, {measurement.name: measurement.unit for measurement in measurements}


def _measurements(requests: Requests) -> tuple[_Measurement, ...]:
    """Both ceilings first. The intake comes last, and what it leaves to be computed is done before the next one begins."""
    return (
        _Measurement("empty", "requests/s", 200, requests.empty),
        _Measurement("select_and_cache", "requests/s", 200, requests.select_and_cache),
        _Measurement("code_issue", "requests/s", 200, requests.code_issue),
        _Measurement("score_read", "requests/s", 200, requests.score_read),
        _Measurement("verification", "requests/s", 201, requests.verification, check=eligible),
        _Measurement("redemption", "requests/s", 201, requests.redemption),
        _Measurement(
            "intake", "rows/s", 201, requests.intake, pieces=ROWS, most_connections=_DELIVERING, check=accepted
        ),
    )


async def _once(
    platform: Platform,
    requests: Requests,
    measurement: _Measurement,
    plan: Plan,
    rate: float | None,
    advance: Advance,
) -> Window:
    """One measurement. Without a known `rate`, a few requests for each connection."""
    connections = min(plan.connections, measurement.most_connections)
    fewest = connections * 4
    count = fewest if rate is None else max(fewest, int(rate * plan.seconds * _MARGIN))
    prepared = await measurement.prepare(count)
    window = await requests.sent(prepared, measurement.status, connections, plan.seconds)
    if measurement.check is not None:
        measurement.check(window)
    await _settled(platform)
    advance(1)
    return window


async def _settled(platform: Platform) -> None:
    """Waits until the server has done what was due, above all the scores that follow from new records. Raises Wrong."""
    for _ in range(_SETTLE_SECONDS * 20):
        async with platform.database.connection() as connection:
            if not await store.work_waits(connection, platform.clock.now()):
                return
        await asyncio.sleep(0.05)
    raise Wrong(
        f"到期队列在 {_SETTLE_SECONDS} 秒内没有处理完。",
        f"The due queue was not done within {_SETTLE_SECONDS} seconds.",
    )
