"""Verifications that come in one tick are answered in one transaction; what befalls one of them befalls no other."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from backend.codes import service as codes_room
from backend.platform.clock import SettableClock
from backend.platform.database import Connection
from backend.platform.platform import Platform
from tests.builders.partners import PartnerCaller, current_code, make_partner, make_terms, publish
from tests.builders.people import Person, PersonBuilder
from tests.market.conftest import BENEFIT


async def _codes(client: httpx2.AsyncClient, people: list[Person]) -> list[str]:
    return [(await current_code(client, each.headers))["text"] for each in people]


async def test_each_of_many_holders_gets_their_own_answer_and_their_own_row(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, partner: PartnerCaller, person: PersonBuilder
) -> None:
    people = [await person(name) for name in ("赵一", "钱二", "孙三", "李四")]
    await publish(platform, make_terms("other-benefit"))
    other = await make_partner(client, platform, clock, "other-benefit", name="另一商户")
    codes = await _codes(client, people)
    asked = [
        (partner, BENEFIT, 100),
        (other, "other-benefit", 200),
        (partner, BENEFIT, 3001),
        (other, "other-benefit", 400),
    ]
    answers = await asyncio.gather(
        *(till.verify(code, benefit, amount_fen=fen) for (till, benefit, fen), code in zip(asked, codes, strict=True))
    )
    assert [answer.json()["benefit"] for answer in answers] == [benefit for _, benefit, _ in asked]
    assert [answer.json()["result"] for answer in answers] == ["eligible", "eligible", "declined", "eligible"]
    for each, (till, _, fen), answer in zip(people, asked, answers, strict=True):
        [mine] = (await client.get("/v1/me/verifications", headers=each.headers)).json()["verifications"]
        assert (mine["id"], mine["partner"], mine["amount_fen"]) == (answer.json()["verification_id"], till.name, fen)
        log = (await client.get("/v1/me/access-log", headers=each.headers)).json()["entries"]
        assert {entry["actor_name"] for entry in log if entry["actor_kind"] == "partner"} == {till.name}
        assert all(entry["outcome"] == "ok" for entry in log)


async def test_a_used_code_and_a_replay_in_the_company_of_others_fail_or_replay_alone(
    client: httpx2.AsyncClient, partner: PartnerCaller, person: PersonBuilder
) -> None:
    people = [await person(name) for name in ("赵一", "钱二", "孙三")]
    used, *fresh = await _codes(client, people)
    key = str(uuid4())
    first = await partner.verify(used, BENEFIT, key)
    again, replayed, *answered = await asyncio.gather(
        partner.verify(used, BENEFIT),
        partner.verify(used, BENEFIT, key),
        *(partner.verify(code, BENEFIT) for code in fresh),
    )
    assert (again.status_code, again.json()["code"]) == (422, "code-unusable")
    assert (replayed.content, replayed.headers["idempotency-replayed"]) == (first.content, "true")
    assert [answer.json()["result"] for answer in answered] == ["eligible", "eligible"]
    for each in people[1:]:
        log = (await client.get("/v1/me/access-log", headers=each.headers)).json()["entries"]
        assert [entry for entry in log if entry["outcome"] == "failed"] == []


async def test_a_scan_takes_three_statements_for_yes_and_for_every_no(
    platform: Platform,
    client: httpx2.AsyncClient,
    partner: PartnerCaller,
    resident: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    statements: list[str] = []
    ask = Connection.ask

    async def counted(self: Connection, *questions: Any, **more: Any) -> Any:
        statements.append("; ".join(question.sql for question in questions))
        return await ask(self, *questions, **more)

    codes = await _codes(client, [resident, resident])
    monkeypatch.setattr(Connection, "ask", counted)
    found: dict[str, list[str]] = {}
    for code, fen in zip(codes, (100, 3001), strict=True):
        statements.clear()
        result = (await partner.verify(code, BENEFIT, amount_fen=fen)).json()["result"]
        found[result] = list(statements)
    assert found["eligible"] == found["declined"]
    assert len(found["eligible"]) == 3


async def test_the_burn_that_many_share_is_the_only_one(
    client: httpx2.AsyncClient, partner: PartnerCaller, resident: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it a code would be answered twice: the test of the test."""
    code = (await current_code(client, resident.headers))["text"]
    answers = await asyncio.gather(*(partner.verify(code, BENEFIT) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 422, 422, 422]

    reads_only = codes_room.burning

    def broken(burnings: Any, now: Any) -> Any:
        question = reads_only(burnings, now)
        return type(question).impersonal(
            "a broken build", question.read, question.columns,
            "SELECT id, account_id, subject_id, $2::uuid, issued_at, enterprise_id FROM code_ticket WHERE id = ANY($1::bytea[])",
            [each.ticket_id for each in burnings],
            burnings[0].verification_id,
        )  # fmt: skip

    monkeypatch.setattr(codes_room, "burning", broken)
    assert (await partner.verify(code, BENEFIT)).status_code == 201
