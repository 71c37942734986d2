"""An enterprise makes a commitment, keeps its word, and an authority checks it."""

import asyncio
from datetime import timedelta

import httpx2
import pytest

from backend.platform.clock import SettableClock
from backend.platform.identifiers import CommitmentCode, normalise_commitment_code
from backend.platform.platform import Platform
from backend.platform.roles import Role
from tests.builders.enterprises import AUTHORITY, commitment, credit_code, finding, negative_finding, registered
from tests.builders.people import PersonBuilder
from tests.commitments.conftest import Scene
from tests.conftest import RunDue


async def test_a_commitment_carries_the_twenty_fields_and_a_code_of_ours(scene: Scene) -> None:
    made = await scene.make(remark="首次承诺")
    code = normalise_commitment_code(made["code"])
    assert isinstance(code, CommitmentCode)
    assert (code.area, str(code.made_on), code.serial) == (AUTHORITY[2:8], "2026-11-23", 1)
    expected = {
        "subject_name": "桃花市示例装饰有限公司",
        "subject_category": "legal",
        "subject_code": credit_code(),
        "made_on": "2026-11-23",
        "performance": None,
        "accepting_unit_code": AUTHORITY,
        "remark": "首次承诺",
        "state": "published",
    }
    assert {field: made[field] for field in expected} == expected
    assert [each["event"] for each in made["history"]] == ["make", "publish"]


async def test_an_individual_business_is_told_by_its_code(client: httpx2.AsyncClient, scene: Scene) -> None:
    shop = await registered(client, scene.agent, code=credit_code(2, register="92"))
    answer = await client.post(f"/v1/enterprises/{shop}/commitments", json=commitment(), headers=scene.agent.headers)
    assert answer.json()["subject_category"] == "individual-business"


async def test_commitments_made_at_the_same_time_get_different_codes(scene: Scene) -> None:
    made = await asyncio.gather(*(scene.make() for _ in range(12)))
    assert sorted(int(each["code"][-6:]) for each in made) == list(range(1, 13))


async def test_when_the_codes_of_a_day_are_used_up_the_next_is_refused(
    client: httpx2.AsyncClient, scene: Scene, platform: Platform
) -> None:
    await scene.make()
    async with platform.database.connection() as connection:
        await connection.execute("UPDATE commitment_serial SET last = 999999")
    answer = await client.post(scene.path, json=commitment(), headers=scene.agent.headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "commitment-codes-exhausted")


async def test_only_what_may_be_opened_is_published(scene: Scene) -> None:
    public = await scene.make()
    for openness in ("limited", "closed"):
        assert (await scene.make(openness=openness))["state"] == "made"
    [seen] = await scene.published()
    assert seen["code"] == public["code"]
    assert seen["subject_name"] == "桃花市示例装饰有限公司"
    assert seen["subject_code"] == credit_code()
    assert "history" not in seen
    assert "enterprise_id" not in seen


async def test_the_public_list_is_paged(client: httpx2.AsyncClient, scene: Scene, clock: SettableClock) -> None:
    for _ in range(3):
        clock.move(timedelta(seconds=1))
        await scene.make()
    first = (await client.get("/v1/commitments", params={"limit": 2})).json()
    rest = (await client.get("/v1/commitments", params={"limit": 2, "cursor": first["next"]})).json()
    serials = [int(each["code"][-6:]) for page in (first, rest) for each in page["commitments"]]
    assert serials == [3, 2, 1]
    assert rest["next"] is None


async def test_a_commitment_reported_kept_and_found_so_is_kept(scene: Scene) -> None:
    made = await scene.make()
    assert (await scene.report(made["id"])).json()["state"] == "reported"
    checked = await scene.act(scene.officer, made["id"], "check", finding())
    assert checked.status_code == 200, checked.text
    assert (checked.json()["state"], checked.json()["performance"]) == ("kept", "full")
    assert [each["event"] for each in (await scene.get(made["id"]))["history"]] == [
        "make",
        "publish",
        "report",
        "find-kept",
    ]
    assert (await scene.published())[0]["performance"] == "full"
    again = await scene.report(made["id"])
    assert (again.status_code, again.json()["code"]) == (409, "state-conflict")


async def test_it_falls_due_after_its_last_day(scene: Scene, clock: SettableClock, run_due: RunDue) -> None:
    made = await scene.make(valid_until="2026-11-24", openness="closed")
    clock.move(timedelta(hours=31))
    await run_due()
    await scene.sign_in()
    assert (await scene.get(made["id"]))["state"] == "made"
    clock.move(timedelta(hours=2))
    await run_due()
    await scene.sign_in()
    assert (await scene.get(made["id"]))["state"] == "due"


