"""On its day a version is what every score is computed by, in every worker; the past stays as it was."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from hashlib import sha256
from uuid import UUID

import httpx2
import pytest
import structlog
from litestar import Litestar

from backend.app import build
from backend.platform.clock import SettableClock, start_of_day
from backend.platform.platform import Platform
from backend.platform.problems import Problem
from backend.platform.settings import Settings
from backend.rule_sets import service as rule_sets
from backend.scores import computing, following, reconciliation
from tests.builders.people import Person, PersonBuilder
from tests.builders.records import add_source, deliver, volunteering
from tests.builders.sources import penalty
from tests.conftest import RunDue, held_open
from tests.rule_sets.conftest import NEW_YEAR, Office, taohua

MIDNIGHT = start_of_day(NEW_YEAR)


def move_to(clock: SettableClock, instant: datetime) -> None:
    """Sets the clock forward."""
    clock.move(instant - clock.now())


async def stored(platform: Platform) -> dict[UUID, tuple[str, int]]:
    """Subject -> version and millipoints."""
    async with platform.database.connection() as connection:
        rows = await connection.impersonal("the test looks", "SELECT subject_id, version, millipoints FROM score")
    return {row["subject_id"]: (row["version"], row["millipoints"]) for row in rows}


async def changes(platform: Platform) -> int:
    """How many changes of scores there were."""
    async with platform.database.connection() as connection:
        [row] = await connection.impersonal("the test counts", "SELECT count(*) AS number FROM score_change")
    number: int = row["number"]
    return number


async def computed(platform: Platform, someone: Person) -> int:
    """How often somebody's score was computed, as their access log says."""
    async with platform.database.connection() as connection:
        [row] = await connection.impersonal(
            "the test counts",
            "SELECT count(*) AS number FROM access_entry WHERE subject_id = $1 AND action = '计算信用分'",
            someone.subject_id,
        )
    number: int = row["number"]
    return number


@pytest.fixture
async def city(office: Office, person: PersonBuilder, platform: Platform, run_due: RunDue) -> tuple[Person, Person]:
    """Two people with a record and a score, and one without consent."""
    await add_source(platform)
    people = await person("张三"), await person("孙七")
    await person("周八", consents=())
    for each in people:
        await volunteering(platform, each, hours=25)
    await run_due()
    assert sorted(await stored(platform)) == sorted(each.subject_id for each in people)
    return people


async def test_every_score_follows_at_midnight_in_shanghai_and_once(
    office: Office, city: tuple[Person, Person], platform: Platform, clock: SettableClock, run_due: RunDue
) -> None:
    await office.publish(taohua())
    before = await stored(platform)
    assert await run_due() == 0, "announcing changes nothing"
    move_to(clock, MIDNIGHT - timedelta(seconds=1))
    await run_due()
    assert await stored(platform) == before
    counted = [await computed(platform, each) for each in city]

    move_to(clock, MIDNIGHT)
    await run_due()
    assert await stored(platform) == {
        subject_id: ("2027.1", points + 10_000) for subject_id, (_, points) in before.items()
    }
    assert [await computed(platform, each) for each in city] == [number + 1 for number in counted]
    assert await changes(platform) == 4
    clock.move(timedelta(hours=1))
    await run_due()
    assert [await computed(platform, each) for each in city] == [number + 1 for number in counted]
    found = await reconciliation.reconcile(platform, lambda _: None)
    assert (found.checked, found.differences) == (2, 0)


async def test_the_person_sees_by_which_version_before_and_after(
    client: httpx2.AsyncClient,
    office: Office,
    city: tuple[Person, Person],
    person: PersonBuilder,
    clock: SettableClock,
    run_due: RunDue,
) -> None:
    levels = [{"rank": 0, "names": {"zh": "起步", "en": "Start"}, "at_least": 0}]
    await office.publish(taohua(levels=levels, ceilings=[]))
    move_to(clock, MIDNIGHT)
    await person.sign_in(city[0])
    late = (await client.get("/v1/me/score/explanation", headers=city[0].headers)).json()
    assert (late["score"]["version"], late["base"]) == ("2026.1", "600"), "explained by what it was computed with"
    await run_due()
    now = (await client.get("/v1/me/score/explanation", headers=city[0].headers)).json()
    assert (now["score"]["version"], now["base"], now["score"]["level"]["name"]) == ("2027.1", "610", "起步")
    history = (await client.get("/v1/me/score/history", headers=city[0].headers)).json()["changes"]
    assert [change["version"] for change in history] == ["2027.1", "2026.1"]
    assert (await client.get("/v1/rule-sets/taohua")).json()["version"] == "2027.1"
    versions = await office.versions()
    assert (versions["2026.1"]["standing"], versions["2026.1"]["followed_on"]) == ("past", "2027-01-01")
    assert (await client.get("/v1/rule-sets/taohua?version=2026.1")).json()["base_points"] == 600


