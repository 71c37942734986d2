"""Many scans in one lot, after the cache has lost everything: each gets the answer that it would get alone, and no used code another yes."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from backend.codes import store as code_store
from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from backend.platform.questions import Question
from partners.codes import base45, ic1
from partners.codes.ic1 import Scene
from tests.builders.partners import PartnerCaller, current_code, make_partner
from tests.builders.people import Person, PersonBuilder
from tests.market.conftest import BENEFIT

_NAMES = ("赵一", "钱二", "孙三", "李四", "周五")


async def _code(client: httpx2.AsyncClient, person: Person, scene: str = "library") -> str:
    return (await current_code(client, person.headers, scene))["text"]


def _forged(code: str) -> str:
    """With one bit of its MAC changed."""
    data = base45.decode(code.removeprefix(ic1.PREFIX))
    return ic1.PREFIX + base45.encode(data[:-1] + bytes([data[-1] ^ 1]))


async def _transactions(platform: Platform) -> int:
    """In how many transactions the verifications there are were written."""
    async with platform.database.connection() as connection:
        [row] = await connection.impersonal(
            "a test counts", "SELECT count(DISTINCT xmin::text) AS number FROM verification"
        )
    number: int = row["number"]
    return number


async def test_a_lot_with_a_forged_a_captured_a_replayed_and_a_revoked_code(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, partner: PartnerCaller, person: PersonBuilder
) -> None:
    elsewhere = await make_partner(client, platform, clock, BENEFIT, name="另一商户")
    people = [await person(name) for name in _NAMES]
    leaving, withdrawing = await person("吴六"), await person("郑七")
    captured = [await _code(client, each) for each in people]
    keys = [str(uuid4()) for _ in captured]
    first = await asyncio.gather(
        *(partner.verify(code, BENEFIT, key) for code, key in zip(captured, keys, strict=True))
    )
    assert [answer.json()["result"] for answer in first] == ["eligible"] * len(people)
    assert await _transactions(platform) == 1, "they went together"

    revoked = [await _code(client, leaving), await _code(client, withdrawing)]
    assert (await client.delete("/v1/me", headers=leaving.headers)).status_code == 204
    assert (await client.delete("/v1/me/consents/show", headers=withdrawing.headers)).status_code < 300
    fresh = [await _code(client, each) for each in people]
    forged = _forged(await _code(client, people[0]))
    elsewhere_shown = await _code(client, people[1], Scene.PARKING.name.lower())
    await platform.cache.flushall()

    till: Callable[..., Any] = partner.verify
    replayed, *rest = await asyncio.gather(
        till(captured[0], BENEFIT, keys[0]),
        till(forged, BENEFIT),
        *(till(code, BENEFIT) for code in revoked),
        till(elsewhere_shown, BENEFIT),
        *(elsewhere.verify(code, BENEFIT) for code in captured),
        *(till(code, BENEFIT) for code in fresh),
    )
    assert (replayed.content, replayed.headers["idempotency-replayed"]) == (first[0].content, "true")
    refused, answered = rest[: -len(fresh)], rest[-len(fresh) :]
    assert {(each.status_code, each.json()["code"]) for each in refused} == {(422, "code-unusable")}
    assert [answer.json()["result"] for answer in answered] == ["eligible"] * len(fresh)
    for each in people:
        mine = (await client.get("/v1/me/verifications", headers=each.headers)).json()["verifications"]
        assert len(mine) == 2, "one for each code of theirs that was good"


async def test_a_whole_lot_of_captured_codes_is_refused_and_would_not_be_without_the_burn(
    client: httpx2.AsyncClient,
    platform: Platform,
    clock: SettableClock,
    partner: PartnerCaller,
    person: PersonBuilder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The burn of a lot: unique rows of the database. A build that only looks the tickets up says yes to all of them."""
    people = [await person(name) for name in _NAMES]
    captured = [await _code(client, each) for each in people]

    async def presented() -> list[int]:
        answers = await asyncio.gather(*(partner.verify(code, BENEFIT) for code in captured))
        await platform.cache.flushall()
        return [answer.status_code for answer in answers]

    assert await presented() == [201] * len(people)
    assert await presented() == [422] * len(people)

    def looked_up(burnings: Any, now: Any) -> Any:
        columns = ("ticket_id", "account_id", "subject_id", "issued_at", "enterprise_id")
        return Question.impersonal(
            "a broken build", lambda rows: {row["ticket_id"]: row for row in rows}, columns,
            "SELECT id AS ticket_id, account_id, subject_id, issued_at, enterprise_id FROM code_ticket "
            "WHERE id = ANY($1::bytea[]) AND expires_at > $2",
            [each.ticket_id for each in burnings], now,
        )  # fmt: skip

    with monkeypatch.context() as broken:
        broken.setattr(code_store, "burns", looked_up)
        assert await presented() == [201] * len(people)
    clock.move(timedelta(seconds=61))
    assert await presented() == [422] * len(people)
