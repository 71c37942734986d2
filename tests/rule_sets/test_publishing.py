"""A version is published by two people for a day to come, and is what it says; what is unlawful never gets that far."""

import asyncio
from collections.abc import Callable
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

import asyncpg
import httpx2
import msgspec
import pytest

from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from backend.platform.roles import Role
from scoring import shipped
from tests.builders.people import PersonBuilder
from tests.rule_sets.conftest import NEW_YEAR, Office, for_enterprises, taohua, with_rule


def refusal(answer: httpx2.Response) -> tuple[int, str]:
    """Status and code."""
    return answer.status_code, answer.json()["code"]


def places(answer: httpx2.Response) -> set[str]:
    """The fields that the problem names."""
    return {error["field"] for error in answer.json()["errors"]}


async def test_two_people_publish_a_version_and_everybody_can_check_it(
    client: httpx2.AsyncClient, office: Office
) -> None:
    source = taohua()
    version_id = await office.propose(source)
    assert set(await office.versions()) == {"2026.1"}
    read = await client.get(f"/v1/staff/rule-sets/{version_id}", headers=office.colleague.headers)
    assert (read.json()["source"], read.json()["proposal"]["mine"]) == (source, False)
    answer = await office.act(office.colleague, version_id, "approve")
    assert [(entry["event"], entry["after"]) for entry in answer.json()["history"]] == [
        ("propose", "proposed"),
        ("approve", "published"),
    ]
    actors = [entry["account_id"] for entry in answer.json()["history"]]
    assert actors == [str(office.operator.account_id), str(office.colleague.account_id)]
    await office.hear()

    found = (await office.versions())["2027.1"]
    assert (found["standing"], found["effective_from"], found["usable"]) == ("announced", "2027-01-01", True)
    assert found["published_at"] == "2026-11-23T08:00:00Z"
    text = (await client.get("/v1/rule-sets/taohua/versions/2027.1/source")).content
    assert text == source.encode()
    assert sha256(text).hexdigest() == found["digest"]
    assert [(each["version"], each["standing"]) for each in (await client.get("/v1/rule-sets")).json()] == [
        ("2026.1", "in-force"),
        ("2027.1", "announced"),
    ]
    assert (await client.get("/v1/rule-sets/taohua")).json()["version"] == "2026.1"
    assert (await client.get("/v1/rule-sets/taohua?version=2027.1")).json()["base_points"] == 610


async def test_the_version_that_comes_with_the_product_is_published_from_the_start(client: httpx2.AsyncClient) -> None:
    [found] = (await client.get("/v1/rule-sets/taohua/versions")).json()
    assert (found["version"], found["standing"], found["followed_on"]) == ("2026.1", "in-force", None)
    assert found["digest"] == sha256(shipped("taohua")).hexdigest()


async def test_nobody_approves_or_refuses_their_own(office: Office) -> None:
    version_id = await office.propose(taohua())
    for act, reason in (("approve", None), ("refuse", "不妥。")):
        assert refusal(await office.act(office.operator, version_id, act, reason)) == (403, "second-person-needed")
    assert (await office.act(office.colleague, version_id, "approve")).status_code == 200


async def test_the_database_itself_knows_the_rule_of_two(office: Office, platform: Platform) -> None:
    await office.propose(taohua())
    async with platform.database.connection() as connection:
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute(
                "UPDATE rule_set_version SET state = 'published', decided_by = proposed_by, decided_at = now()"
            )


async def test_residents_and_officers_publish_nothing(
    client: httpx2.AsyncClient, office: Office, person: PersonBuilder
) -> None:
    version_id = await office.propose(taohua())
    for roles in ((), (Role.CASE_OFFICER,), (Role.AUDITOR,)):
        someone = await person(name="赵六", roles=roles)
        assert refusal(await office.act(someone, version_id, "approve")) == (403, "not-allowed")
        assert (await client.get("/v1/staff/rule-sets", headers=someone.headers)).status_code == 403


async def test_a_refused_version_says_why_and_stays_refused(client: httpx2.AsyncClient, office: Office) -> None:
    version_id = await office.propose(taohua())
    refused = (await office.act(office.colleague, version_id, "refuse", "分值与公示稿不一致。")).json()
    assert (refused["state"], refused["history"][-1]["note"]) == ("refused", "分值与公示稿不一致。")
    for act in ("approve", "withdraw", "confirm-revocation"):
        assert refusal(await office.act(office.colleague, version_id, act)) == (409, "state-conflict")
    seen = await client.get("/v1/staff/rule-sets?state=refused", headers=office.operator.headers)
    assert [each["id"] for each in seen.json()["proposals"]] == [version_id]


