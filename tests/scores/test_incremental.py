"""What happens to one person's records changes that person's score and writes to nobody else's, on the day it happens."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest

from backend import rooms
from backend.consents import service as consents
from backend.consents.messages import ConsentKind
from backend.platform.access import Ground
from backend.platform.callers import system_access
from backend.platform.clock import SettableClock, start_of_day
from backend.platform.database import Connection
from backend.platform.due import DueQueue
from backend.platform.platform import Platform
from backend.records import service as records
from backend.records.messages import Correction
from backend.scores import computing
from backend.subjects.service import TOUCHED
from tests.builders.people import Person, PersonBuilder
from tests.builders.signed import SignedCaller
from tests.builders.sources import deliver, first_aid, penalty, volunteering

_ACCESS = system_access("test", "测试", "测试", Ground.LEGAL_DUTY)
_MOMENT = timedelta(microseconds=1)

Act = Callable[[], Awaitable[object]]


class City:
    """Three people with records of their own, and whose scores are written by what happens."""

    def __init__(
        self, client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, people: list[Person]
    ) -> None:
        self.client = client
        self.platform = platform
        self.clock = clock
        self.someone, *self.others = people
        self.computed: list[UUID] = []
        handlers = rooms.due_handlers(platform)

        async def computing_noticed(connection: Connection, subject_ids: list[UUID]) -> None:
            self.computed += subject_ids
            await handlers[TOUCHED](connection, subject_ids)

        self._queue = DueQueue(platform.database, clock, {**handlers, TOUCHED: computing_noticed})

    async def run_due(self) -> None:
        """Everything that is due, and what becomes due by doing it."""
        while await self._queue.run_due():
            pass

    async def _scores(self) -> dict[UUID, Any]:
        """Every row as it is stored, with the transaction that wrote it."""
        async with self.platform.database.connection() as connection:
            rows = await connection.impersonal("a test looks", "SELECT xmin::text AS written_by, * FROM score")
        return {row["subject_id"]: dict(row) for row in rows}

    async def _changes(self) -> list[tuple[UUID, int | None, int]]:
        async with self.platform.database.connection() as connection:
            rows = await connection.impersonal(
                "a test looks", "SELECT subject_id, before, after FROM score_change ORDER BY id"
            )
        return [(row["subject_id"], row["before"], row["after"]) for row in rows]

    async def written_by(self, act: Act) -> set[UUID]:
        """Whose stored score an act and what follows from it writes, adds or deletes."""
        before = await self._scores()
        await act()
        await self.run_due()
        after = await self._scores()
        return {subject for subject in before.keys() | after.keys() if before.get(subject) != after.get(subject)}

    async def moved_by(self, act: Act) -> list[tuple[UUID, int | None, int]]:
        """The changes that an act adds to the histories; only those whose score changed are written."""
        before = len(await self._changes())
        written = await self.written_by(act)
        added = (await self._changes())[before:]
        assert {subject for subject, _, _ in added} <= written
        return added

    async def at(self, instant: datetime) -> None:
        """The clock comes to an instant."""
        self.clock.instant = instant

    async def record(self, item: str) -> UUID:
        """The record of an item that the person has."""
        async with self.platform.database.connection() as connection:
            [row] = await connection.impersonal(
                "a test looks",
                "SELECT id FROM record WHERE subject_id = $1 AND item = $2",
                self.someone.subject_id,
                item,
            )
        return UUID(str(row["id"]))

    async def decide(self, act: Callable[..., Awaitable[None]], item: str, *more: object) -> None:
        """An act of the records room on the person's record of an item."""
        record_id = await self.record(item)
        async with self.platform.database.transaction() as connection:
            await act(self.platform, connection, _ACCESS, record_id, *more)


@pytest.fixture
async def city(
    client: httpx2.AsyncClient,
    platform: Platform,
    clock: SettableClock,
    person: PersonBuilder,
    source: SignedCaller,
) -> City:
    """Everybody has volunteered; the one to whom things happen was fined as well."""
    people = [await person() for _ in range(3)]
    await deliver(source, *[volunteering(each, f"ZY-{number}") for number, each in enumerate(people)])
    await deliver(source, penalty(people[0]))
    city = City(client, platform, clock, people)
    await city.run_due()
    return city


async def test_a_record_that_arrives_writes_one_score(city: City, source: SignedCaller) -> None:
    moved = await city.moved_by(lambda: deliver(source, first_aid(city.someone)))
    assert moved == [(city.someone.subject_id, 565_000, 573_000)]


async def test_a_record_that_is_delivered_again_unchanged_is_not_even_computed(
    city: City, source: SignedCaller
) -> None:
    city.computed.clear()
    assert await city.written_by(lambda: deliver(source, volunteering(city.someone, "ZY-0"))) == set()
    assert city.computed == []


async def test_a_later_version_of_a_record_writes_one_score(city: City, source: SignedCaller) -> None:
    moved = await city.moved_by(lambda: deliver(source, volunteering(city.someone, "ZY-0", hours="60", sequence=1)))
    assert [subject for subject, _, _ in moved] == [city.someone.subject_id]


