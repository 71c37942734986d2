"""Attacks on a shown code and on a partner's request, each refused by the running server; with the named defence taken
away, each succeeds: so the test can fail."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from stdnum import luhn

from backend.codes import failures
from backend.codes import service as codes
from backend.codes import store as code_store
from backend.platform.access import Access, ActorKind, Ground
from backend.platform.clock import SettableClock
from backend.platform.database import Connection, Row
from backend.platform.platform import Platform
from backend.platform.problems import Problem
from backend.platform.rate_limits import RateLimit
from backend.platform.row_ids import new_id
from partners import base64url
from partners.codes import base45, ic1
from partners.codes.ic1 import Scene
from partners.signatures import requests
from tests.builders.partners import PartnerCaller, current_code, make_partner
from tests.builders.people import Person
from tests.market.conftest import BENEFIT, WHOEVER_SHOWS_IT, Bearer

_WHOSE = "SELECT account_id, subject_id, issued_at, enterprise_id FROM code_ticket WHERE id = $1"


async def _reads_only(connection: Connection, ticket_id: bytes, *_: Any) -> Row | None:
    """A build that looks the ticket up and burns nothing."""
    rows = await connection.impersonal("a broken build", _WHOSE, ticket_id)
    return rows[0] if rows else None


def _burns_in_the_cache(platform: Platform) -> Callable[..., Awaitable[Row | None]]:
    """A build that remembers used tickets in the cache alone."""

    async def burn(connection: Connection, ticket_id: bytes, *_: Any) -> Row | None:
        fresh = await platform.cache.set(b"used:" + ticket_id, b"1", nx=True)
        return await _reads_only(connection, ticket_id) if fresh else None

    return burn


@WHOEVER_SHOWS_IT
async def test_a_screenshot_shown_twice_or_relayed_to_a_second_shop(
    client: httpx2.AsyncClient,
    platform: Platform,
    clock: SettableClock,
    partner: PartnerCaller,
    bearer: Bearer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The burn: a unique row of the database."""
    elsewhere = await make_partner(client, platform, clock, BENEFIT, name="另一商户")
    code = (await bearer.show())["text"]
    assert (await partner.verify(code, BENEFIT)).status_code == 201
    for till in (partner, elsewhere):
        assert (await till.verify(code, BENEFIT)).json()["code"] == "code-unusable"
    monkeypatch.setattr(code_store, "burn", _reads_only)
    for till in (partner, elsewhere):
        assert (await till.verify(code, BENEFIT)).status_code == 201


