"""Redemptions of one tick share a transaction; each has the outcome that it has alone."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from backend.audit import service as audit
from backend.platform.clock import SettableClock
from backend.platform.database import Connection
from backend.platform.platform import Platform
from tests.builders.partners import PartnerCaller, current_code, make_partner, make_terms, publish
from tests.builders.people import Person, PersonBuilder
from tests.market.conftest import BENEFIT

VOUCHER, WEEKLY = "ten-vouchers", "once-a-day"


async def verified(client: httpx2.AsyncClient, till: PartnerCaller, holder: Person, benefit: str = BENEFIT) -> str:
    code = (await current_code(client, holder.headers))["text"]
    answer = await till.verify(code, benefit)
    assert answer.json()["result"] == "eligible", answer.text
    found: str = answer.json()["verification_id"]
    return found


def told(answer: httpx2.Response) -> str:
    """The outcome in a word: what it was, or why it was not."""
    found: str = answer.json().get("code") or answer.json()["state"]
    return found + (" again" if answer.headers.get("idempotency-replayed") else "")


async def test_a_lot_of_all_kinds_has_the_outcomes_that_each_has_alone(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, partner: PartnerCaller, person: PersonBuilder
) -> None:
    await publish(platform, make_terms(WEEKLY, per_person_per_day=1, quota_per_day=50))
    till = await make_partner(client, platform, clock, BENEFIT, WEEKLY, name="另一商户")
    outcomes = []
    for together in (True, False):
        lapsed = await verified(client, till, await person("周五"))
        clock.move(timedelta(minutes=16))
        people = [await person(name) for name in ("赵一", "钱二", "孙三", "李四")]
        done_key, done = str(uuid4()), await verified(client, till, people[0])
        assert told(await till.redeem(done, done_key, amount_fen=100)) == "redeemed"
        limited = [await verified(client, till, people[1], WEEKLY) for _ in range(2)]
        twice = await verified(client, till, people[2])
        foreign = await verified(client, partner, people[3])
        good = [await verified(client, till, each) for each in people]
        same_key = str(uuid4())
        asked: list[tuple[str, str | None, int]] = [
            (good[0], None, 100), (good[1], same_key, 100), (good[1], same_key, 100), (good[1], same_key, 200),
            (lapsed, None, 100), (done, done_key, 100), (done, done_key, 99), (done, None, 100), (foreign, None, 100),
            (str(uuid4()), None, 100), (good[2], None, 3001), (twice, None, 100), (twice, None, 100),
            (limited[0], None, 100), (limited[1], None, 100), (good[3], None, 3000),
        ]  # fmt: skip
        acts = [till.redeem(verification, key, amount_fen=fen) for verification, key, fen in asked]
        answers = await asyncio.gather(*acts) if together else [await act for act in acts]
        outcomes.append([told(answer) for answer in answers])
        # What was refused may be tried again under the key: nothing of it was kept.
        assert told(await till.redeem(good[2], None, amount_fen=3000)) == "redeemed"
        clock.move(timedelta(days=1))
    assert outcomes[0] == outcomes[1]
    assert outcomes[1] == [
        "redeemed", "redeemed", "redeemed again", "idempotency-key-reused",
        "state-conflict", "redeemed again", "idempotency-key-reused", "state-conflict", "not-found",
        "not-found", "amount-over-cap", "redeemed", "state-conflict",
        "redeemed", "quota-exhausted", "redeemed",
    ]  # fmt: skip
    assert await audit.examine(platform) == []


async def test_the_last_vouchers_go_to_as_many_as_there_are(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, person: PersonBuilder
) -> None:
    await publish(platform, make_terms(VOUCHER, quota_total=10))
    till = await make_partner(client, platform, clock, VOUCHER)
    holder = await person("赵一")
    verifications = [await verified(client, till, holder, VOUCHER) for _ in range(40)]
    answers = await asyncio.gather(*(till.redeem(each, amount_fen=100) for each in verifications))
    outcomes = [told(answer) for answer in answers]
    assert (outcomes.count("redeemed"), outcomes.count("quota-exhausted")) == (10, 30)
    # One is given back, and one more can be had.
    first = answers[outcomes.index("redeemed")].json()
    reversed_ = await till.post(f"/v1/partner/redemptions/{first['redemption_id']}/reversals", {"partner_ref": "back"})
    assert reversed_.status_code == 201
    left = [each for each, outcome in zip(verifications, outcomes, strict=True) if outcome == "quota-exhausted"]
    again = [told(answer) for answer in await asyncio.gather(*(till.redeem(each, amount_fen=1) for each in left[:5]))]
    assert sorted(again) == ["quota-exhausted"] * 4 + ["redeemed"]


async def test_a_redemption_takes_three_statements_whatever_becomes_of_it(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, person: PersonBuilder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    await publish(platform, make_terms(VOUCHER, quota_total=2))
    till = await make_partner(client, platform, clock, VOUCHER)
    holder = await person("赵一")
    first, *verifications = [await verified(client, till, holder, VOUCHER) for _ in range(3)]
    # The benefit's first use begins its counter.
    assert told(await till.redeem(first, amount_fen=100)) == "redeemed"
    asked: list[int] = []
    ask = Connection.ask

    async def counted(self: Connection, *questions: Any, **more: Any) -> Any:
        asked.append(len(questions))
        return await ask(self, *questions, **more)

    monkeypatch.setattr(Connection, "ask", counted)
    for verification, outcome in zip(verifications, ("redeemed", "quota-exhausted"), strict=True):
        asked.clear()
        assert told(await till.redeem(verification, amount_fen=100)) == outcome
        assert len(asked) == 3


async def test_a_holder_reads_of_each_redemption_once(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, partner: PartnerCaller, person: PersonBuilder
) -> None:
    people = [await person(name) for name in ("赵一", "钱二", "孙三")]
    verifications = [await verified(client, partner, each) for each in people]
    await asyncio.gather(*(partner.redeem(each, amount_fen=100) for each in verifications))
    for each in people:
        log = (await client.get("/v1/me/access-log", headers=each.headers)).json()["entries"]
        assert [entry["outcome"] for entry in log if entry["action"] == "核销权益"] == ["ok"]
