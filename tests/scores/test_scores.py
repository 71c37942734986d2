"""The score follows the records: on arrival, on change, on its dates; with consent only; explained to the last point."""

from datetime import date, timedelta

import httpx2

from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from backend.scores import computing
from tests.builders.people import Person, PersonBuilder
from tests.builders.signed import SignedCaller
from tests.builders.sources import deliver, penalty, volunteering
from tests.conftest import RunDue


async def millipoints(client: httpx2.AsyncClient, someone: Person) -> int:
    """The score as its owner sees it, after checking that its lines add up."""
    found = (await client.get("/v1/me/score/explanation", headers=someone.headers)).json()
    assert (
        found["base_millipoints"] + sum(line["millipoints"] for line in found["lines"]) == found["score"]["millipoints"]
    )
    value: int = found["score"]["millipoints"]
    return value


async def test_somebody_without_records_has_the_base_score(
    client: httpx2.AsyncClient, person: PersonBuilder, run_due: RunDue
) -> None:
    someone = await person()
    waiting = await client.get("/v1/me/score", headers=someone.headers)
    assert (waiting.status_code, waiting.json()["code"]) == (404, "score-not-ready")
    await run_due()
    assert await millipoints(client, someone) == 600_000


async def test_a_record_that_arrives_changes_the_score_and_says_why(
    client: httpx2.AsyncClient, person: PersonBuilder, run_due: RunDue, source: SignedCaller
) -> None:
    someone = await person()
    await run_due()
    await deliver(source, volunteering(someone, hours="25"), penalty(someone))
    before = (await client.get("/v1/me/score", headers=someone.headers)).json()
    assert (before["millipoints"], before["pending"]) == (600_000, True)
    await run_due()
    found = (await client.get("/v1/me/score/explanation", headers=someone.headers)).json()
    assert {line["rule"]: line["points"] for line in found["lines"]} == {
        "volunteer-hours": "+5",
        "penalty-general": "-40",
    }
    assert await millipoints(client, someone) == 565_000
    history = (await client.get("/v1/me/score/history", headers=someone.headers)).json()["changes"]
    assert [(change["before"], change["after"]) for change in history] == [("600", "565"), (None, "600")]


async def test_a_record_stops_counting_on_its_day_without_any_nightly_pass(
    client: httpx2.AsyncClient, person: PersonBuilder, run_due: RunDue, source: SignedCaller, clock: SettableClock
) -> None:
    someone = await person()
    await deliver(source, penalty(someone, on=date(2026, 9, 1)))
    await run_due()
    assert await millipoints(client, someone) == 560_000
    score = (await client.get("/v1/me/score", headers=someone.headers)).json()
    clock.move(timedelta(days=(date.fromisoformat(score["next_change_on"]) - date(2026, 11, 23)).days - 1))
    await run_due()
    await person.sign_in(someone)
    assert await millipoints(client, someone) == 560_000
    clock.move(timedelta(days=1))
    await run_due()
    await person.sign_in(someone)
    assert await millipoints(client, someone) == 600_000


async def test_a_hidden_record_does_not_count(
    client: httpx2.AsyncClient, person: PersonBuilder, run_due: RunDue, source: SignedCaller
) -> None:
    someone = await person()
    await deliver(source, volunteering(someone))
    await run_due()
    [record] = (await client.get("/v1/me/records", headers=someone.headers)).json()["records"]
    await client.put(f"/v1/me/records/{record['id']}/hidden", headers=someone.headers)
    await run_due()
    found = (await client.get("/v1/me/score/explanation", headers=someone.headers)).json()
    assert (found["lines"], [entry["reason"] for entry in found["not_counted"]]) == ([], ["hidden"])


async def test_without_consent_there_is_no_score_and_withdrawing_deletes_it(
    client: httpx2.AsyncClient, person: PersonBuilder, run_due: RunDue, platform: Platform
) -> None:
    someone = await person()
    nobody = await person(name="李四", consents=())
    await run_due()
    refused = await client.get("/v1/me/score", headers=nobody.headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "consent-missing")
    await client.delete("/v1/me/consents/compute", headers=someone.headers)
    await run_due()
    async with platform.database.connection() as connection:
        assert not await connection.impersonal("the test counts", "SELECT 1 FROM score")
        assert not await connection.impersonal("the test counts", "SELECT 1 FROM score_change")


async def test_a_score_ends_with_the_consent_it_rests_on(
    client: httpx2.AsyncClient, person: PersonBuilder, run_due: RunDue, clock: SettableClock, platform: Platform
) -> None:
    await person()
    await run_due()
    clock.move(timedelta(days=366))
    await run_due()
    async with platform.database.connection() as connection:
        assert not await connection.impersonal("the test counts", "SELECT 1 FROM score")


async def test_computing_and_looking_are_in_the_access_log(
    client: httpx2.AsyncClient, person: PersonBuilder, run_due: RunDue, source: SignedCaller
) -> None:
    someone = await person()
    await deliver(source, volunteering(someone))
    await run_due()
    await millipoints(client, someone)
    log = (await client.get("/v1/me/access-log", headers=someone.headers)).json()["entries"]
    assert [(entry["actor_kind"], entry["action"]) for entry in log] == [
        ("self", "查看信用分说明"),
        ("system", "计算信用分"),
    ]


async def test_only_what_differs_is_written(
    person: PersonBuilder, run_due: RunDue, source: SignedCaller, platform: Platform, clock: SettableClock
) -> None:
    someone = await person()
    await deliver(source, volunteering(someone))
    await run_due()
    clock.move(timedelta(hours=1))
    async with platform.database.transaction() as connection:
        assert await computing.recompute(platform, connection, [someone.subject_id]) == 0


async def test_every_rule_is_public_with_its_legal_basis(client: httpx2.AsyncClient) -> None:
    [summary] = (await client.get("/v1/rule-sets")).json()
    rules = (await client.get(f"/v1/rule-sets/{summary['id']}")).json()["rules"]
    assert len(rules) == summary["rules"]
    assert all(rule["basis"]["law"] and rule["basis"]["provider"] for rule in rules)
    assert (await client.get("/v1/rule-sets/nothing")).status_code == 404
