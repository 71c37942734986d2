"""A resident objects to a record; officers mark, examine and decide it by the day; the record and the score follow."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from backend.platform.roles import Role
from tests.builders.people import PersonBuilder
from tests.builders.records import add_source, volunteering
from tests.conftest import RunDue
from tests.objections.conftest import Scene

UPHELD: dict[str, Any] = {"outcome": "upheld", "reason": "经核实确有错误。"}
REJECTED: dict[str, Any] = {"outcome": "rejected", "reason": "经核实记录无误。"}


async def _score_is_due(platform: Platform, scene: Scene) -> bool:
    async with platform.database.connection() as connection:
        found = await connection.fetch_value(
            "DELETE FROM due_work WHERE topic = 'score' AND key = $1 RETURNING true", scene.resident.subject_id
        )
    return bool(found)


async def test_filing_tells_the_due_dates_at_once(scene: Scene) -> None:
    filed = await scene.file()
    assert filed["state"] == "filed"
    assert filed["clock"] == {
        "mark_by": "2026-11-24",
        "decide_by": "2026-11-26",
        "reply_by": None,
        "paused": False,
        "overdue": False,
        "provisional": False,
        "working_days_left": 1,
    }
    assert await scene.mine() == [filed]
    assert [each["event"] for each in filed["history"]] == ["file"]


async def test_a_date_beyond_the_announced_years_is_provisional(scene: Scene, clock: SettableClock) -> None:
    clock.move(timedelta(days=37))
    await scene.sign_in()
    filed = await scene.file()
    assert filed["clock"]["decide_by"].startswith("2027-01")
    assert filed["clock"]["provisional"] is True


async def test_a_marked_record_does_not_count(scene: Scene, platform: Platform) -> None:
    filed = await scene.file()
    await _score_is_due(platform, scene)
    marked = await scene.done(filed, "mark")
    assert (marked["state"], marked["clock"]["working_days_left"]) == ("marked", 3)
    assert await scene.record() == ("marked", 3)
    assert await _score_is_due(platform, scene)
    again = await scene.act(scene.officer, filed, "mark")
    assert (again.status_code, again.json()["code"]) == (409, "state-conflict")


async def test_an_upheld_objection_corrects_the_record(scene: Scene, platform: Platform) -> None:
    filed = await scene.file()
    await scene.done(filed, "mark")
    await _score_is_due(platform, scene)
    after = await scene.done(filed, "decide", {**UPHELD, "correction": {"fields": {"ZY_SC": "13"}}})
    assert (after["state"], after["reason"]) == ("upheld", UPHELD["reason"])
    assert await scene.record() == ("active", 13)
    assert await _score_is_due(platform, scene)
    [mine] = await scene.mine()
    assert [each["event"] for each in mine["history"]] == ["file", "mark", "uphold"]
    assert mine["clock"]["working_days_left"] is None


async def test_the_score_follows_mark_and_rejection(
    client: httpx2.AsyncClient, scene: Scene, platform: Platform, run_due: RunDue
) -> None:
    await volunteering(platform, scene.resident, hours=100, number=2)

    async def score() -> int:
        await run_due()
        answer = await client.get("/v1/me/score", headers=scene.resident.headers)
        return int(answer.json()["millipoints"])

    before = await score()
    filed = await scene.file(record_id=await scene.greatest_record())
    await scene.done(filed, "mark")
    assert await score() < before
    await scene.done(filed, "decide", REJECTED)
    assert await score() < before
    await scene.act(scene.colleague, filed, "confirm")
    assert await score() == before


async def test_upheld_without_a_correction_withdraws_the_record(scene: Scene) -> None:
    filed = await scene.file(kind="not-to-be-published")
    await scene.done(filed, "mark")
    await scene.done(filed, "decide", UPHELD)
    assert (await scene.record())[0] == "withdrawn"


async def test_an_upheld_omission_leaves_the_record_as_it_was(scene: Scene) -> None:
    filed = await scene.file(kind="omission")
    await scene.done(filed, "mark")
    await scene.done(filed, "decide", UPHELD)
    assert await scene.record() == ("active", 3)


async def test_a_correction_that_is_not_acceptable_changes_nothing(scene: Scene) -> None:
    filed = await scene.file()
    await scene.done(filed, "mark")
    wrong = {**UPHELD, "correction": {"fields": {"ZY_SC": "many"}}}
    answer = await scene.act(scene.officer, filed, "decide", wrong)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed-request")
    assert answer.json()["errors"][0]["field"] == "correction.fields.ZY_SC"
    assert await scene.record() == ("marked", 3)
    assert (await scene.mine())[0]["state"] == "marked"


async def test_a_rejection_needs_a_second_person(scene: Scene) -> None:
    filed = await scene.file()
    await scene.done(filed, "mark")
    proposed = await scene.done(filed, "decide", REJECTED)
    assert (proposed["state"], proposed["reason"]) == ("rejection-proposed", None)
    assert proposed["proposed_reason"] == REJECTED["reason"]
    [seen] = await scene.mine()
    assert seen["reason"] is None
    assert REJECTED["reason"] not in str(seen)
    for act, body in (("confirm", None), ("send-back", {"reason": "再查"})):
        alone = await scene.act(scene.officer, filed, act, body)
        assert (alone.status_code, alone.json()["code"]) == (403, "second-person-needed")
    confirmed = await scene.act(scene.colleague, filed, "confirm")
    assert (confirmed.json()["state"], confirmed.json()["reason"]) == ("rejected", REJECTED["reason"])
    assert await scene.record() == ("active", 3)


async def test_a_rejection_sent_back_is_decided_again(scene: Scene) -> None:
    filed = await scene.file()
    await scene.done(filed, "mark")
    await scene.done(filed, "decide", REJECTED)
    back = await scene.act(scene.colleague, filed, "send-back", {"reason": "证据充分"})
    assert (back.json()["state"], back.json()["proposed_reason"]) == ("deciding", None)
    assert (await scene.done(filed, "decide", UPHELD))["state"] == "upheld"


async def test_of_two_officers_at_the_same_time_one_decides(scene: Scene) -> None:
    filed = await scene.file()
    await scene.done(filed, "mark")
    answers = await asyncio.gather(
        scene.act(scene.officer, filed, "decide", UPHELD), scene.act(scene.colleague, filed, "decide", REJECTED)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_what_was_not_proposed_is_not_confirmed(scene: Scene) -> None:
    filed = await scene.file()
    await scene.done(filed, "mark")
    answer = await scene.act(scene.colleague, filed, "confirm")
    assert (answer.status_code, answer.json()["code"]) == (409, "state-conflict")


async def test_with_another_unit_the_term_is_seven_working_days(scene: Scene, clock: SettableClock) -> None:
    filed = await scene.file()
    await scene.done(filed, "mark")
    clock.move(timedelta(days=1))
    await scene.sign_in()
    helped = await scene.done(filed, "assist", {"help": "unit", "helper": "桃花市民政局"})
    assert helped["state"] == "assisting"
    assert helped["clock"]["decide_by"] == "2026-12-02"
    assert helped["clock"]["reply_by"] == "2026-11-26"
    assert helped["clock"]["paused"] is False
    resumed = await scene.done(filed, "resume", {"reply": "少记 10 小时属实。"})
    assert (resumed["state"], resumed["clock"]["decide_by"]) == ("deciding", "2026-12-02")
    assert resumed["clock"]["reply_by"] is None


async def test_an_examination_pauses_the_clock(scene: Scene, clock: SettableClock, run_due: RunDue) -> None:
    filed = await scene.file()
    await scene.done(filed, "mark")
    clock.move(timedelta(days=1))
    await scene.sign_in()
    paused = await scene.done(filed, "assist", {"help": "expert-review", "helper": "评审专家组"})
    assert paused["clock"]["paused"] is True
    assert paused["clock"]["decide_by"] is None
    clock.move(timedelta(days=9))
    await run_due()
    await scene.sign_in()
    assert (await scene.mine())[0]["clock"]["overdue"] is False
    resumed = await scene.done(filed, "resume", {"reply": "评审结束。"})
    assert resumed["clock"]["decide_by"] == "2026-12-07"
    assert resumed["clock"]["working_days_left"] == 2


async def test_a_late_office_is_marked_as_late(
    client: httpx2.AsyncClient, scene: Scene, clock: SettableClock, run_due: RunDue
) -> None:
    filed = await scene.file()
    clock.move(timedelta(days=1))
    await run_due()
    await scene.sign_in()
    assert (await scene.mine())[0]["clock"]["overdue"] is False
    clock.move(timedelta(days=1))
    await run_due()
    await scene.sign_in()
    [late] = await scene.mine()
    assert (late["clock"]["overdue"], late["history"][-1]["event"]) == (True, "overdue")
    listed = await client.get("/v1/staff/objections", params={"overdue": True}, headers=scene.officer.headers)
    assert [each["id"] for each in listed.json()["objections"]] == [filed["id"]]
    assert (await scene.done(filed, "mark"))["clock"]["overdue"] is False
    clock.move(timedelta(days=2))
    await run_due()
    await scene.sign_in()
    events = [each["event"] for each in (await scene.mine())[0]["history"]]
    assert events == ["file", "overdue", "mark", "overdue"]


async def test_the_person_sees_every_look_of_an_officer(client: httpx2.AsyncClient, scene: Scene) -> None:
    filed = await scene.file()
    await client.get("/v1/staff/objections", headers=scene.officer.headers)
    detail = await client.get(f"/v1/staff/objections/{filed['id']}", headers=scene.officer.headers)
    assert detail.json()["record"]["id"] == str(scene.record_id)
    assert detail.json()["objection"]["statement"] == filed["statement"]
    await scene.done(filed, "mark")
    looks = [entry for entry in await scene.access_log() if entry["actor_kind"] == "staff"]
    assert {entry["purpose"] for entry in looks} == {"依法办理异议"}
    assert {entry["action"] for entry in looks} == {
        "查看异议清单",
        "查看异议",
        "查看被异议的记录",
        "标注异议",
        "办理被异议的记录",
    }


async def test_nobody_acts_on_their_own_objection(
    client: httpx2.AsyncClient, platform: Platform, person: PersonBuilder
) -> None:
    await add_source(platform)
    both = await person(roles=(Role.CASE_OFFICER,))
    record_id = await volunteering(platform, both)
    body = {"record_id": str(record_id), "kind": "wrong", "statement": "少记。"}
    filed = (await client.post("/v1/me/objections", json=body, headers=both.headers)).json()
    for act, content in (
        ("mark", None),
        ("assist", {"help": "unit", "helper": "某局"}),
        ("resume", {"reply": "好"}),
        ("decide", UPHELD),
        ("confirm", None),
        ("send-back", {"reason": "再查"}),
    ):
        answer = await client.post(f"/v1/staff/objections/{filed['id']}/{act}", json=content, headers=both.headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "own-matter")


async def test_only_own_records_can_be_objected_to(
    client: httpx2.AsyncClient, scene: Scene, person: PersonBuilder
) -> None:
    stranger = await person(name="赵六")
    answer = await client.post("/v1/me/objections", json=scene.body(), headers=stranger.headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert not [entry for entry in await scene.access_log() if entry["action"] == "提出异议"]


async def test_one_objection_at_a_time_to_a_record(scene: Scene) -> None:
    filed = await scene.file()
    second = await scene.try_to_file()
    assert (second.status_code, second.json()["code"]) == (409, "objection-open")
    await scene.done(filed, "mark")
    await scene.done(filed, "decide", {**UPHELD, "correction": {"fields": {"ZY_SC": "5"}}})
    assert (await scene.file())["state"] == "filed"


async def test_a_withdrawn_record_is_past_objecting(scene: Scene) -> None:
    filed = await scene.file()
    await scene.done(filed, "mark")
    await scene.done(filed, "decide", UPHELD)
    answer = await scene.try_to_file()
    assert (answer.status_code, answer.json()["code"]) == (409, "record-state")


async def test_only_an_omission_may_name_no_record(scene: Scene) -> None:
    refused = await scene.try_to_file(record_id=None)
    assert (refused.status_code, refused.json()["code"]) == (422, "objection-needs-record")
    filed = await scene.file(record_id=None, kind="omission")
    await scene.done(filed, "mark")
    assert (await scene.done(filed, "decide", UPHELD))["state"] == "upheld"


async def test_a_record_that_went_to_the_archive_meanwhile_stops_no_decision(scene: Scene, platform: Platform) -> None:
    filed = await scene.file()
    await scene.done(filed, "mark")
    async with platform.database.connection() as connection:
        await connection.execute("UPDATE record SET state = 'archived' WHERE id = $1", scene.record_id)
    await scene.done(filed, "decide", REJECTED)
    assert (await scene.act(scene.colleague, filed, "confirm")).json()["state"] == "rejected"
    assert (await scene.record())[0] == "archived"


async def test_whoever_leaves_takes_their_objections_along(
    client: httpx2.AsyncClient, scene: Scene, platform: Platform
) -> None:
    filed = await scene.file()
    await scene.done(filed, "mark")
    assert (await client.delete("/v1/me", headers=scene.resident.headers)).status_code == 204
    assert await scene.record() == ("active", 3)
    gone = await client.get(f"/v1/staff/objections/{filed['id']}", headers=scene.officer.headers)
    assert gone.status_code == 404
    async with platform.database.connection() as connection:
        left = await connection.impersonal("the test counts", "SELECT id FROM objection_history")
    assert left == []


async def test_the_statement_is_stored_sealed(scene: Scene, platform: Platform) -> None:
    await scene.file(statement="张三的情况说明")
    async with platform.database.connection() as connection:
        [row] = await connection.impersonal("the test looks", "SELECT statement_sealed FROM objection")
    assert "张三".encode() not in row["statement_sealed"]


async def test_residents_do_not_handle_objections(client: httpx2.AsyncClient, scene: Scene) -> None:
    filed = await scene.file()
    assert (await client.get("/v1/staff/objections", headers=scene.resident.headers)).status_code == 403
    assert (await scene.act(scene.resident, filed, "mark")).status_code == 403


@pytest.mark.parametrize("field", ["statement", "evidence", "kind", "record_id"])
async def test_control_characters_are_a_malformed_request(scene: Scene, field: str) -> None:
    for character in ("\x00", "\x1b"):
        answer = await scene.try_to_file(**{field: f"a{character}b"})
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed-request")


@pytest.mark.parametrize(
    ("act", "body"),
    [
        ("decide", {"outcome": "upheld", "reason": "a\x00"}),
        ("decide", {"outcome": "upheld", "reason": "a", "correction": {"fields": {"ZY_SC": "1\x00"}}}),
        ("decide", {"outcome": "upheld", "reason": "a", "correction": {"fields": {"ZY\x00": "1"}}}),
        ("assist", {"help": "unit", "helper": "a\x00"}),
        ("resume", {"reply": "a\x00"}),
        ("send-back", {"reason": "a\x00"}),
        ("decide", {"outcome": "maybe", "reason": "a"}),
        ("decide", {"outcome": "upheld", "reason": "a", "unknown": 1}),
    ],
)
async def test_a_malformed_act_changes_nothing(scene: Scene, act: str, body: dict[str, Any]) -> None:
    filed = await scene.file()
    answer = await scene.act(scene.officer, filed, act, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed-request")
    assert await scene.mine() == [filed]


async def test_lists_are_paged(client: httpx2.AsyncClient, scene: Scene, clock: SettableClock) -> None:
    filed = []
    for _ in range(3):
        clock.move(timedelta(seconds=1))
        filed.append((await scene.file(kind="omission", record_id=None))["id"])
    for path, headers, order in (
        ("/v1/me/objections", scene.resident.headers, filed[::-1]),
        ("/v1/staff/objections", scene.officer.headers, filed),
    ):
        first = (await client.get(path, params={"limit": 2}, headers=headers)).json()
        rest = (await client.get(path, params={"limit": 2, "cursor": first["next"]}, headers=headers)).json()
        assert [each["id"] for page in (first, rest) for each in page["objections"]] == order
        assert rest["next"] is None
        for bad in ("!", "bnVsbA", "WyIyMDI2LTEzLTAxIiwgIngiXQ"):
            refused = await client.get(path, params={"cursor": bad}, headers=headers)
            assert refused.status_code == 400