@WHOEVER_SHOWS_IT
async def test_the_cache_is_lost_between_two_presentations(
    platform: Platform,
    partner: PartnerCaller,
    bearer: Bearer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """PostgreSQL as the only truth; a build that trusts the cache says yes twice."""

    async def twice() -> list[int]:
        code = (await bearer.show())["text"]
        first = await partner.verify(code, BENEFIT)
        await platform.cache.flushall()
        return [first.status_code, (await partner.verify(code, BENEFIT)).status_code]

    assert await twice() == [201, 422]
    monkeypatch.setattr(code_store, "burn", _burns_in_the_cache(platform))
    assert await twice() == [201, 201]


@WHOEVER_SHOWS_IT
async def test_a_photograph_used_a_minute_later(
    clock: SettableClock,
    partner: PartnerCaller,
    bearer: Bearer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The step in the code, under its MAC."""
    code = (await bearer.show())["text"]
    clock.move(timedelta(seconds=61))
    assert (await partner.verify(code, BENEFIT)).json()["code"] == "code-stale"
    monkeypatch.setattr(ic1, "is_fresh", lambda *_: True)
    assert (await partner.verify(code, BENEFIT)).status_code == 201


@WHOEVER_SHOWS_IT
async def test_a_code_with_a_later_step_put_in(
    clock: SettableClock,
    partner: PartnerCaller,
    bearer: Bearer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The MAC: without it whoever saw a ticket's id once makes codes for a day."""
    data = base45.decode((await bearer.show())["text"].removeprefix(ic1.PREFIX))
    clock.move(timedelta(minutes=10))
    step = ic1.step_at(int(clock.now().timestamp())).to_bytes(4, "big")
    forged = ic1.PREFIX + base45.encode(data[:12] + step + data[16:])
    assert (await partner.verify(forged, BENEFIT)).json()["code"] == "code-unusable"
    monkeypatch.setattr(ic1, "is_genuine", lambda *_: True)
    assert (await partner.verify(forged, BENEFIT)).status_code == 201


async def test_handles_are_guessed_on_a_keypad(partner: PartnerCaller, monkeypatch: pytest.MonkeyPatch) -> None:
    """The count of failures: after a dozen nothing is looked up for minutes."""

    async def guesses(first: int) -> list[str]:
        bodies = [f"{number:019d}" for number in range(first, first + failures.DIGITS.allowed + 3)]
        typed = [body + luhn.calc_check_digit(body) for body in bodies]
        return [(await partner.verify(text, BENEFIT)).json()["code"] for text in typed]

    found = await guesses(10**17)
    assert found == ["code-unusable"] * failures.DIGITS.allowed + ["rate-limited"] * 3
    monkeypatch.setattr(failures, "allow", lambda *_: asyncio.sleep(0))
    assert set(await guesses(2 * 10**17)) == {"code-unusable"}


@WHOEVER_SHOWS_IT
async def test_a_request_is_sent_again_by_whoever_recorded_it(
    client: httpx2.AsyncClient,
    platform: Platform,
    partner: PartnerCaller,
    bearer: Bearer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The nonce; without it a recorded request is answered a second time."""
    recorded: list[httpx2.Request] = []

    async def record(request: httpx2.Request) -> None:
        recorded.append(request)

    client.event_hooks = {"request": [record]}
    code = (await bearer.show())["text"]
    assert (await partner.verify(code, BENEFIT)).status_code == 201
    client.event_hooks = {"request": []}
    [sent] = [request for request in recorded if request.method == "POST"]

    async def again() -> httpx2.Response:
        return await client.request("POST", sent.url.path, content=sent.content, headers=sent.headers)

    refused = await again()
    assert (refused.status_code, refused.json()["code"]) == (401, "nonce-replayed")
    monkeypatch.setattr(platform.cache, "set", lambda *_, **__: asyncio.sleep(0, True))
    answered = await again()
    assert (answered.status_code, answered.headers["idempotency-replayed"]) == (201, "true")


@pytest.mark.parametrize("minutes", [-5, 5])
async def test_a_clock_is_five_minutes_off(
    minutes: int,
    client: httpx2.AsyncClient,
    clock: SettableClock,
    partner: PartnerCaller,
    resident: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The age of a signature: a request of another time is refused, whichever clock is wrong."""
    code = (await current_code(client, resident.headers))["text"]
    partner.clock = SettableClock(clock.now() + timedelta(minutes=minutes))
    # The answer is judged by the till's own clock, which is the one that is off: what counts here is what the server said.
    with pytest.raises(AssertionError, match="signature-stale"):
        await partner.verify(code, BENEFIT)
    monkeypatch.setattr(requests, "MAXIMUM_AGE_SECONDS", 600)
    with pytest.raises(AssertionError, match="eligible"):
        await partner.verify(code, BENEFIT)


@pytest.mark.parametrize(
    "text",
    [
        "IC1:' OR 1=1; DROP TABLE code_ticket; --",
        "https://evil.example/IC1:" + "A" * 39,
        "IC1:" + "A" * 39 + "\n",
        "IC1:\x00\x1b[2J" + "A" * 34,
        "IC1:" + "ＡＢ" * 19,
        "IC3:" + "A" * 278,
        "A" * 512,
        "-0000000000000000001",
        "٠١٢٣٤٥٦٧٨٩٠١٢٣٤٥٦٧٨٩",
    ],
)
async def test_a_hostile_picture_is_no_code(partner: PartnerCaller, text: str) -> None:
    """Prefix, length and alphabet are looked at, nothing is followed; the answer repeats nothing of what was scanned."""
    answer = await partner.verify(text, BENEFIT)
    assert (answer.status_code, answer.json()["code"]) in {(422, "code-malformed"), (400, "code-malformed")}
    assert text[4:20] not in answer.text


def _ways(text: str, digits: str, scenes: list[Scene], later: str) -> list[str]:
    """A captured code in ten forms: as it is, as typed, altered, and as its owner's phone would show it a step later."""
    data = base45.decode(text.removeprefix(ic1.PREFIX))
    moved = [ic1.PREFIX + base45.encode(data[:11] + bytes([scene]) + data[12:]) for scene in scenes]
    slot = ic1.PREFIX + base45.encode(bytes([data[0] ^ 1]) + data[1:])
    return [text, digits, re.sub("(....)", r"\1 ", digits), *moved, slot, text.lower(), f"{text}\n", later]


@WHOEVER_SHOWS_IT
async def test_ten_thousand_captured_codes_are_refused_in_every_way(
    client: httpx2.AsyncClient,
    platform: Platform,
    clock: SettableClock,
    partner: PartnerCaller,
    bearer: Bearer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A thousand used codes, each presented again in ten ways, in the same window, without anybody being slowed down."""
    monkeypatch.setattr(failures, "allow", lambda *_: asyncio.sleep(0))
    monkeypatch.setattr(failures, "count", lambda *_: asyncio.sleep(0))
    monkeypatch.setattr(codes, "_BATCHES", RateLimit("code-tickets", capacity=100, seconds_each=1))
    seconds = int(clock.now().timestamp())
    tickets: list[ic1.Ticket] = []
    while len(tickets) < 1000:
        batch = await client.post(f"{bearer.path}/code-tickets", json={"count": 32}, headers=bearer.person.headers)
        tickets += [
            ic1.Ticket(base64url.decode(drawn["tid"]), base64url.decode(drawn["k"]), drawn["slot"])
            for drawn in batch.json()["tickets"]
        ]
    scenes = [Scene.ANY, Scene.TRAVEL, Scene.SHOPPING]
    access = Access(
        actor_kind=ActorKind.PARTNER, actor=str(partner.partner_id), actor_name="书店", action="核验", purpose="测试",
        ground=Ground.CONSENT_SHOW, fields=(),
    )  # fmt: skip

    async def accepted(texts: list[str]) -> int:
        count = 0
        async with platform.database.transaction() as connection:
            for text in texts:
                count += await _presented(platform, connection, access, text, partner.partner_id, clock.now())
        return count

    captured = tickets[:1000]
    assert await accepted([ic1.encode(ticket, Scene.LIBRARY, seconds) for ticket in captured]) == 1000
    again = [
        way
        for ticket in captured
        for way in _ways(
            ic1.encode(ticket, Scene.LIBRARY, seconds),
            ic1.digits(ticket, seconds),
            scenes,
            ic1.encode(ticket, Scene.LIBRARY, seconds + ic1.STEP_SECONDS),
        )
    ]
    assert len(again) == 10_000
    assert await accepted(again) == 0
    monkeypatch.setattr(code_store, "burn", _reads_only)
    assert await accepted(again[:10]) > 0


async def _presented(
    platform: Platform, connection: Connection, access: Access, text: str, partner_id: UUID, now: datetime
) -> bool:
    try:
        await codes.burn(platform, connection, access, text, Scene.LIBRARY, partner_id, new_id(now))
    except Problem:
        return False
    return True
