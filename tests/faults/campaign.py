"""A campaign: deliveries flow, processes are killed at random moments and wires are cut at commits; then the truth is looked at."""

import asyncio
import multiprocessing
import random
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date, timedelta
from itertools import count
from multiprocessing.process import BaseProcess
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from backend.consents import service as consents
from backend.consents.messages import ConsentKind
from backend.identity import service as identity
from backend.identity.messages import ProvenPerson
from backend.platform.access import Ground
from backend.platform.callers import system_access
from backend.platform.clock import local_date, start_of_day
from backend.platform.identifiers import make_identity_number
from backend.platform.platform import Platform
from backend.platform.settings import Settings
from backend.records import service as records
from backend.subjects.service import TOUCHED
from scoring import load, score, shipped
from tests.builders.people import Person
from tests.builders.sources import add_source, penalty, volunteering
from tests.faults import parts
from tests.faults.cutting import Wire

_PEOPLE = 24
_WORKERS = 3
_DOORS = 2
_DELIVERIES_OF_A_DOOR = 40
_DRAIN_SECONDS = 30

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.faults.parts"])


class Ended(NamedTuple):
    """How a campaign went: what is wrong, and how much it went through."""

    wrong: list[str]
    killed: int
    cut: int


async def consenting_people(platform: Platform, campaign: int) -> list[Person]:
    """New people who consent to a score."""
    people = [
        Person(f"199{campaign:02d}{number:06d}", "张三", make_identity_number(date(1990, 1, campaign), number))
        for number in range(1, _PEOPLE + 1)
    ]
    named = [ProvenPerson(person.phone, person.name, person.identity_number) for person in people]
    async with platform.database.transaction() as connection:
        registered = await identity.register_proven(platform, connection, named)
        subject_ids = [subject_id for _, subject_id in registered]
        await consents.record_many(platform, connection, subject_ids, ConsentKind.COMPUTE)
    return people


def drawn(chance: random.Random, people: list[Person], prefix: str) -> parts.Deliveries:
    """Deliveries of one to three documents about different people: new ones, and later versions of earlier ones."""
    today, numbers, volunteered = date(2026, 11, 1), count(), dict[str, tuple[Person, int]]()
    deliveries: parts.Deliveries = []
    for _ in range(_DELIVERIES_OF_A_DOOR):
        rows: list[dict[str, Any]] = []
        for person in chance.sample(people, chance.randint(1, 3)):
            on = today - timedelta(days=chance.randrange(300))
            again = [key for key, (whose, _) in volunteered.items() if whose is person]
            if again and chance.random() < 0.4:
                number = chance.choice(again)
                volunteered[number] = (person, volunteered[number][1] + 1)
                hours = str(chance.randint(1, 90))
                rows.append(volunteering(person, number, hours, on, sequence=volunteered[number][1]))
            elif chance.random() < 0.3:
                rows.append(penalty(person, f"{prefix}-CF-{next(numbers)}", on=on))
            else:
                number = f"{prefix}-ZY-{next(numbers)}"
                volunteered[number] = (person, 0)
                rows.append(volunteering(person, number, str(chance.randint(1, 90)), on))
        deliveries.append(rows)
    return deliveries


async def wage(settings: Settings, build: str, seed: int, campaign: int = 1) -> Ended:
    """One campaign against the due queue of a build (`broken.QUEUES`), with people and sources of its own; numbered from 1."""
    chance = random.Random(seed)
    wire = Wire(settings.database_url, chance, before=20, after=60)
    killed = 0
    async with parts.opened(settings) as platform, wire.laid() as url:
        people = await consenting_people(platform, campaign)
        wired = msgspec.structs.replace(settings, database_url=url)
        doors = []
        for number in range(_DOORS):
            source_id, _ = await add_source(platform, f"source-{campaign}-{number}")
            acknowledged = _context.Value("i", 0)
            doors.append((wired, source_id, drawn(chance, people, f"S{number}"), acknowledged))
        with ExitStack() as stack:
            workers = [_Part(stack, parts.worker, (wired, build)) for _ in range(_WORKERS)]
            sources = [_Part(stack, parts.door, door) for door in doors]
            while any(source.process.is_alive() for source in sources):
                await asyncio.sleep(chance.uniform(0.02, 0.2))
                # A door that is hardly ever open lets nothing in.
                part = chance.choice(sources if chance.random() < 0.1 else workers)
                if part in workers or part.process.is_alive():
                    part.kill_and_start_again()
                    killed += 1
            assert [door[3].value for door in doors] == [_DELIVERIES_OF_A_DOOR] * _DOORS
            wire.repair()
            await drained(platform)
        return Ended(await found_wrong(platform), killed, wire.cuts)


