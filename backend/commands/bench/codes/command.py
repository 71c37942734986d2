"""`xinyi bench codes`: lines of what runs alone, and of a server on which ours, its ceiling and the peer take turns."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING

from backend.commands.bench import packages
from backend.commands.bench.lines import Line, show_all
from backend.commands.bench.load import Window, send
from backend.commands.bench.population import Population, populated
from backend.commands.bench.requests import Requests, eligible
from backend.commands.bench.server import served
from backend.commands.bench.services import throw_away
from backend.commands.progress import Advance, progress
from backend.commands.services import opened
from backend.platform.settings import Settings

if TYPE_CHECKING:
    from backend.commands.bench.codes.peer_server import Peer

_RESIDENTS = 1000
# Enough requests for a server that is a little faster than it just was.
_MARGIN = 1.3

Measurement = tuple[Callable[[int], Awaitable[list[bytes]]], int, int]
"""How requests are made, the status they must be answered with, and the port they go to."""


def run(rounds: int, connections: int, seconds: float, *, as_json: bool) -> int:
    """Prints the lines; gives the exit code, 1 if something was answered that should not have been. Raises Refusal."""
    packages.require("codes", "fastapi", "sqlalchemy")
    from backend.commands.bench.codes.alone import offline, signatures

    parts = (signatures(rounds), offline(rounds), _server(rounds, connections, seconds))
    return show_all(parts, as_json=as_json)


def _server(rounds: int, connections: int, seconds: float) -> Iterator[Line]:
    from backend.commands.bench.codes.peer_server import Peer

    with throw_away() as (settings, runner):
        population = runner.run(populated(settings, _RESIDENTS))
        peer = Peer(settings)
        runner.run(peer.prepare())
        with served(settings), peer.served():
            found = runner.run(_rounds(settings, population, peer, rounds, connections, seconds))
    for name in found[0]:
        yield Line(f"{name}_rate", [each[name].rate for each in found], "requests/s")
        yield Line(f"{name}_p50", [each[name].milliseconds_at(0.5) for each in found], "ms")
        yield Line(f"{name}_p99", [each[name].milliseconds_at(0.99) for each in found], "ms")
    for name in ("verification", "redemption"):
        for other in ("signed", "peer_verification"):
            yield Line(f"{name}_of_{other}_ratio", [each[name].rate / each[other].rate for each in found], "ratio")


async def _rounds(
    settings: Settings, population: Population, peer: "Peer", rounds: int, connections: int, seconds: float
) -> list[dict[str, Window]]:
    """What each round found; they take turns, and the first turn is not counted."""
    async with opened(settings) as platform:
        requests = Requests(platform, population, connections)
        measurements: dict[str, Measurement] = {
            "signed": (requests.signed, 200, settings.port),
            "verification": (requests.verification, 201, settings.port),
            "redemption": (requests.redemption, 201, settings.port),
            "peer_verification": (peer.verification, 201, peer.port),
        }
        with progress("测量 measuring", len(measurements) * (rounds + 1)) as advance:
            warm = {
                name: await _once(each, connections * 4, connections, seconds, advance)
                for name, each in measurements.items()
            }
            rates = {name: window.rate for name, window in warm.items()}
            found: list[dict[str, Window]] = []
            for _ in range(rounds):
                windows: dict[str, Window] = {}
                for name, each in measurements.items():
                    count = max(connections * 4, int(rates[name] * seconds * _MARGIN))
                    windows[name] = await _once(each, count, connections, seconds, advance)
                    rates[name] = windows[name].rate
                for name in ("verification", "peer_verification"):
                    eligible(windows[name])
                found.append(windows)
    return found


async def _once(measurement: Measurement, count: int, connections: int, seconds: float, advance: Advance) -> Window:
    prepare, status, port = measurement
    prepared = await prepare(count)
    # What the preparation left to be done on the server is done before the clock runs.
    await asyncio.sleep(0.2)
    window = await send("127.0.0.1", port, prepared, connections=connections, status=status, seconds=seconds)
    advance(1)
    return window
