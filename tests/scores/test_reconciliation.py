"""Reconciling finds what is wrong with a stored score, whatever it is; leaves it alone; and is not misled by work that waits."""

from datetime import timedelta

import httpx2
import pytest

from backend import rooms
from backend.commands.doctor import scores_finding
from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from backend.scores import computing, reconciliation
from backend.scores.messages import Reconciliation
from tests.builders.people import Person, PersonBuilder
from tests.builders.signed import SignedCaller
from tests.builders.sources import deliver, penalty, volunteering
from tests.conftest import RunDue


@pytest.fixture
async def someone(person: PersonBuilder, source: SignedCaller, run_due: RunDue) -> Person:
    """Somebody with two records that count and one that came later than its rule's cap allows, computed."""
    found = await person()
    rows = [volunteering(found), penalty(found), volunteering(found, "ZY-2", hours="1", sequence=2)]
    await deliver(source, *rows)
    await run_due()
    return found


async def reconciled(platform: Platform) -> Reconciliation:
    return await reconciliation.reconcile(platform, lambda _: None)


async def execute(platform: Platform, sql: str) -> int:
    """Does what should never be done."""
    async with platform.database.transaction() as connection:
        return await connection.execute(sql)


async def score_rows(platform: Platform) -> list[dict[str, object]]:
    async with platform.database.connection() as connection:
        return [dict(row) for row in await connection.impersonal("the test compares", "SELECT * FROM score ORDER BY 1")]


async def test_nothing_is_found_when_nothing_is_wrong(platform: Platform, someone: Person) -> None:
    found = await reconciled(platform)
    assert (found.checked, found.waiting, found.differences, found.subjects) == (1, 0, 0, [])


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE score SET millipoints = millipoints + 1",
        "UPDATE score SET level_rank = level_rank + 1",
        "UPDATE score SET version = 'other'",
        "UPDATE score SET rule_set = 'other'",
        "UPDATE score SET lines = '[]'",
        "UPDATE score SET lines = lines - 0",
        "UPDATE score SET lines = jsonb_set(jsonb_set(lines, '{0,millipoints}', lines->1->'millipoints'), "
        "'{1,millipoints}', lines->0->'millipoints')",
        "UPDATE score SET lines = jsonb_set(lines, '{0,record_id}', '\"00000000-0000-0000-0000-000000000001\"')",
        "UPDATE score SET lines = lines || jsonb_build_array(jsonb_set(jsonb_set(lines->0, '{record_id}', 'null'), "
        "'{millipoints}', '1'))",
        "UPDATE score SET not_counted = '[]'",
        "DELETE FROM score",
        "UPDATE record SET state = 'hidden' WHERE item = 'penalty'",
        "UPDATE record SET amount = 300 WHERE amount = 25",
        "DELETE FROM record WHERE item = 'penalty'",
        "UPDATE consent SET ended_at = starts_at",
    ],
)
async def test_whatever_is_wrong_is_found_and_left_alone(platform: Platform, someone: Person, damage: str) -> None:
    assert await execute(platform, damage) > 0
    before = await score_rows(platform)
    found = await reconciled(platform)
    assert (found.checked, found.differences, found.subjects) == (1, 1, [someone.subject_id])
    assert await score_rows(platform) == before


async def test_recomputing_settles_what_was_found(platform: Platform, someone: Person) -> None:
    before = await score_rows(platform)
    await execute(platform, "UPDATE score SET millipoints = millipoints + 1")
    assert (await reconciled(platform)).differences == 1
    assert await computing.recompute_everyone(platform, lambda _: None) == 1
    assert (await reconciled(platform)).differences == 0
    assert await score_rows(platform) == before


async def test_a_record_that_waits_for_the_due_queue_is_no_difference(
    platform: Platform, someone: Person, source: SignedCaller, run_due: RunDue
) -> None:
    row = volunteering(someone, "ZY-9", hours="80")
    answer = await source("POST", "/v1/source/deliveries", {"delivery_ref": "e", "rows": [row]})
    assert answer.json()["returned"] == 0
    found = await reconciled(platform)
    assert (found.checked, found.waiting, found.differences) == (0, 1, 0)
    await run_due()
    found = await reconciled(platform)
    assert (found.checked, found.waiting, found.differences) == (1, 0, 0)


async def test_work_on_which_the_queue_fails_is_a_difference(
    platform: Platform, someone: Person, source: SignedCaller
) -> None:
    row = volunteering(someone, "ZY-9", hours="80")
    await source("POST", "/v1/source/deliveries", {"delivery_ref": "e", "rows": [row]})
    await execute(platform, "UPDATE due_work SET attempts = 1 WHERE topic = 'score'")
    assert (await reconciled(platform)).subjects == [someone.subject_id]


async def test_a_score_that_ended_by_date_waits_and_is_then_gone(
    platform: Platform, someone: Person, clock: SettableClock, run_due: RunDue
) -> None:
    clock.move(timedelta(days=366))
    found = await reconciled(platform)
    assert (found.waiting, found.differences) == (1, 0)
    while await run_due():
        # Archiving a record touches its subject again.
        continue
    found = await reconciled(platform)
    assert (found.checked, found.waiting, found.differences) == (0, 0, 0)


async def test_facts_scores_and_queue_are_of_one_instant(platform: Platform, someone: Person) -> None:
    """What is committed beside a reconciliation is not seen by its later statements."""
    async with platform.database.transaction(snapshot=True) as connection:
        rows = "SELECT count(*) FROM due_work"
        before = await connection.fetch_value(rows)
        await execute(platform, "DELETE FROM due_work")
        assert await connection.fetch_value(rows) == before > 0


async def test_the_nightly_job_tells_the_operator(platform: Platform, someone: Person) -> None:
    [job] = [job for job in rooms.jobs(platform) if job.name == "scores-reconcile"]
    assert await reconciliation.last_reconciliation(platform) is None
    assert await job.run() == 0
    await execute(platform, "UPDATE score SET level_rank = 3")
    assert await job.run() == 1
    last = await reconciliation.last_reconciliation(platform)
    assert last == Reconciliation(checked=1, waiting=0, differences=1, subjects=[someone.subject_id])
    assert not scores_finding(last).good


async def test_who_leaves_is_taken_out_of_the_list_of_differences(
    platform: Platform, client: httpx2.AsyncClient, someone: Person
) -> None:
    await execute(platform, "UPDATE score SET level_rank = 3")
    await reconciled(platform)
    assert (await client.delete("/v1/me", headers=someone.headers)).status_code == 204
    last = await reconciliation.last_reconciliation(platform)
    assert last is not None
    assert (last.differences, last.subjects) == (1, [])


async def test_reconciling_is_in_the_access_log(
    client: httpx2.AsyncClient, platform: Platform, someone: Person
) -> None:
    await reconciled(platform)
    log = (await client.get("/v1/me/access-log", headers=someone.headers)).json()["entries"]
    assert [entry["action"] for entry in log] == ["核对信用分", "计算信用分"]