class _Part:
    """A process of the campaign."""

    def __init__(self, stack: ExitStack, target: Callable[..., None], arguments: tuple[Any, ...]) -> None:
        self._target = target
        self._arguments = arguments
        self.process: BaseProcess = self._start()
        stack.callback(self._end)

    def _start(self) -> BaseProcess:
        process = _context.Process(target=self._target, args=self._arguments, daemon=True)
        process.start()
        return process

    def _end(self) -> None:
        self.process.kill()
        self.process.join()

    def kill_and_start_again(self) -> None:
        """SIGKILL, and a new process in its place."""
        self._end()
        self.process = self._start()


async def drained(platform: Platform) -> None:
    """Until nothing is due. Raises TimeoutError."""
    async with asyncio.timeout(_DRAIN_SECONDS), platform.database.connection() as connection:
        while await connection.fetch_value(
            "SELECT EXISTS (SELECT FROM due_work WHERE due_at <= $1), pg_sleep(0.05)", platform.clock.now()
        ):
            pass


async def found_wrong(platform: Platform) -> list[str]:
    """Every score against the engine on the records, every history against itself, every next date against the score."""
    now = platform.clock.now()
    rule_set, day = load(shipped("taohua")), local_date(now)
    access = system_access("faults", "核对", "核对", Ground.CONSENT_COMPUTE, "records")
    async with platform.database.transaction() as connection:
        rows = await connection.impersonal("a test looks", "SELECT subject_id, expires_at FROM consent")
        until = {row["subject_id"]: row["expires_at"] for row in rows}
        facts = await records.facts_of(connection, access, sorted(until))
        rows = await connection.impersonal("a test looks", "SELECT * FROM score")
        scores = {row["subject_id"]: row for row in rows}
        changes = await connection.impersonal("a test looks", "SELECT * FROM score_change ORDER BY id")
        due = await connection.fetch("SELECT key, due_at FROM due_work WHERE topic = $1", TOUCHED)
    queued = {row["key"]: row["due_at"] for row in due}
    wrong: list[str] = []
    for subject_id, ends in until.items():
        result, stored = score(rule_set, facts[subject_id], day), scores.get(subject_id)
        if stored is None or stored["millipoints"] != result.millipoints:
            wrong.append(
                f"{subject_id}: the records give {result.millipoints}, stored is {stored and stored['millipoints']}"
            )
        elif stored["lines"] != msgspec.to_builtins(list(result.lines)):
            wrong.append(f"{subject_id}: the stored lines are not those of the records")
        next_on = result.next_change_on
        expected = ends if next_on is None else min(ends, start_of_day(next_on))
        if queued.get(subject_id) != expected:
            wrong.append(f"{subject_id}: is looked at again {queued.get(subject_id)}, should be {expected}")
        wrong += _gaps(subject_id, [row for row in changes if row["subject_id"] == subject_id], stored)
    return wrong


def _gaps(subject_id: UUID, changes: list[Any], stored: Any) -> list[str]:
    """A history begins with nothing, goes on from where it was, never stands still, and ends at the score."""
    reached, wrong = None, []
    for change in changes:
        if change["before"] != reached or change["after"] == reached:
            wrong.append(f"{subject_id}: was at {reached}, the history says {change['before']} -> {change['after']}")
        reached = change["after"]
    if stored is not None and reached != stored["millipoints"]:
        wrong.append(f"{subject_id}: the history ends at {reached}")
    return wrong
