"""What the authority does: one officer grants, two refuse or revoke, and the enterprise reads why."""

from typing import Any

import httpx2
import pytest

from backend.platform.roles import Role
from tests.builders.displays import Exhibitor
from tests.builders.enterprises import negative_finding, registered
from tests.builders.people import PersonBuilder


async def test_an_officer_grants_until_a_date_and_the_code_is_live(shop: Exhibitor) -> None:
    granted = await shop.granted(valid_until="2027-06-30")
    assert (granted["state"], granted["issued_on"], granted["valid_until"]) == ("live", "2026-11-23", "2027-06-30")
    assert (await shop.shown(granted)).status_code == 200
    assert [(entry["event"], entry["actor_kind"]) for entry in granted["history"]] == [
        ("make", "agent"),
        ("grant", "officer"),
    ]


@pytest.mark.parametrize("valid_until", ["2027-11-24", "2026-11-23"])
async def test_no_longer_than_the_sector_allows_and_not_into_the_past(shop: Exhibitor, valid_until: str) -> None:
    application = await shop.applied()
    answer = await shop.act(shop.officer, application["id"], "grant", {"valid_until": valid_until})
    assert answer.status_code == 422
    assert (await shop.get(application["id"]))["state"] == "applied"


async def test_it_is_not_granted_on_a_commitment_that_was_broken_meanwhile(
    shop: Exhibitor, client: httpx2.AsyncClient
) -> None:
    application = await shop.applied()
    path = f"/v1/staff/commitments/{application['commitment_id']}"
    report = {"evidence": "YS-1"}
    await shop.post(f"/commitments/{application['commitment_id']}/report", report)
    for _ in range(2):
        answer = await client.post(f"{path}/check", json=negative_finding(), headers=shop.officer.headers)
        assert answer.status_code == 200, answer.text
        assert (await client.post(f"{path}/confirm", headers=shop.colleague.headers)).status_code == 200
        await shop.post(f"/commitments/{application['commitment_id']}/report", report)
    answer = await shop.act(shop.officer, application["id"], "grant", {"valid_until": "2027-06-30"})
    assert (answer.status_code, answer.json()["code"]) == (422, "display-commitment-unsuitable")


async def test_a_revocation_needs_two_and_until_then_the_public_sees_a_valid_code(shop: Exhibitor) -> None:
    granted = await shop.granted()
    reason = "经核查，未履行公开承诺。"
    proposed = await shop.act(shop.officer, granted["id"], "proposal", {"proposal": "revoke", "reason": reason})
    assert proposed.json()["state"] == "revocation-proposed"
    shown = await shop.shown(granted)
    assert shown.status_code == 200
    assert reason not in shown.text
    seen = await shop.get(granted["id"])
    assert seen["reason"] == reason, "the enterprise reads why before it stands"
    assert "陈述、申辩" in seen["how_to_object"]
    alone = await shop.act(shop.officer, granted["id"], "decision", {"confirm": True})
    assert (alone.status_code, alone.json()["code"]) == (403, "second-person-needed")
    confirmed = await shop.act(shop.colleague, granted["id"], "decision", {"confirm": True})
    assert (confirmed.json()["state"], confirmed.json()["ended_by"]) == ("revoked", "officers")
    seen = await shop.get(granted["id"])
    assert (seen["reason"], seen["url"]) == (reason, None)
    assert "行政复议" in seen["how_to_object"]
    gone = await shop.page(granted)
    assert gone.status_code == 410
    assert reason in gone.text