async def test_it_is_not_checked_before_it_is_due_or_reported(scene: Scene) -> None:
    made = await scene.make()
    answer = await scene.act(scene.officer, made["id"], "check", finding())
    assert (answer.status_code, answer.json()["code"]) == (409, "state-conflict")


async def test_a_negative_finding_needs_a_second_person(scene: Scene) -> None:
    made = await scene.make()
    await scene.report(made["id"])
    proposed = await scene.act(scene.officer, made["id"], "check", negative_finding())
    assert (proposed.json()["state"], proposed.json()["performance"]) == ("finding-proposed", None)
    assert (await scene.published())[0]["performance"] is None
    for act, body in (("confirm", None), ("send-back", {"reason": "改变主意"})):
        alone = await scene.act(scene.officer, made["id"], act, body)
        assert (alone.status_code, alone.json()["code"]) == (403, "second-person-needed")
    confirmed = await scene.act(scene.colleague, made["id"], "confirm")
    assert (confirmed.json()["state"], confirmed.json()["performance"]) == ("rectifying", "partial")
    assert confirmed.json()["rectify_by"] == "2027-02-01"
    assert (await scene.published())[0]["performance"] == "partial"


async def test_the_second_person_may_send_a_finding_back(scene: Scene) -> None:
    made = await scene.make()
    await scene.report(made["id"])
    await scene.act(scene.officer, made["id"], "check", negative_finding())
    back = await scene.act(scene.colleague, made["id"], "send-back", {"reason": "材料显示已清运"})
    assert (back.json()["state"], back.json()["proposal"], back.json()["performance"]) == ("due", None, None)
    assert (await scene.act(scene.officer, made["id"], "check", finding())).json()["state"] == "kept"


async def test_a_rectified_commitment_is_kept_in_the_end(scene: Scene) -> None:
    made = await scene.make()
    await scene.report(made["id"])
    await scene.act(scene.officer, made["id"], "check", negative_finding())
    await scene.act(scene.colleague, made["id"], "confirm")
    assert (await scene.report(made["id"])).json()["state"] == "rectification-reported"
    kept = (await scene.act(scene.officer, made["id"], "check", finding())).json()
    assert (kept["state"], kept["performance"], kept["unperformed"], kept["sanction"]) == ("kept", "full", None, None)


async def test_a_breach_closes_the_commitment_route_and_nothing_else(
    client: httpx2.AsyncClient, scene: Scene, clock: SettableClock, run_due: RunDue
) -> None:
    made = await scene.make()
    await scene.report(made["id"])
    await scene.act(scene.officer, made["id"], "check", negative_finding(rectify_by="2026-12-01"))
    await scene.act(scene.colleague, made["id"], "confirm")
    clock.move(timedelta(days=9))
    await run_due()
    await scene.sign_in()
    assert (await scene.get(made["id"]))["state"] == "rectification-ended"
    proposed = await scene.act(scene.officer, made["id"], "check", negative_finding(rectify_by=None))
    assert proposed.json()["state"] == "breach-proposed"
    assert (await scene.act(scene.colleague, made["id"], "confirm")).json()["state"] == "broken"
    for route in ("approval", "tolerance", "certification"):
        refused = await client.post(scene.path, json=commitment(type=route), headers=scene.agent.headers)
        assert (refused.status_code, refused.json()["code"]) == (409, "commitment-route-closed")
    for still_open in ("repair", "voluntary"):
        assert (await scene.make(type=still_open))["state"] == "published"


async def test_a_negative_finding_leaves_the_public_list_at_the_maximum(scene: Scene, clock: SettableClock) -> None:
    made = await scene.make()
    await scene.report(made["id"])
    await scene.act(scene.officer, made["id"], "check", negative_finding())
    await scene.act(scene.colleague, made["id"], "confirm")
    clock.move(timedelta(days=365))
    assert len(await scene.published()) == 1
    clock.move(timedelta(days=1))
    assert await scene.published() == []


@pytest.mark.parametrize("missing", ["unperformed", "sanction", "rectify_by"])
async def test_a_negative_finding_must_be_complete(scene: Scene, missing: str) -> None:
    made = await scene.make()
    await scene.report(made["id"])
    answer = await scene.act(scene.officer, made["id"], "check", negative_finding(**{missing: None}))
    assert (answer.status_code, answer.json()["code"]) == (422, "finding-incomplete")
    assert [error["field"] for error in answer.json()["errors"]] == [missing]


