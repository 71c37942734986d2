"""投诉: one tap, a clock that starts by itself, a written answer; the partner learns what and never who."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from backend.partner_accounts import service as partner_accounts
from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from backend.platform.roles import Role
from partners.benefits.terms import Text, Tier
from tests.builders.partners import PartnerCaller, current_code, make_partner, make_terms, publish
from tests.builders.people import Person, PersonBuilder
from tests.builders.reviews import BENEFIT, visit
from tests.conftest import RunDue

SUBSTANCE = "有顾客反映核验符合后未予办理。"


class Office:
    """A guest, the partner, and two officers."""

    def __init__(
        self,
        client: httpx2.AsyncClient,
        clock: SettableClock,
        person: PersonBuilder,
        people: tuple[Person, Person, Person],
        partner: PartnerCaller,
    ) -> None:
        self.client = client
        self.partner = partner
        self.guest, self.officer, self.colleague = people
        self._clock = clock
        self._person = person
        self._signed_in = dict.fromkeys(people, clock.now())

    async def sign_in(self, who: Person) -> None:
        """Once more, if the clock has moved."""
        if self._clock.now() > self._signed_in[who]:
            self._signed_in[who] = self._clock.now()
            await self._person.sign_in(who)

    async def complain(self, verification: str, **changes: Any) -> httpx2.Response:
        """The guest's tap."""
        body = {"verification_id": verification, "about": "refused-at-the-till", **changes}
        await self.sign_in(self.guest)
        return await self.client.post("/v1/me/complaints", json=body, headers=self.guest.headers)

    async def filed(self, **changes: Any) -> str:
        """The id of a complaint about a fresh visit."""
        await self.sign_in(self.guest)
        answer = await self.complain(await visit(self.client, self.partner, self.guest, served=False), **changes)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def act(self, who: Person, complaint_id: str, act: str, body: Any = None) -> httpx2.Response:
        """What an officer sends."""
        path = f"/v1/staff/complaints/{complaint_id}/{act}"
        await self.sign_in(who)
        return await self.client.post(path, json=body, headers=who.headers)

    async def done(self, complaint_id: str, act: str, body: Any = None) -> dict[str, Any]:
        """What the first officer does, without a refusal."""
        answer = await self.act(self.officer, complaint_id, act, body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def mine(self) -> list[dict[str, Any]]:
        """What the guest reads."""
        await self.sign_in(self.guest)
        answer = await self.client.get("/v1/me/complaints", headers=self.guest.headers)
        found: list[dict[str, Any]] = answer.json()["complaints"]
        return found

    async def listed(self, query: str = "") -> list[str]:
        """Ids that the officers see, in their order."""
        await self.sign_in(self.officer)
        answer = await self.client.get(f"/v1/staff/complaints{query}", headers=self.officer.headers)
        assert answer.status_code == 200, answer.text
        return [each["id"] for each in answer.json()["complaints"]]

    async def passed_on(self) -> list[dict[str, Any]]:
        """What the partner reads."""
        found: list[dict[str, Any]] = (await self.partner("GET", "/v1/partner/complaints")).json()["complaints"]
        return found


@pytest.fixture
async def office(client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, person: PersonBuilder) -> Office:
    """Nobody has complained yet."""
    await publish(platform, make_terms(BENEFIT))
    partner = await make_partner(client, platform, clock, BENEFIT, name="桃花书店")
    guest = await person("欧阳诗涵")
    officers = [await person(name, roles=(Role.CASE_OFFICER,)) for name in ("李四", "王五")]
    return Office(client, clock, person, (guest, officers[0], officers[1]), partner)


Wait = Callable[[int], Awaitable[None]]


@pytest.fixture
def days_pass(clock: SettableClock, run_due: RunDue) -> Wait:
    """So many days pass, and what is due is done."""

    async def passed(days: int) -> None:
        clock.move(timedelta(days=days))
        await run_due()

    return passed


async def test_from_one_tap_to_a_written_answer(office: Office) -> None:
    complaint_id = await office.filed(words="店员说今天不做活动。")
    [mine] = await office.mine()
    assert (mine["state"], mine["partner"], mine["words"]) == ("filed", "桃花书店", "店员说今天不做活动。")
    assert (mine["clock"]["due_day"], mine["clock"]["working_days_left"]) == ("2026-11-30", 5)
    accepted = await office.done(complaint_id, "acceptance")
    # Twenty working days after 23 November.
    assert (accepted["state"], accepted["clock"]["due_day"]) == ("accepted", "2026-12-21")
    assert (await office.done(complaint_id, "substance", {"substance": SUBSTANCE}))["substance"] == SUBSTANCE
    [told] = await office.passed_on()
    replied = await office.partner("POST", f"/v1/partner/complaints/{told['complaint']}/reply", {"reply": "已补办。"})
    assert (replied.status_code, replied.json()["reply"]) == (200, "已补办。")
    await office.done(complaint_id, "answer", {"answer": "经核实，商户已补办。"})
    [mine] = await office.mine()
    assert (mine["state"], mine["answer"], mine["partner_reply"]) == ("answered", "经核实，商户已补办。", "已补办。")
    assert (mine["substance"], mine["clock"]["due_day"], mine["clock"]["overdue"]) == (SUBSTANCE, None, False)
    assert [entry["event"] for entry in mine["history"]] == ["file", "accept", "pass-on", "reply", "answer"]
    late = await office.partner("POST", f"/v1/partner/complaints/{told['complaint']}/reply", {"reply": "另外……"})
    assert late.json()["code"] == "state-conflict"
    assert (await office.act(office.officer, complaint_id, "answer", {"answer": "再答。"})).json()[
        "code"
    ] == "state-conflict"


async def test_a_tap_needs_no_words_and_a_no_can_be_complained_about(office: Office, platform: Platform) -> None:
    best = (Tier(Text("典范", "Exemplary"), 4, 100),)
    await publish(platform, make_terms("closed", open_to_all=False, tiers=best))
    async with platform.database.transaction() as connection:
        await partner_accounts.grant_benefit(platform, connection, office.partner.partner_id, "closed")
    code = (await current_code(office.client, office.guest.headers))["text"]
    declined = (await office.partner.verify(code, "closed")).json()
    assert declined["result"] == "declined"
    filed = await office.complain(declined["verification_id"], about="treated-badly")
    assert (filed.status_code, filed.json()["words"]) == (201, None)


async def test_one_complaint_at_a_time_about_a_visit_of_ones_own(office: Office, person: PersonBuilder) -> None:
    verification = await visit(office.client, office.partner, office.guest)
    assert (await office.complain(verification)).status_code == 201
    again = await office.complain(verification)
    assert (again.status_code, again.json()["code"]) == (409, "complaint-open")
    [mine] = await office.mine()
    path = f"/v1/me/complaints/{mine['id']}/withdrawal"
    somebody = await person()
    assert (await office.client.post(path, headers=somebody.headers)).status_code == 404
    assert (await office.client.post(path, headers=office.guest.headers)).json()["state"] == "withdrawn"
    assert (await office.client.post(path, headers=office.guest.headers)).json()["code"] == "state-conflict"
    assert (await office.complain(verification)).status_code == 201
    assert (await office.complain(str(uuid4()))).json()["code"] == "not-found"


async def test_what_nobody_accepts_is_accepted_by_the_clock_and_what_nobody_answers_is_late(
    office: Office, days_pass: Wait
) -> None:
    complaint_id = await office.filed()
    await days_pass(7)
    assert await office.listed("?state=filed") == [complaint_id], "the fifth working day is not over"
    await days_pass(1)
    [mine] = await office.mine()
    assert (mine["state"], mine["clock"]["accepted_on"], mine["clock"]["due_day"]) == (
        "accepted",
        "2026-12-01",
        "2026-12-29",
    )
    assert mine["history"][-1]["actor_kind"] == "system"
    await days_pass(28)
    assert await office.listed("?overdue=true") == []
    await days_pass(1)
    assert await office.listed("?overdue=true") == [complaint_id]
    [mine] = await office.mine()
    assert (mine["clock"]["overdue"], mine["clock"]["working_days_left"]) == (True, 0)
    assert (await office.done(complaint_id, "answer", {"answer": "迟复，致歉。"}))["clock"]["overdue"] is True
    assert await office.listed("?overdue=true") == []
    assert await office.listed("?state=answered&overdue=true") == [complaint_id]


async def test_the_most_urgent_stands_first_and_pages_follow(office: Office, days_pass: Wait) -> None:
    first = await office.filed()
    await days_pass(1)
    second, third = await office.filed(), await office.filed()
    await office.done(first, "acceptance")
    assert set((await office.listed())[:2]) == {second, third}
    assert (await office.listed())[2] == first
    seen: list[str] = []
    query = "?limit=1"
    while query:
        answer = await office.client.get(f"/v1/staff/complaints{query}", headers=office.officer.headers)
        seen += [each["id"] for each in answer.json()["complaints"]]
        query = f"?limit=1&cursor={answer.json()['next']}" if answer.json()["next"] else ""
    assert seen == await office.listed()


async def test_a_refusal_needs_two_and_is_no_decision_before(office: Office) -> None:
    complaint_id, refusal = await office.filed(), {"reason": "与本平台权益无关。"}
    proposed = await office.done(complaint_id, "refusal", refusal)
    assert (proposed["state"], proposed["reason"], proposed["proposed_reason"]) == (
        "refusal-proposed",
        None,
        refusal["reason"],
    )
    [mine] = await office.mine()
    assert (mine["state"], mine["reason"], [entry["event"] for entry in mine["history"]]) == ("filed", None, ["file"])
    alone = await office.act(office.officer, complaint_id, "refusal-decision", {"confirm": True})
    assert alone.json()["code"] == "second-person-needed"
    back = await office.act(office.colleague, complaint_id, "refusal-decision", {"confirm": False})
    assert (back.json()["state"], back.json()["proposed_reason"]) == ("filed", None)
    await office.done(complaint_id, "refusal", refusal)
    refused = await office.act(office.colleague, complaint_id, "refusal-decision", {"confirm": True})
    assert refused.json()["state"] == "refused"
    [mine] = await office.mine()
    assert (mine["state"], mine["reason"]) == ("refused", refusal["reason"])
    assert (await office.act(office.officer, complaint_id, "acceptance")).json()["code"] == "state-conflict"


async def test_a_refusal_that_waits_does_not_stop_the_clock(office: Office, days_pass: Wait) -> None:
    complaint_id = await office.filed()
    await office.done(complaint_id, "refusal", {"reason": "与本平台权益无关。"})
    await days_pass(8)
    [mine] = await office.mine()
    assert (mine["state"], mine["reason"]) == ("accepted", None)
    late = await office.act(office.colleague, complaint_id, "refusal-decision", {"confirm": True})
    assert late.json()["code"] == "state-conflict"


async def test_the_partner_learns_what_and_never_who(office: Office, clock: SettableClock) -> None:
    secret = "我叫欧阳诗涵，电话 13900001234。"
    complaint_id = await office.filed(words=secret)
    assert await office.passed_on() == []
    early = await office.act(office.officer, complaint_id, "substance", {"substance": SUBSTANCE})
    assert early.json()["code"] == "state-conflict", "not accepted yet"
    await office.done(complaint_id, "acceptance")
    masked = await office.done(complaint_id, "substance", {"substance": f"{SUBSTANCE}联系 13900001234。"})
    assert "13900001234" not in masked["substance"]
    again = await office.act(office.officer, complaint_id, "substance", {"substance": SUBSTANCE})
    assert again.json()["code"] == "state-conflict"
    [mine] = await office.mine()
    answer = await office.partner("GET", "/v1/partner/complaints")
    for hidden in (
        secret, "欧阳", complaint_id, mine["verification_id"], str(office.guest.subject_id), str(office.guest.account_id),
        "13900001234", mine["filed_at"],
    ):  # fmt: skip
        assert hidden not in answer.text
    [told] = answer.json()["complaints"]
    assert set(told) == {"complaint", "about", "substance", "passed_on", "open", "reply"}
    assert UUID(told["complaint"]).version == 4, "a number that tells no instant"


async def test_another_partners_complaint_is_not_found(
    office: Office, client: httpx2.AsyncClient, platform: Platform, clock: SettableClock
) -> None:
    complaint_id = await office.filed()
    await office.done(complaint_id, "acceptance")
    await office.done(complaint_id, "substance", {"substance": SUBSTANCE})
    [told] = await office.passed_on()
    other = await make_partner(client, platform, clock)
    refused = await other("POST", f"/v1/partner/complaints/{told['complaint']}/reply", {"reply": "？"})
    assert refused.status_code == 404
    assert (await other("GET", "/v1/partner/complaints")).json()["complaints"] == []


async def test_nobody_handles_a_matter_of_their_own(office: Office, platform: Platform) -> None:
    complaint_id = await office.filed()
    async with platform.database.transaction() as connection:
        clerk = office.officer.account_id
        await partner_accounts.add_clerk(platform, connection, clerk, office.partner.store_id, "1号收银台")
    assert (await office.act(office.officer, complaint_id, "acceptance")).json()["code"] == "own-matter"
    verification = await visit(office.client, office.partner, office.colleague, served=False)
    body = {"verification_id": verification, "about": "other"}
    own = await office.client.post("/v1/me/complaints", json=body, headers=office.colleague.headers)
    refused = await office.act(office.colleague, own.json()["id"], "acceptance")
    assert refused.json()["code"] == "own-matter"
    assert (await office.act(office.colleague, str(uuid4()), "acceptance")).status_code == 404


async def test_the_person_sees_every_look(office: Office) -> None:
    complaint_id = await office.filed()
    await office.listed()
    await office.done(complaint_id, "acceptance")
    log = (await office.client.get("/v1/me/access-log?limit=100", headers=office.guest.headers)).json()["entries"]
    assert {"查看投诉清单", "受理投诉"} <= {entry["action"] for entry in log if entry["actor_kind"] == "staff"}


async def test_leaving_takes_open_complaints_back_and_leaves_no_word(office: Office, platform: Platform) -> None:
    answered, open_still = await office.filed(words="甲"), await office.filed(words="乙")
    await office.done(answered, "acceptance")
    await office.done(answered, "answer", {"answer": "丙"})
    assert (await office.client.delete("/v1/me", headers=office.guest.headers)).status_code == 204
    async with platform.database.connection() as connection:
        rows = await connection.impersonal(
            "the test looks",
            "SELECT id, state, subject_id, words_sealed, answer_sealed FROM complaint ORDER BY state",
        )
    assert {str(row["id"]): row["state"] for row in rows} == {answered: "answered", open_still: "withdrawn"}
    assert {row[column] for row in rows for column in ("subject_id", "words_sealed", "answer_sealed")} == {None}
    assert await office.listed("?state=withdrawn") == [open_still]
