"""What partners are told of: each act once, with ids, and never a byte about the person."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2

from backend.partner_accounts import service as partner_accounts
from backend.partner_accounts.states import PartnerEvent
from backend.platform.clock import SettableClock
from backend.platform.errands import Errands
from backend.platform.platform import Platform
from backend.platform.roles import Role
from backend.webhooks.states import EventType
from partners.benefits.terms import BenefitKind, Text, Tier
from partners.orders.states import OrderState
from partners.signatures.keys import jwk_of
from partners.signatures.possession import prove
from tests.builders.partners import PartnerCaller, current_code, make_partner, make_terms, publish
from tests.builders.people import Person, PersonBuilder
from tests.builders.receivers import Receiver
from tests.builders.signed import new_signing_key
from tests.conftest import RunDue
from tests.webhooks.conftest import told_at

LATE = {"charges": [{"what": "逾期两日", "fen": 100}], "discounts": []}


async def telling_partner(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, receiver: Receiver, **terms: Any
) -> PartnerCaller:
    """A partner with one benefit and an address."""
    await publish(platform, make_terms("benefit", **terms))
    partner = await make_partner(client, platform, clock, "benefit")
    await told_at(partner, receiver.url)
    return partner


async def verified(client: httpx2.AsyncClient, partner: PartnerCaller, resident: Person) -> str:
    answer = await partner.verify((await current_code(client, resident.headers))["text"], "benefit")
    assert answer.json()["result"] == "eligible", answer.text
    return str(answer.json()["verification_id"])


def nothing_about(person: Person, receiver: Receiver) -> bool:
    """Whether no message says who it was."""
    bytes_heard = b"".join(heard.body + str(heard.headers).encode() for heard in receiver.heard)
    known = (person.name, person.phone, person.identity_number, str(person.subject_id))
    return not any(secret.encode() in bytes_heard for secret in known)


async def test_a_redemption_and_its_reversals_are_told_once_each(
    client: httpx2.AsyncClient,
    platform: Platform,
    clock: SettableClock,
    receiver: Receiver,
    person: PersonBuilder,
    errands: Errands,
) -> None:
    partner = await telling_partner(client, platform, clock, receiver, cap_fen=3000)
    resident = await person("欧阳诗涵")
    verification, key = await verified(client, partner, resident), str(uuid4())
    redeemed = (await partner.redeem(verification, key, amount_fen=500)).json()
    assert (await partner.redeem(verification, key, amount_fen=500)).json() == redeemed, "replayed"
    assert (await partner.redeem(verification, amount_fen=500)).status_code == 409
    redemption = redeemed["redemption_id"]
    reversals = [
        (
            await partner.post(f"/v1/partner/redemptions/{redemption}/reversals", {"partner_ref": "refund-1", **more})
        ).json()
        for more in ({"amount_fen": 200}, {})
    ]
    await errands.run_due()
    assert [(heard.event["type"], heard.event["data"]) for heard in receiver.heard] == [
        ("redemption.redeemed", {"redemption_id": redemption, "verification_id": verification}),
        *(
            ("redemption.reversed", {"redemption_id": redemption, "reversal_id": reversal["reversal_id"]})
            for reversal in reversals
        ),
    ]
    assert nothing_about(resident, receiver)


async def test_a_redemption_that_is_refused_is_not_told(
    client: httpx2.AsyncClient,
    platform: Platform,
    clock: SettableClock,
    receiver: Receiver,
    person: PersonBuilder,
    errands: Errands,
) -> None:
    partner = await telling_partner(client, platform, clock, receiver, quota_total=1)
    first, second = [await verified(client, partner, await person()) for _ in range(2)]
    assert (await partner.redeem(first)).status_code == 201
    assert (await partner.redeem(second)).json()["code"] == "quota-exhausted"
    await errands.run_due()
    assert receiver.types() == ["redemption.redeemed"]


async def test_an_order_is_told_from_agreement_to_done_in_order(
    client: httpx2.AsyncClient,
    platform: Platform,
    clock: SettableClock,
    receiver: Receiver,
    person: PersonBuilder,
    errands: Errands,
    run_due: RunDue,
) -> None:
    waiver = {
        "kind": BenefitKind.DEPOSIT_WAIVER, "unit": "fen", "cap_fen": 50_000,
        "tiers": (Tier(Text("人人", "Everyone"), 0, 30_000),),
    }  # fmt: skip
    partner = await telling_partner(client, platform, clock, receiver, **waiver)
    resident = await person("欧阳诗涵")

    async def opened() -> str:
        verification = await verified(client, partner, resident)
        order = {"verification_id": verification, "agreed_fen": 10_000, "partner_ref": "loan-1"}
        return str((await partner.post("/v1/partner/orders", order)).json()["order_id"])

    async def by_holder(order_id: str, act: str) -> None:
        assert (await client.post(f"/v1/me/orders/{order_id}/{act}", headers=resident.headers)).status_code == 200

    order_id = await opened()
    await by_holder(order_id, "agreement")
    await by_holder(order_id, "agreement")
    for act, body in (("start", {}), ("settlement", LATE), ("settlement", LATE)):
        assert (await partner.post(f"/v1/partner/orders/{order_id}/{act}", body)).status_code == 200
    clock.move(timedelta(days=9))
    await run_due()
    assert (await partner.post(f"/v1/partner/orders/{order_id}/payment", {"paid_fen": 100})).status_code == 200
    await errands.run_due()
    assert receiver.types() == ["order.agreed", "order.in_use", "order.payment_due", "order.in_arrears", "order.done"]
    assert all(heard.event["data"] == {"order_id": order_id} for heard in receiver.heard)
    assert nothing_about(resident, receiver)


def test_every_state_that_an_order_can_come_to_has_an_event() -> None:
    told = {kind.value for kind in EventType if kind.value.startswith("order.")}
    reached = {f"order.{state.value.replace('-', '_')}" for state in OrderState if state is not OrderState.CREATED}
    assert told == {*reached, "order.agreed"}


async def test_a_revoked_key_is_told(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, receiver: Receiver, errands: Errands
) -> None:
    partner = await make_partner(client, platform, clock)
    await told_at(partner, receiver.url)
    fresh, now = new_signing_key(), int(clock.now().timestamp())
    proof = prove(fresh, str(client.base_url).rstrip("/"), partner.key.key_id, now)
    body = {"key": jwk_of(fresh.private_key.public_key()), "created": now, "proof": proof}
    assert (await partner("POST", "/v1/partner/keys", body)).status_code == 201
    assert (await partner("DELETE", f"/v1/partner/keys/{fresh.key_id}")).status_code == 204
    await errands.run_due()
    [heard] = receiver.heard
    assert (heard.event["type"], heard.event["data"]) == ("key.revoked", {"key_id": fresh.key_id})


async def test_a_partner_is_told_that_it_was_moved_and_that_the_operator_took_its_key(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, receiver: Receiver, errands: Errands
) -> None:
    partner = await telling_partner(client, platform, clock, receiver)
    async with platform.database.transaction() as connection:
        await partner_accounts.move_partner(
            platform, connection, partner.partner_id, PartnerEvent.REVIEW, "test", "公众评议"
        )
        assert await partner_accounts.revoke_key_at_the_desk(connection, partner.key.key_id)
        assert not await partner_accounts.revoke_key_at_the_desk(connection, partner.key.key_id)
    await errands.run_due()
    told = {heard.event["type"]: heard.event["data"] for heard in receiver.heard}
    assert told == {
        "partner.moved": {"partner_id": str(partner.partner_id)},
        "key.revoked": {"key_id": partner.key.key_id},
    }
    assert len(receiver.heard) == 2


async def test_a_complaint_that_is_passed_on_is_told_by_its_random_number(
    client: httpx2.AsyncClient,
    platform: Platform,
    clock: SettableClock,
    receiver: Receiver,
    person: PersonBuilder,
    errands: Errands,
) -> None:
    partner = await telling_partner(client, platform, clock, receiver)
    resident, officer = await person("欧阳诗涵"), await person("李四", roles=(Role.CASE_OFFICER,))
    body = {"verification_id": await verified(client, partner, resident), "about": "other", "words": "欧阳诗涵"}
    filed = (await client.post("/v1/me/complaints", json=body, headers=resident.headers)).json()
    path = f"/v1/staff/complaints/{filed['id']}"
    for act, said in (("acceptance", None), ("substance", {"substance": "有顾客反映态度问题。"})):
        assert (await client.post(f"{path}/{act}", json=said, headers=officer.headers)).status_code == 200
    await errands.run_due()
    [heard] = [heard for heard in receiver.heard if heard.event["type"] == "complaint.passed_on"]
    [told] = (await partner("GET", "/v1/partner/complaints")).json()["complaints"]
    assert heard.event["data"] == {"complaint": told["complaint"]}
    assert filed["id"].encode() not in heard.body
    assert nothing_about(resident, receiver)