async def test_a_finding_whose_term_is_over_is_not_confirmed(scene: Scene, clock: SettableClock) -> None:
    made = await scene.make()
    await scene.report(made["id"])
    await scene.act(scene.officer, made["id"], "check", negative_finding(rectify_by="2026-11-24"))
    clock.move(timedelta(days=1))
    await scene.sign_in()
    answer = await scene.act(scene.colleague, made["id"], "confirm")
    assert (answer.status_code, answer.json()["code"]) == (422, "last-day-unusable")


async def test_no_officer_checks_an_enterprise_they_act_for(client: httpx2.AsyncClient, person: PersonBuilder) -> None:
    both = await person(roles=(Role.CASE_OFFICER,))
    enterprise_id = await registered(client, both)
    path = f"/v1/enterprises/{enterprise_id}/commitments"
    made = (await client.post(path, json=commitment(), headers=both.headers)).json()
    await client.post(f"{path}/{made['id']}/report", json={"evidence": "YS-1"}, headers=both.headers)
    answer = await client.post(f"/v1/staff/commitments/{made['id']}/check", json=finding(), headers=both.headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "own-matter")


async def test_a_resident_does_not_check(client: httpx2.AsyncClient, scene: Scene) -> None:
    made = await scene.make()
    assert (await scene.act(scene.agent, made["id"], "check", finding())).status_code == 403
    assert (await client.get("/v1/staff/commitments", headers=scene.agent.headers)).status_code == 403


async def test_the_authority_lists_by_state(client: httpx2.AsyncClient, scene: Scene) -> None:
    made = await scene.make()
    await scene.make()
    await scene.report(made["id"])
    headers = scene.officer.headers
    listed = (await client.get("/v1/staff/commitments", params={"state": "reported"}, headers=headers)).json()
    assert [each["id"] for each in listed["commitments"]] == [made["id"]]
    assert len((await client.get("/v1/staff/commitments", headers=headers)).json()["commitments"]) == 2
    unknown = await client.get("/v1/staff/commitments", params={"state": "nonsense"}, headers=headers)
    assert unknown.status_code == 400
    one = await client.get(f"/v1/staff/commitments/{made['id']}", headers=headers)
    assert one.json()["code"] == made["code"]


@pytest.mark.parametrize("field", ["reason", "content", "liability", "accepting_unit", "accepting_unit_code", "remark"])
async def test_control_characters_are_a_malformed_request(client: httpx2.AsyncClient, scene: Scene, field: str) -> None:
    for character in ("\x00", "\x1b"):
        body = commitment(**{field: f"a{character}b"})
        answer = await client.post(scene.path, json=body, headers=scene.agent.headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed-request")


@pytest.mark.parametrize(("field", "length"), [("reason", 512), ("content", 4000), ("liability", 2000)])
async def test_a_field_ends_where_the_national_list_ends_it(
    client: httpx2.AsyncClient, scene: Scene, field: str, length: int
) -> None:
    assert await scene.make(**{field: "诺" * length})
    answer = await client.post(scene.path, json=commitment(**{field: "诺" * (length + 1)}), headers=scene.agent.headers)
    assert answer.status_code == 400


async def test_an_authority_must_have_a_valid_code(client: httpx2.AsyncClient, scene: Scene) -> None:
    body = commitment(accepting_unit_code="91320100748204660R")
    answer = await client.post(scene.path, json=body, headers=scene.agent.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "unit-code-invalid")


async def test_a_breach_of_the_enterprise_touches_no_score_of_its_agent(scene: Scene, platform: Platform) -> None:
    async with platform.database.connection() as connection:
        await connection.execute("DELETE FROM due_work WHERE topic = 'score'")
    made = await scene.make()
    await scene.report(made["id"])
    await scene.act(scene.officer, made["id"], "check", negative_finding())
    await scene.act(scene.colleague, made["id"], "confirm")
    await scene.report(made["id"])
    await scene.act(scene.officer, made["id"], "check", negative_finding())
    assert (await scene.act(scene.colleague, made["id"], "confirm")).json()["state"] == "broken"
    async with platform.database.connection() as connection:
        touched = await connection.fetch("SELECT key FROM due_work WHERE topic = 'score'")
        columns = await connection.fetch(
            "SELECT column_name FROM information_schema.columns WHERE table_name IN "
            "('commitment', 'commitment_history', 'declaration', 'enterprise_agent') AND column_name = 'subject_id'"
        )
    assert touched == []
    assert columns == []