async def test_only_the_proposer_withdraws(office: Office) -> None:
    version_id = await office.propose(taohua())
    assert refusal(await office.act(office.colleague, version_id, "withdraw")) == (403, "rule-set-of-another")
    assert (await office.act(office.operator, version_id, "withdraw")).json()["state"] == "withdrawn"
    assert refusal(await office.act(office.colleague, version_id, "approve")) == (409, "state-conflict")


async def test_of_two_who_approve_at_once_one_wins(office: Office, person: PersonBuilder) -> None:
    version_id = await office.propose(taohua())
    third = await person(name="赵六", proven=False, roles=(Role.OPERATOR,))
    answers = await asyncio.gather(
        *(office.act(who, version_id, "approve") for who in (office.colleague, third, office.colleague, third))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert {answer.json().get("code") for answer in answers} == {None, "state-conflict"}
    history = next(answer.json()["history"] for answer in answers if answer.status_code == 200)
    assert [entry["event"] for entry in history] == ["propose", "approve"]


async def test_of_two_versions_for_one_day_one_is_published(office: Office) -> None:
    first, second = await office.propose(taohua()), await office.propose(taohua(version="2027.2"))
    answers = await asyncio.gather(*(office.act(office.colleague, each, "approve") for each in (first, second)))
    assert sorted(answer.status_code for answer in answers) == [200, 422]
    [refused] = [answer for answer in answers if answer.status_code == 422]
    assert refusal(refused) == (422, "rule-set-dates")


@pytest.mark.parametrize("effective_from", [date(2026, 11, 22), date(2026, 11, 23), date(2025, 12, 31)])
async def test_a_version_begins_after_today(office: Office, effective_from: date) -> None:
    answer = await office.try_to_propose(taohua(effective_from=effective_from))
    assert refusal(answer) == (422, "rule-set-dates")
    assert places(answer) == {"effective_from"}


async def test_today_is_the_day_in_shanghai(office: Office, clock: SettableClock) -> None:
    clock.move(timedelta(hours=8))
    await office.sign_in()
    assert clock.now().date() == date(2026, 11, 23), "the 24th has begun in Shanghai, not yet in UTC"
    assert refusal(await office.try_to_propose(taohua(effective_from=date(2026, 11, 24)))) == (422, "rule-set-dates")
    await office.propose(taohua(effective_from=date(2026, 11, 25)))


async def test_a_proposal_whose_day_has_come_can_no_longer_be_approved(office: Office, clock: SettableClock) -> None:
    version_id = await office.propose(taohua(effective_from=date(2026, 11, 25)))
    clock.move(timedelta(days=2))
    await office.sign_in()
    assert refusal(await office.act(office.colleague, version_id, "approve")) == (422, "rule-set-dates")
    assert (await office.act(office.colleague, version_id, "refuse", "已过期。")).json()["state"] == "refused"


async def test_a_version_begins_after_every_published_one(office: Office) -> None:
    await office.publish(taohua())
    for effective_from in (NEW_YEAR, date(2026, 12, 1)):
        answer = await office.try_to_propose(taohua(version="2027.2", effective_from=effective_from))
        assert refusal(answer) == (422, "rule-set-dates")
        assert "2027.1" in answer.json()["errors"][0]["reason"]
    await office.propose(taohua(version="2027.2", effective_from=date(2027, 1, 2)))


async def test_a_version_names_no_end_and_goes_on_with_the_same_subjects(office: Office) -> None:
    answer = await office.try_to_propose(taohua(effective_until=date(2027, 7, 1)))
    assert (refusal(answer), places(answer)) == ((422, "rule-set-dates"), {"effective_until"})
    answer = await office.try_to_propose(for_enterprises(id="taohua"))
    assert (refusal(answer), places(answer)) == ((422, "rule-set-dates"), {"subject"})


async def test_a_version_names_one_text_for_ever(office: Office) -> None:
    assert refusal(await office.try_to_propose(taohua(version="2026.1"))) == (409, "rule-set-version-taken")
    version_id = await office.propose(taohua())
    for source in (taohua(), taohua(base_points=620)):
        assert refusal(await office.try_to_propose(source)) == (409, "rule-set-version-taken")
    await office.act(office.operator, version_id, "withdraw")
    assert refusal(await office.try_to_propose(taohua(base_points=620))) == (409, "rule-set-version-taken")
    await office.propose(taohua())


async def test_the_same_version_proposed_at_once_is_taken_once(office: Office) -> None:
    answers = await asyncio.gather(*(office.try_to_propose(taohua(base_points=600 + each)) for each in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_what_is_unlawful_is_refused_with_every_finding(office: Office) -> None:
    rules: list[dict[str, Any]] = [
        {"id": "informing", "reason": {"zh": "举报他人", "en": "Informing on others"}},
        {"id": "no-law", "basis": {"provider": "", "law": "", "class": "positive"}},
    ]
    source = with_rule(**rules[0], basis=rules[1]["basis"])
    answer = await office.try_to_propose(source)
    assert refusal(answer) == (422, "rule-set-unlawful")
    errors = answer.json()["errors"]
    assert {error["field"] for error in errors} == {"informing"}
    assert {error["reason_en"].split("]")[0].lstrip("[") for error in errors} >= {"no-legal-basis", "no-provider"}
    assert all("条" in error["reason"] for error in errors), "each names its article"
    assert any("举报" in error["reason"] for error in errors)


async def test_items_that_the_catalogue_does_not_list_are_refused(office: Office) -> None:
    answer = await office.try_to_propose(with_rule(id="parking", item="parking-habits"))
    assert refusal(answer) == (422, "rule-set-unlawful")
    assert places(answer) == {"parking"}
    assert "not-in-catalogue" in answer.json()["errors"][0]["reason_en"]
    assert "parking-habits" in answer.json()["errors"][0]["reason"]


async def test_enterprises_are_not_rated_by_what_is_listed_for_people(office: Office) -> None:
    answer = await office.try_to_propose(taohua(id="firms", subject="enterprise"))
    assert refusal(answer) == (422, "rule-set-unlawful")
    items = {error["reason"].rsplit(" ", 1)[1] for error in answer.json()["errors"]}
    assert {"volunteer-service", "donation"} <= items
    assert "penalty" not in items


@pytest.mark.parametrize(
    ("source", "named"),
    [
        (lambda: taohua(base_points=2000), "base_points"),
        (lambda: with_rule(dimension="nowhere"), "nowhere"),
        (lambda: taohua(effective_from="soon"), "effective_from"),
        (lambda: taohua(colour="red"), "colour"),
        (lambda: taohua(version="1"), "version"),
        (lambda: with_rule(grades={"county": {"points": 0.5, "months": 12}}), "float"),
        (lambda: "id: [", "expected"),
        (lambda: '{"id": ', "truncated"),
        (lambda: "just words", "object"),
        (lambda: "[" * 100_000, "nested"),
        (lambda: "- " * 50_000, "nested"),
        (lambda: "a: &a [1]\nb: [*a, *a]", "anchor"),
        (lambda: "a: !!int ''", "tag"),
    ],
)
async def test_what_cannot_be_read_or_contradicts_itself_names_the_place(
    office: Office, source: Callable[[], str], named: str
) -> None:
    answer = await office.try_to_propose(source())
    assert refusal(answer) == (422, "rule-set-unreadable")
    [error] = answer.json()["errors"]
    assert named in error["reason_en"]


@pytest.mark.parametrize("source", ["", "a\x00b", "a\x1bb", "x" * 200_001])
async def test_a_source_that_is_no_text_of_a_file_is_malformed(office: Office, source: str) -> None:
    assert refusal(await office.try_to_propose(source)) == (400, "malformed-request")


@pytest.mark.parametrize("written", ["windows", "json"])
async def test_a_file_may_be_written_on_any_system_and_in_json(office: Office, written: str) -> None:
    as_json = msgspec.json.encode(msgspec.yaml.decode(taohua())).decode()
    await office.propose(as_json if written == "json" else taohua().replace("\n", "\r\n"))


async def test_nothing_changes_what_was_published(office: Office, platform: Platform) -> None:
    version_id = await office.publish(taohua())
    for act, reason in (("approve", None), ("refuse", "不妥。"), ("withdraw", None), ("keep", "好。")):
        for who in (office.operator, office.colleague):
            assert refusal(await office.act(who, version_id, act, reason)) == (409, "state-conflict")
    async with platform.database.connection() as connection:
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute("UPDATE rule_set_version SET source = 'another'")


async def test_an_announced_version_is_revoked_by_two(office: Office, platform: Platform) -> None:
    version_id = await office.publish(taohua())
    assert (await office.act(office.operator, version_id, "propose-revocation", "规定有变。")).status_code == 200
    await office.hear()
    assert (await office.versions())["2027.1"]["standing"] == "announced", "one person revokes nothing"
    alone = await office.act(office.operator, version_id, "confirm-revocation")
    assert refusal(alone) == (403, "second-person-needed")
    assert (await office.act(office.colleague, version_id, "confirm-revocation")).json()["state"] == "revoked"
    await office.hear()
    assert set(await office.versions()) == {"2026.1"}
    async with platform.database.connection() as connection:
        assert await connection.fetch("SELECT 1 FROM due_work WHERE topic = 'rule-set-takes-effect'") == []
    await office.publish(taohua(version="2027.2"))


async def test_a_revocation_that_is_not_confirmed_leaves_the_version_as_it_was(office: Office) -> None:
    version_id = await office.publish(taohua())
    await office.act(office.operator, version_id, "propose-revocation", "规定有变。")
    kept = (await office.act(office.colleague, version_id, "keep", "规定未变。")).json()
    assert (kept["state"], kept["history"][-1]["note"]) == ("published", "规定未变。")
    assert refusal(await office.act(office.colleague, version_id, "confirm-revocation")) == (409, "state-conflict")


async def test_a_version_is_not_revoked_at_the_last_minute(office: Office, clock: SettableClock) -> None:
    version_id = await office.publish(taohua(effective_from=date(2026, 11, 24)))
    clock.move(timedelta(hours=7) - timedelta(seconds=1))
    await office.sign_in()
    assert (await office.act(office.operator, version_id, "propose-revocation", "有变。")).status_code == 200
    clock.move(timedelta(seconds=1))
    late = await office.act(office.colleague, version_id, "confirm-revocation")
    assert refusal(late) == (409, "rule-set-too-late")
    clock.move(timedelta(hours=1))
    await office.sign_in()
    await office.act(office.colleague, version_id, "keep", "已生效。")
    again = await office.act(office.operator, version_id, "propose-revocation", "有变。")
    assert refusal(again) == (409, "rule-set-too-late")


async def test_another_rule_set_may_be_published_beside(client: httpx2.AsyncClient, office: Office) -> None:
    await office.publish(for_enterprises())
    assert {each["id"] for each in (await client.get("/v1/rule-sets")).json()} == {"firms", "taohua"}
    assert refusal(await client.get("/v1/rule-sets/firms")) == (404, "not-found"), "not yet in force"
    assert (await client.get("/v1/rule-sets/firms?version=2027.1")).json()["subject"] == "enterprise"


async def test_proposals_are_paged(client: httpx2.AsyncClient, office: Office, clock: SettableClock) -> None:
    made = []
    for number in range(1, 4):
        clock.move(timedelta(seconds=1))
        made.append(await office.propose(taohua(version=f"2027.{number}")))
    path, headers = "/v1/staff/rule-sets", office.colleague.headers
    first = (await client.get(path, params={"limit": 2}, headers=headers)).json()
    rest = (await client.get(path, params={"limit": 2, "cursor": first["next"]}, headers=headers)).json()
    assert [each["id"] for page in (first, rest) for each in page["proposals"]] == made[::-1]
    assert rest["next"] is None
    for bad in ("!", "bnVsbA"):
        assert (await client.get(path, params={"cursor": bad}, headers=headers)).status_code == 400


async def test_what_is_not_there_is_not_found(client: httpx2.AsyncClient, office: Office) -> None:
    nobodys = "0193a1c0-0000-7000-8000-00000000dead"
    assert refusal(await office.act(office.colleague, nobodys, "approve")) == (404, "not-found")
    seen = await client.get(f"/v1/staff/rule-sets/{nobodys}", headers=office.operator.headers)
    assert refusal(seen) == (404, "not-found")
    for path in ("nothing", "nothing/versions", "taohua/versions/9999.9/source", "taohua?version=9999.9"):
        assert refusal(await client.get(f"/v1/rule-sets/{path}")) == (404, "not-found")


async def test_the_format_is_published(client: httpx2.AsyncClient) -> None:
    schema = (await client.get("/v1/rule-set-schema")).json()
    assert schema["$schema"].endswith("2020-12/schema")
    assert "legal basis" in schema["$defs"]["Basis"]["description"]
