"""What was known at any past instant is what a reader of that instant was told, whatever happened since."""

import random
from datetime import datetime, timedelta
from uuid import UUID

import httpx2
import pytest

from backend.platform.access import Access, Ground
from backend.platform.callers import system_access
from backend.platform.clock import SettableClock
from backend.platform.database import Connection
from backend.platform.platform import Platform
from backend.records import service
from backend.records.messages import Correction
from scoring import Fact
from tests.builders.people import PersonBuilder
from tests.builders.signed import SignedCaller
from tests.builders.sources import add_source, volunteering
from tests.conftest import RunDue

ACCESS = system_access("test", "测试", "测试", Ground.LEGAL_DUTY)


def ordered(facts: list[Fact]) -> list[Fact]:
    """Facts in one order."""
    return sorted(facts, key=lambda fact: fact.record_id)


@pytest.mark.parametrize("seed", range(6))
async def test_every_past_instant_is_kept(
    seed: int,
    client: httpx2.AsyncClient,
    platform: Platform,
    clock: SettableClock,
    person: PersonBuilder,
    run_due: RunDue,
) -> None:
    draw = random.Random(seed)
    someone = await person()
    _, key = await add_source(platform)
    source = SignedCaller(client, clock, key)
    told: list[tuple[datetime, list[Fact]]] = []
    sequences: dict[int, int] = {}

    async def deliver() -> None:
        rows = []
        for number in {draw.randrange(4) for _ in range(3)}:
            sequences[number] = sequences.get(number, 0) + 1
            hours = str(draw.randrange(1, 90))
            rows.append(volunteering(someone, f"ZY-{number}", hours=hours, sequence=sequences[number]))
        answer = await source("POST", "/v1/source/deliveries", {"delivery_ref": "d", "rows": rows})
        # A document that was withdrawn is returned to its source: that changes nothing.
        assert answer.is_success, answer.text

    async def decide() -> None:
        async with platform.database.transaction() as connection:
            facts = (await service.facts_of(connection, ACCESS, [someone.subject_id]))[someone.subject_id]
            if not facts:
                return
            fact = draw.choice(ordered(facts))
            record = UUID(fact.record_id)
            if fact.state == "active":
                act = draw.choice((service.mark, service.withdraw, correct))
                await act(platform, connection, ACCESS, record)
            elif fact.state == "marked":
                await draw.choice((service.unmark, correct))(platform, connection, ACCESS, record)

    async def correct(platform: Platform, connection: Connection, access: Access, record_id: UUID) -> None:
        correction = Correction({"ZY_SC": str(draw.randrange(1, 90))})
        await service.correct(platform, connection, access, record_id, correction)

    async def wait() -> None:
        clock.move(timedelta(days=draw.choice((1, 400, 1500))))
        await run_due()

    for _ in range(14):
        await draw.choice((deliver, deliver, decide, decide, wait))()
        async with platform.database.connection() as connection:
            now = (await service.facts_of(connection, ACCESS, [someone.subject_id]))[someone.subject_id]
        told.append((clock.now(), ordered(now)))
        clock.move(timedelta(seconds=1))

    async with platform.database.connection() as connection:
        for at, expected in told:
            found = await service.facts_as_known(connection, ACCESS, [someone.subject_id], at)
            assert ordered(found[someone.subject_id]) == expected, at