async def test_a_second_officer_sends_it_back_and_nothing_is_left_but_the_history(shop: Exhibitor) -> None:
    granted = await shop.granted()
    await shop.act(shop.officer, granted["id"], "proposal", {"proposal": "revoke", "reason": "证据"})
    body = {"confirm": False, "note": "证据不足"}
    back = (await shop.act(shop.colleague, granted["id"], "decision", body)).json()
    assert (back["state"], back["reason"], back["how_to_object"]) == ("live", None, None)
    assert [(entry["event"], entry["note"]) for entry in back["history"]][-2:] == [
        ("propose-revocation", "证据"),
        ("send-back", "证据不足"),
    ]
    again = await shop.act(shop.colleague, granted["id"], "decision", {"confirm": True})
    assert (again.status_code, again.json()["code"]) == (409, "state-conflict")


async def test_a_refusal_needs_two_and_the_enterprise_may_apply_again(shop: Exhibitor) -> None:
    application = await shop.applied()
    body = {"proposal": "refuse", "reason": "承诺与旅游服务无关"}
    assert (await shop.act(shop.officer, application["id"], "proposal", body)).status_code == 200
    alone = await shop.act(shop.officer, application["id"], "decision", {"confirm": True})
    assert alone.status_code == 403
    refused = (await shop.act(shop.colleague, application["id"], "decision", {"confirm": True})).json()
    assert (refused["state"], refused["reason"]) == ("refused", "承诺与旅游服务无关")
    assert refused["how_to_object"]
    assert (await shop.applied())["state"] == "applied"


@pytest.mark.parametrize("kind", ["own", "product"])
async def test_officers_revoke_a_code_of_any_kind(shop: Exhibitor, kind: str) -> None:
    made = await shop.made() if kind == "own" else await shop.declared()
    assert (await shop.revoked(made["id"]))["state"] == "revoked"
    assert (await shop.shown(made)).status_code == 410


async def test_what_does_not_fit_the_state_is_refused(shop: Exhibitor) -> None:
    own, application = await shop.made(), await shop.applied()
    wrong: list[tuple[str, str, dict[str, Any]]] = [
        (own["id"], "grant", {"valid_until": "2027-06-30"}),
        (own["id"], "proposal", {"proposal": "refuse", "reason": "x"}),
        (own["id"], "decision", {"confirm": True}),
        (application["id"], "proposal", {"proposal": "revoke", "reason": "x"}),
        (application["id"], "decision", {"confirm": False}),
    ]
    for code_id, act, body in wrong:
        answer = await shop.act(shop.officer, code_id, act, body)
        assert (answer.status_code, answer.json()["code"]) == (409, "state-conflict"), (act, body)


async def test_nobody_decides_about_an_enterprise_they_act_for(
    client: httpx2.AsyncClient, person: PersonBuilder
) -> None:
    both = await person("赵六", roles=(Role.CASE_OFFICER,))
    colleague = await person("王五", roles=(Role.CASE_OFFICER,))
    theirs = Exhibitor(client, person, (both, both, colleague), await registered(client, both))
    application, own = await theirs.applied(), await theirs.made()
    for code_id, act, body in (
        (application["id"], "grant", {"valid_until": "2027-06-30"}),
        (own["id"], "proposal", {"proposal": "revoke", "reason": "x"}),
    ):
        answer = await theirs.act(both, code_id, act, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "own-matter")
    await theirs.act(colleague, own["id"], "proposal", {"proposal": "revoke", "reason": "x"})
    answer = await theirs.act(both, own["id"], "decision", {"confirm": False})
    assert (answer.status_code, answer.json()["code"]) == (403, "own-matter")


async def test_applications_are_found_by_their_state(shop: Exhibitor, client: httpx2.AsyncClient) -> None:
    await shop.made()
    application = await shop.applied()
    path = "/v1/staff/display-codes"
    waiting = await client.get(path, params={"state": "applied"}, headers=shop.officer.headers)
    assert [each["id"] for each in waiting.json()["codes"]] == [application["id"]]
    assert waiting.json()["codes"][0]["enterprise_name"] == "桃花市示例装饰有限公司"
    everything = await client.get(path, headers=shop.officer.headers)
    assert len(everything.json()["codes"]) == 2
    assert (await client.get(path, headers=shop.agent.headers)).status_code == 403
