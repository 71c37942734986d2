"""The client that partners install, against the real application: what it sends is understood, what comes is understood."""

import asyncio
from collections.abc import AsyncIterator
from typing import NamedTuple
from uuid import UUID

import httpx2
import pytest

from backend.market.receipts import TYPE as REDEMPTION_RECEIPT
from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from partners.sdk import OutcomeUnknown, PartnerClient, ServerProblem, Verification
from tests.builders.partners import current_code, make_partner, make_terms, publish
from tests.builders.people import Person, PersonBuilder

BENEFIT = "reading-discount"


class Bridge(httpx2.BaseTransport):
    """Carries the client's blocking requests into the application's event loop; cuts off as many replies as told."""

    def __init__(self, loop: asyncio.AbstractEventLoop, caller: httpx2.AsyncClient) -> None:
        self._loop = loop
        self._caller = caller
        self.replies_to_lose = 0

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        sending = self._caller.request(
            request.method, str(request.url), content=request.read(), headers=request.headers.multi_items()
        )
        answer = asyncio.run_coroutine_threadsafe(sending, self._loop).result(30)
        if request.method == "POST" and self.replies_to_lose:
            self.replies_to_lose -= 1
            raise httpx2.ReadTimeout("the reply is lost", request=request)
        return httpx2.Response(answer.status_code, headers=answer.headers.multi_items(), content=answer.content)


class Shop(NamedTuple):
    """A till with the client, and a resident before it."""

    till: PartnerClient
    bridge: Bridge
    partner_id: str
    store_id: UUID
    resident: Person
    caller: httpx2.AsyncClient

    async def code(self) -> str:
        """A fresh code of the resident's."""
        return (await current_code(self.caller, self.resident.headers))["text"]


@pytest.fixture
async def shop(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, person: PersonBuilder
) -> AsyncIterator[Shop]:
    """A live partner that may honour one benefit."""
    await publish(platform, make_terms(BENEFIT, cap_fen=3000))
    partner = await make_partner(client, platform, clock, BENEFIT)
    bridge = Bridge(asyncio.get_running_loop(), client)
    with httpx2.Client(transport=bridge) as http:
        till = PartnerClient(
            str(client.base_url), partner.key, http=http, now=lambda: clock.now().timestamp(), sleep=lambda _: None
        )
        yield Shop(till, bridge, str(partner.partner_id), partner.store_id, await person("欧阳诗涵"), client)


async def test_a_visit_from_scan_to_reversal(shop: Shop) -> None:
    code = await shop.code()

    def visit() -> None:
        answer = shop.till.verify(code, BENEFIT, terminal="till-1", partner_ref="visit-1", amount_fen=1200)
        assert answer.eligible
        claims = shop.till.read_receipt(answer.receipt, shop.partner_id)
        assert claims is not None
        assert (claims["result"], claims["jti"]) == ("eligible", str(answer.verification_id))
        redeemed = shop.till.redeem(answer.verification_id, partner_ref="order-1", amount_fen=1200)
        assert shop.till.read_receipt(redeemed.receipt, shop.partner_id, REDEMPTION_RECEIPT) is not None
        looked_up = shop.till.verification(answer.verification_id)
        assert isinstance(looked_up, Verification)
        assert looked_up.state == "redeemed"
        reversal = shop.till.reverse(redeemed.redemption_id, partner_ref="refund-1", amount_fen=200)
        assert (reversal.left_fen, reversal.state) == (1000, "partly-reversed")
        with pytest.raises(ServerProblem) as refused:
            shop.till.verify(code, BENEFIT, terminal="till-1", partner_ref="visit-2")
        assert (refused.value.status, refused.value.code) == (422, "code-unusable")

    await asyncio.to_thread(visit)


async def test_a_place_is_held_released_and_held_again_until_it_is_redeemed(shop: Shop) -> None:
    code = await shop.code()

    def visit() -> None:
        answer = shop.till.verify(code, BENEFIT, terminal="till-1", partner_ref="visit-1", store=shop.store_id)
        first = shop.till.reserve(answer.verification_id, partner_ref="order-1", amount_fen=1200)
        assert (first.state, first.amount_fen) == ("held", 1200)
        assert shop.till.release(first.reservation_id).state == "released"
        shop.bridge.replies_to_lose = 2
        assert shop.till.reserve(answer.verification_id, partner_ref="order-1").state == "held"
        looked_up = shop.till.verification(answer.verification_id)
        assert isinstance(looked_up, Verification)
        assert looked_up.state == "reserved"
        assert shop.till.redeem(answer.verification_id, partner_ref="order-1", amount_fen=900).state == "redeemed"

    await asyncio.to_thread(visit)


async def test_lost_replies_neither_burn_nor_redeem_twice(shop: Shop) -> None:
    code = await shop.code()

    def visit() -> None:
        shop.bridge.replies_to_lose = 2
        answer = shop.till.verify(code, BENEFIT, terminal="till-1", partner_ref="visit-1")
        shop.bridge.replies_to_lose = 4
        with pytest.raises(OutcomeUnknown) as unknown:
            shop.till.redeem(answer.verification_id, partner_ref="order-1", amount_fen=100)
        key = unknown.value.idempotency_key
        assert key is not None
        found = shop.till.redemption_by_key(key)
        assert found is not None
        again = shop.till.redeem(answer.verification_id, partner_ref="order-1", amount_fen=100, idempotency_key=key)
        assert again == found

    await asyncio.to_thread(visit)


async def test_what_was_never_sent_is_not_found(shop: Shop) -> None:
    key = "0b7f5e2a-6d6e-4c8e-9a51-5a1f0f0a1b2c"
    assert await asyncio.to_thread(shop.till.redemption_by_key, key) is None