async def test_a_ceiling_that_is_reached_is_told_in_the_stored_explanation_as_in_that_of_the_day(
    client: httpx2.AsyncClient,
    office: Office,
    city: tuple[Person, Person],
    person: PersonBuilder,
    platform: Platform,
    clock: SettableClock,
    run_due: RunDue,
) -> None:
    ceiling = {"id": "held-low", "rules": ["penalty-general"], "rank": 0, "reason": {"zh": "等级限制", "en": "Held"}}
    await office.publish(taohua(ceilings=[ceiling]))
    await deliver(platform, "penalty", penalty(city[0])["fields"])
    move_to(clock, MIDNIGHT)
    await run_due()
    await person.sign_in(city[0])
    stored_one = (await client.get("/v1/me/score/explanation", headers=city[0].headers)).json()
    of_today = (await client.get("/v1/me/score/explanation?day=2027-01-01", headers=city[0].headers)).json()
    [held] = stored_one["held"]
    assert (held["ceiling"], held["level"]["rank"], len(held["record_ids"])) == ("held-low", 0, 1), held
    assert stored_one["held"] == of_today["held"]
    assert stored_one["score"]["level"]["rank"] == 0
    assert (await reconciliation.reconcile(platform, lambda _: None)).differences == 0


async def test_the_version_of_any_day_can_be_asked_for(office: Office, platform: Platform) -> None:
    await office.publish(taohua())
    assert [each.version for each in rule_sets.versions(platform)] == ["2026.1", "2027.1"]
    for day, version in (
        (date(2026, 1, 1), "2026.1"),
        (date(2026, 12, 31), "2026.1"),
        (NEW_YEAR, "2027.1"),
        (date(2030, 1, 1), "2027.1"),
    ):
        assert rule_sets.in_force_on(platform, day).version == version
    with pytest.raises(LookupError):
        rule_sets.in_force_on(platform, date(2025, 12, 31))
    with pytest.raises(LookupError):
        rule_sets.in_force_on(platform, NEW_YEAR, "nothing")
    with pytest.raises(LookupError):
        rule_sets.version_of(platform, "taohua", "2027.9")
    assert rule_sets.versions(platform, "nothing") == ()


async def test_what_was_recomputed_for_its_own_reasons_is_not_touched_again(
    office: Office, city: tuple[Person, Person], platform: Platform, clock: SettableClock, run_due: RunDue
) -> None:
    await office.publish(taohua())
    move_to(clock, MIDNIGHT)
    async with platform.database.transaction() as connection:
        assert await computing.recompute(platform, connection, [city[0].subject_id]) == 1
    counted = await computed(platform, city[0])
    await run_due()
    assert {version for version, _ in (await stored(platform)).values()} == {"2027.1"}
    assert await computed(platform, city[0]) == counted


