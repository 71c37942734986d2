"""对偶假名: a partner knows its customer again, and two partners that join all they have find nobody in common."""

import json
from typing import Any
from uuid import UUID

import httpx2
import pytest

from backend.deposits import service
from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from partners.pseudonyms import pairwise
from tests.builders.partners import PartnerCaller, current_code, make_partner
from tests.builders.people import Person, PersonBuilder
from tests.deposits.conftest import BICYCLE, DISCOUNT, LIBRARY

ORDERS = "/v1/partner/orders"


@pytest.fixture
async def other(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, lender: PartnerCaller
) -> PartnerCaller:
    """Another legal entity with the same benefits."""
    return await make_partner(client, platform, clock, LIBRARY, BICYCLE, DISCOUNT, name="另一家图书馆")


async def borrowed(
    client: httpx2.AsyncClient, partner: PartnerCaller, someone: Person, benefit: str = LIBRARY
) -> list[dict[str, Any]]:
    """All that a partner is told of one visit: verification, order, order once the holder has agreed."""
    code = (await current_code(client, someone.headers))["text"]
    verification = (await partner.verify(code, benefit)).json()
    wanted = {"verification_id": verification["verification_id"], "agreed_fen": 10_000, "partner_ref": "loan"}
    order = (await partner.post(ORDERS, wanted)).json()
    agreed = await client.post(f"/v1/me/orders/{order['order_id']}/agreement", headers=someone.headers)
    assert agreed.status_code in {200, 204}, agreed.text
    return [verification, order, (await partner("GET", f"{ORDERS}/{order['order_id']}")).json()]


async def test_a_customer_is_known_again_by_one_partner_and_for_one_kind_of_contract(
    client: httpx2.AsyncClient, lender: PartnerCaller, other: PartnerCaller, resident: Person, person: PersonBuilder
) -> None:
    somebody_else = await person("张三")
    first, again, bicycle = [
        (await borrowed(client, lender, resident, benefit))[-1]["ppid"] for benefit in (LIBRARY, LIBRARY, BICYCLE)
    ]
    assert len(first) == 43
    assert first == again == bicycle, "one kind of contract, one pseudonym"
    assert (await borrowed(client, lender, somebody_else))[-1]["ppid"] != first
    assert (await borrowed(client, other, resident))[-1]["ppid"] != first


async def test_nothing_is_told_before_the_holder_agrees_and_nothing_of_a_discount(
    client: httpx2.AsyncClient, lender: PartnerCaller, resident: Person
) -> None:
    verification, order, agreed = await borrowed(client, lender, resident)
    assert ("ppid" in verification, order["ppid"], agreed["ppid"] is None) == (False, None, False)
    code = (await current_code(client, resident.headers))["text"]
    given = (await lender.verify(code, DISCOUNT)).json()
    redeemed = (await lender.redeem(given["verification_id"])).json()
    assert "ppid" not in json.dumps([given, redeemed])


def _values(told: list[dict[str, Any]]) -> set[str]:
    """What could tell who it was: everything but the benefit's own words, states, amounts and times."""
    alike = {"benefit", "result", "tier", "state", "agreed", "agreed_fen", "total_fen", "partner_ref", "due_at"}
    alike |= {"paid_fen", "held_fen", "answered_at", "expires_at", "created_at", "updated_at"}
    return {str(value) for answer in told for name, value in answer.items() if name not in alike and value is not None}


async def test_two_partners_that_join_their_logs_find_nobody_in_common(
    client: httpx2.AsyncClient,
    lender: PartnerCaller,
    other: PartnerCaller,
    person: PersonBuilder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    people = [await person(name) for name in ("张三", "李四", "王五")]

    async def logs() -> tuple[set[str], set[str]]:
        ours: list[dict[str, Any]] = []
        theirs: list[dict[str, Any]] = []
        for someone in people:
            ours += await borrowed(client, lender, someone)
            theirs += await borrowed(client, other, someone)
        return _values(ours), _values(theirs)

    ours, theirs = await logs()
    assert len(ours) >= 3 * 4
    assert ours & theirs == set()
    monkeypatch.setattr(service, "pairwise", lambda key, _, subject, kind: pairwise(key, "", subject, kind))
    ours, theirs = await logs()
    assert len(ours & theirs) == len(people), "without the sector in it, each of them is found"


def test_the_pseudonym_is_a_function_of_all_four() -> None:
    subject, another = UUID(int=1), UUID(int=2)
    found = {
        pairwise(key, sector, who, kind)
        for key in (b"k" * 32, b"l" * 32)
        for sector in ("91A", "91")
        for who in (subject, another)
        for kind in ("A-waiver", "waiver")
    }
    assert len(found) == 16


async def test_a_customer_who_left_leaves_no_pseudonym_behind_in_ended_orders(
    client: httpx2.AsyncClient, platform: Platform, lender: PartnerCaller, resident: Person
) -> None:
    order = (await borrowed(client, lender, resident))[-1]
    revoked = await client.post(f"/v1/me/orders/{order['order_id']}/revocation", headers=resident.headers)
    assert revoked.status_code in {200, 204}, revoked.text
    assert (await client.delete("/v1/me", headers=resident.headers)).status_code == 204
    assert (await lender("GET", f"{ORDERS}/{order['order_id']}")).json()["ppid"] is None