async def test_one_delivery_about_two_people_writes_two_scores(city: City, source: SignedCaller) -> None:
    two = [city.someone, city.others[0]]
    rows = [first_aid(each, f"JH-{number}") for number, each in enumerate(two)]
    assert await city.written_by(lambda: deliver(source, *rows)) == {each.subject_id for each in two}


@pytest.mark.parametrize(
    ("acts", "reached"),
    [
        ([records.mark], [605_000]),
        ([records.mark, records.unmark], [605_000, 565_000]),
        ([records.withdraw], [605_000]),
    ],
    ids=["marked", "unmarked", "withdrawn"],
)
async def test_a_decision_on_a_record_writes_one_score(
    city: City, acts: list[Callable[..., Awaitable[None]]], reached: list[int]
) -> None:
    for act, after in zip(acts, reached, strict=True):
        [(subject_id, _, value)] = await city.moved_by(lambda act=act: city.decide(act, "penalty"))  # type: ignore[misc]
        assert (subject_id, value) == (city.someone.subject_id, after)


async def test_a_corrected_record_writes_one_score(city: City) -> None:
    correction = Correction(fields={"ZY_SC": "60"})
    moved = await city.moved_by(lambda: city.decide(records.correct, "volunteer-service", correction))
    assert [subject for subject, _, _ in moved] == [city.someone.subject_id]


async def test_a_record_that_is_hidden_and_shown_again_writes_one_score_each_time(city: City) -> None:
    path = f"/v1/me/records/{await city.record('volunteer-service')}/hidden"
    hidden = await city.moved_by(lambda: city.client.put(path, headers=city.someone.headers))
    assert hidden == [(city.someone.subject_id, 565_000, 560_000)]
    shown = await city.moved_by(lambda: city.client.delete(path, headers=city.someone.headers))
    assert shown == [(city.someone.subject_id, 560_000, 565_000)]


async def test_what_fades_does_so_with_the_first_moment_of_its_day_in_shanghai(
    city: City, source: SignedCaller
) -> None:
    await city.written_by(lambda: deliver(source, first_aid(city.someone)))
    new_year = start_of_day(date(2027, 1, 1))
    city.computed.clear()
    assert await city.written_by(lambda: city.at(new_year - _MOMENT)) == set()
    assert city.computed == []
    assert await city.moved_by(lambda: city.at(new_year)) == [(city.someone.subject_id, 573_000, 571_000)]
    assert city.computed == [city.someone.subject_id]


async def test_what_ends_does_so_with_the_first_moment_of_its_day_in_shanghai(city: City) -> None:
    end = start_of_day(date(2027, 9, 1))
    assert await city.written_by(lambda: city.at(end - _MOMENT)) == set()
    assert await city.moved_by(lambda: city.at(end)) == [(city.someone.subject_id, 565_000, 605_000)]


async def test_a_record_that_ends_and_is_archived_on_one_day_is_one_computation(
    city: City, source: SignedCaller
) -> None:
    await deliver(source, first_aid(city.someone, on=date(2024, 6, 1)))
    await city.run_due()
    end = start_of_day(date(2027, 6, 1))
    await city.at(end - _MOMENT)
    await city.run_due()
    city.computed.clear()
    assert await city.moved_by(lambda: city.at(end)) == [(city.someone.subject_id, 567_000, 565_000)]
    assert city.computed == [city.someone.subject_id]


async def test_on_a_day_without_an_event_nobody_is_computed(city: City) -> None:
    city.computed.clear()
    for day in range(1, 60):
        await city.at(start_of_day(date(2026, 11, 23) + timedelta(days=day)))
        await city.run_due()
    assert city.computed == []


async def test_computing_everybody_again_writes_nothing(city: City, platform: Platform) -> None:
    city.clock.move(timedelta(hours=1))
    assert await city.written_by(lambda: computing.recompute_everyone(platform, lambda _: None)) == set()


async def test_a_score_goes_with_the_consent_and_comes_back_with_another(city: City) -> None:
    mine = {city.someone.subject_id}
    withdrawn = await city.written_by(
        lambda: city.client.delete("/v1/me/consents/compute", headers=city.someone.headers)
    )
    assert withdrawn == mine
    missing = await city.client.get("/v1/me/score", headers=city.someone.headers)
    assert missing.json()["code"] == "consent-missing"
    given = await city.moved_by(
        lambda: city.client.post(
            "/v1/me/consents", json={"kind": "compute", "text_version": 1}, headers=city.someone.headers
        )
    )
    assert given == [(city.someone.subject_id, None, 565_000)]


async def test_a_score_goes_with_the_first_moment_of_the_day_on_which_its_consent_ends(
    city: City, platform: Platform
) -> None:
    # The others consent again in the meantime.
    city.clock.move(timedelta(days=30))
    async with platform.database.transaction() as connection:
        for other in city.others:
            await consents.record(platform, connection, other.subject_id, ConsentKind.COMPUTE)
    await city.run_due()
    end = start_of_day(date(2027, 11, 23))
    await city.at(end - _MOMENT)
    await city.run_due()
    assert await city.written_by(lambda: city.at(end)) == {city.someone.subject_id}