async def test_a_pass_that_was_cut_off_goes_on_where_it_was(
    office: Office,
    city: tuple[Person, Person],
    platform: Platform,
    clock: SettableClock,
    run_due: RunDue,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(following, "_PAGE", 1)
    await office.publish(taohua())
    move_to(clock, MIDNIGHT)
    follow = following.follow_handler(platform)
    first = UUID(int=0)

    async def cut_off() -> None:
        async with platform.database.transaction() as connection:
            await follow(connection, [first])
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await cut_off()
    async with platform.database.connection() as connection:
        assert await connection.fetch("SELECT 1 FROM due_work WHERE topic = 'score-follow'") == []
        async with platform.database.transaction() as inside:
            await follow(inside, [first])
        [row] = await connection.fetch("SELECT key FROM due_work WHERE topic = 'score-follow'")
        assert row["key"] == min(each.subject_id for each in city)
    await run_due()
    assert {version for version, _ in (await stored(platform)).values()} == {"2027.1"}


async def test_a_score_that_fell_behind_is_found_by_the_second_look(
    office: Office, city: tuple[Person, Person], platform: Platform, clock: SettableClock, run_due: RunDue
) -> None:
    await office.publish(taohua())
    move_to(clock, MIDNIGHT)
    await run_due()
    async with platform.database.connection() as connection:
        await connection.execute("UPDATE score SET version = '2026.1' WHERE subject_id = $1", city[0].subject_id)
    clock.move(timedelta(minutes=10))
    await run_due()
    assert {version for version, _ in (await stored(platform)).values()} == {"2027.1"}
    clock.move(timedelta(minutes=10))
    await run_due()
    async with platform.database.connection() as connection:
        assert await connection.fetch("SELECT 1 FROM due_work WHERE topic = 'score-follow'") == []


async def test_a_revoked_version_changes_no_score(
    office: Office, city: tuple[Person, Person], platform: Platform, clock: SettableClock, run_due: RunDue
) -> None:
    version_id = await office.publish(taohua())
    await office.act(office.operator, version_id, "propose-revocation", "规定有变。")
    await office.act(office.colleague, version_id, "confirm-revocation")
    await office.hear()
    before, counted = await stored(platform), await computed(platform, city[1])
    move_to(clock, MIDNIGHT)
    await run_due()
    assert await stored(platform) == before
    assert await computed(platform, city[1]) == counted


@pytest.fixture
async def second_worker(settings: Settings, clock: SettableClock, application: Litestar) -> AsyncIterator[Platform]:
    """Another process of the same server."""
    built = build(settings, clock=clock, background=False, maximum_connections=4)
    async with held_open(built):
        yield built.state.platform


async def test_every_worker_is_told(office: Office, second_worker: Platform) -> None:
    version_id = await office.propose(taohua())
    await office.act(office.colleague, version_id, "approve")
    for platform in (second_worker, office.platform):
        await until_it_knows(platform, ["2026.1", "2027.1"])
    await office.act(office.operator, version_id, "propose-revocation", "规定有变。")
    await office.act(office.colleague, version_id, "confirm-revocation")
    for platform in (second_worker, office.platform):
        await until_it_knows(platform, ["2026.1"])


async def until_it_knows(platform: Platform, versions: list[str]) -> None:
    """Waits for the signal."""
    for _ in range(500):
        if [each.version for each in rule_sets.versions(platform)] == versions:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the signal never came")


async def slip_in(platform: Platform, source: str) -> None:
    """A version that was lawful when it was published, and is no longer."""
    async with platform.database.connection() as connection:
        await connection.execute(
            "INSERT INTO rule_set_version (id, rule_set, version, subject, effective_from, source, digest, state, "
            "proposed_by, proposed_at, decided_by, decided_at) VALUES (gen_random_uuid(), 'taohua', '2027.1', 'person', "
            "$1, $2, $3, 'published', gen_random_uuid(), now(), gen_random_uuid(), now())",
            NEW_YEAR,
            source.encode(),
            sha256(source.encode()).hexdigest(),
        )


async def test_a_version_that_no_longer_loads_is_never_used_and_everybody_is_told(
    client: httpx2.AsyncClient,
    office: Office,
    city: tuple[Person, Person],
    platform: Platform,
    clock: SettableClock,
    run_due: RunDue,
) -> None:
    before = await stored(platform)
    await slip_in(platform, taohua().replace("获得县级荣誉", "举报他人"))
    with structlog.testing.capture_logs() as lines:
        await office.hear()
    assert [line["version"] for line in lines if line["event"] == "rule-set-unusable"] == ["2027.1"]
    ready = await client.get("/readyz")
    assert (ready.status_code, ready.json()["rule_sets"]) == (200, False)
    assert (await office.versions())["2027.1"]["usable"] is False
    refused = await client.get("/v1/rule-sets/taohua?version=2027.1")
    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
    assert rule_sets.in_force_on(platform, date(2026, 12, 31)).version == "2026.1"

    move_to(clock, MIDNIGHT)
    await run_due()
    assert await stored(platform) == before, "neither by it nor, silently, by the one before"
    with pytest.raises(Problem):
        rule_sets.in_force_on(platform, NEW_YEAR)

    await office.sign_in()
    await office.publish(taohua(version="2027.2", effective_from=date(2027, 1, 2)))
    move_to(clock, start_of_day(date(2027, 1, 2)))
    await run_due()
    assert {version for version, _ in (await stored(platform)).values()} == {"2027.2"}


async def test_a_text_that_was_tampered_with_is_not_used(office: Office, platform: Platform) -> None:
    await office.publish(taohua())
    async with platform.database.connection() as connection:
        [check] = await connection.fetch(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'rule_set_version'::regclass "
            "AND pg_get_constraintdef(oid) LIKE '%sha256%'"
        )
        await connection.execute(f"ALTER TABLE rule_set_version DROP CONSTRAINT {check['conname']}")
        await connection.execute("UPDATE rule_set_version SET source = $1", taohua(base_points=990).encode())
    await office.hear()
    [broken] = rule_sets.unusable(platform)
    assert "digest" in broken.failure[1]
    assert [each.version for each in rule_sets.versions(platform)] == ["2026.1"]
