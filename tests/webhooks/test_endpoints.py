"""A partner's addresses: three at most, each with a secret of its own that is shown once, rotated without a lost message."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx2
import msgspec
import pytest

from backend.app import build
from backend.platform.callers import Signer
from backend.platform.clock import SettableClock
from backend.platform.errands import Errands
from backend.platform.platform import Platform
from backend.platform.problems import Problem
from backend.platform.roles import Role
from backend.platform.settings import Settings
from backend.webhooks import service
from backend.webhooks.messages import NewEndpoint
from backend.webhooks.states import EventType
from partners.sdk import WebhookNotTrusted, verify_webhook
from tests.builders.deliveries import RememberedDelivery
from tests.builders.partners import PartnerCaller, make_partner
from tests.builders.receivers import Receiver, answering
from tests.webhooks.conftest import PATH, Tell, Told, told_at

NOBODYS = "0193a1c0-0000-7000-8000-00000000dead"


def believed(receiver: Receiver, secret: str, clock: SettableClock) -> bool:
    """Whether the last message is signed with this secret."""
    heard = receiver.heard[-1]
    try:
        verify_webhook(secret, heard.headers, heard.body, now=lambda: clock.now().timestamp())
    except WebhookNotTrusted:
        return False
    return True


async def test_a_secret_is_shown_once_and_stored_sealed(told: Told, platform: Platform) -> None:
    listed = await told.partner("GET", PATH)
    assert listed.json() == {
        "endpoints": [
            {
                "endpoint_id": told.id, "url": listed.json()["endpoints"][0]["url"], "state": "enabled",
                "created_at": "2026-11-23T08:00:00Z",
            }
        ]
    }  # fmt: skip
    async with platform.database.connection() as connection:
        [row] = await connection.fetch("SELECT sealed FROM webhook_secret")
    assert told.secret.removeprefix("whsec_").encode() not in row["sealed"]
    assert len(row["sealed"]) == 1 + 12 + 32 + 16


async def test_there_are_never_more_than_three_also_when_several_come_at_once(
    partner: PartnerCaller, receiver: Receiver
) -> None:
    answers = await asyncio.gather(*(partner("POST", PATH, {"url": f"{receiver.url}/{number}"}) for number in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 201, 409, 409]
    assert {answer.json().get("code") for answer in answers} == {None, "too-many-endpoints"}
    known = (await partner("GET", PATH)).json()["endpoints"][0]["url"]
    again = await partner("POST", PATH, {"url": known})
    assert (again.status_code, again.json()["code"]) == (409, "endpoint-exists")


@pytest.mark.parametrize(
    "url", ["http://partner.example/", "https://10.0.0.1/", "https://user@partner.example/", "https://2130706433/"]
)
async def test_an_address_of_another_kind_is_refused(partner: PartnerCaller, url: str) -> None:
    refused = await partner("POST", PATH, {"url": url})
    assert (refused.status_code, refused.json()["code"]) == (422, "url-refused")


async def test_unless_an_operator_allows_it_this_machine_is_refused_when_registered_and_when_sent_to(
    told: Told, receiver: Receiver, tell: Tell, settings: Settings, clock: SettableClock, delivery: RememberedDelivery
) -> None:
    strict = build(
        msgspec.structs.replace(settings, webhook_loopback=False), clock=clock, delivery=delivery, background=False
    )
    platform: Platform = strict.state.platform
    errands: Errands = strict.state.errands
    await tell("order-1")
    await platform.database.open()
    assert await errands.run_due() == 1
    signer = Signer(role=Role.PARTNER, owner_id=told.partner.partner_id, key_id="", request_id="")
    with pytest.raises(Problem, match="url-refused"):
        await service.add(platform, signer, NewEndpoint(f"{receiver.url}/again"))
    await platform.database.close()
    assert receiver.connections == 0
    [logged] = await told.deliveries()
    assert logged["attempts"][0]["outcome"] == "address-refused"
    assert not Settings().webhook_loopback


async def test_a_rotated_secret_signs_beside_the_old_one_for_a_day(
    told: Told, receiver: Receiver, tell: Tell, errands: Errands, clock: SettableClock
) -> None:
    rotated = (await told.partner("POST", f"{PATH}/{told.id}/secret")).json()
    assert rotated["previous_until"] == "2026-11-24T08:00:00Z"
    assert rotated["secret"] != told.secret
    await tell("order-1")
    await errands.run_due()
    assert receiver.heard[-1].headers["webhook-signature"].count("v1,") == 2
    assert believed(receiver, told.secret, clock)
    assert believed(receiver, rotated["secret"], clock)
    clock.move(timedelta(hours=24))
    await tell("order-2")
    await errands.run_due()
    assert receiver.heard[-1].headers["webhook-signature"].count("v1,") == 1
    assert not believed(receiver, told.secret, clock)
    assert believed(receiver, rotated["secret"], clock)


async def test_whoever_lost_the_answer_to_a_rotation_rotates_again_and_loses_no_message(
    told: Told, receiver: Receiver, tell: Tell, errands: Errands, clock: SettableClock, platform: Platform
) -> None:
    first, second, third = [await told.partner("POST", f"{PATH}/{told.id}/secret") for _ in range(3)]
    assert (third.status_code, third.json()["code"]) == (409, "secret-rotating")
    await tell("order-1")
    await errands.run_due()
    for secret in (told.secret, first.json()["secret"], second.json()["secret"]):
        assert believed(receiver, secret, clock)
    clock.move(timedelta(hours=24))
    assert (await told.partner("POST", f"{PATH}/{told.id}/secret")).status_code == 200
    async with platform.database.connection() as connection:
        assert await connection.fetch_value("SELECT count(*) FROM webhook_secret") == 2, "those that ended are gone"


async def test_a_test_event_goes_to_one_address_and_says_nothing(
    told: Told, receiver: Receiver, errands: Errands, partner: PartnerCaller
) -> None:
    await told_at(partner, f"{receiver.url}/second")
    answer = await partner("POST", f"{PATH}/{told.id}/test")
    assert answer.status_code == 202, answer.text
    await errands.run_due()
    [heard] = receiver.heard
    assert (heard.target, heard.id) == ("/hooks", answer.json()["event_id"])
    assert (heard.event["type"], heard.event["data"]) == ("webhook.test", {"endpoint_id": told.id})


async def test_a_deleted_address_is_told_nothing_more(
    told: Told, receiver: Receiver, tell: Tell, errands: Errands, platform: Platform
) -> None:
    await tell("order-1")
    assert (await told.partner("DELETE", f"{PATH}/{told.id}")).status_code == 204
    await tell("order-2")
    await errands.run_due()
    assert receiver.heard == []
    assert (await told.partner("GET", f"{PATH}/{told.id}/deliveries")).status_code == 404
    async with platform.database.connection() as connection:
        for table in ("webhook_secret", "webhook_delivery", "webhook_attempt"):
            assert await connection.fetch_value(f"SELECT count(*) FROM {table}") == 0
        assert await connection.fetch_value("SELECT count(*) FROM due_work WHERE topic = 'webhook'") == 0


async def test_an_address_that_is_deleted_while_a_message_is_out_leaves_nothing_behind(
    told: Told, receiver: Receiver, tell: Tell, errands: Errands, platform: Platform
) -> None:
    receiver.holding = asyncio.Event()
    await tell("order-1")
    running = asyncio.create_task(errands.run_due())
    await receiver.came.wait()
    assert (await told.partner("DELETE", f"{PATH}/{told.id}")).status_code == 204
    receiver.holding.set()
    assert await running == 1
    async with platform.database.connection() as connection:
        assert await connection.fetch_value("SELECT count(*) FROM due_work WHERE topic = 'webhook'") == 0


async def test_an_act_that_tells_and_a_deletion_at_the_same_time_both_succeed(
    told: Told, platform: Platform, partner: PartnerCaller
) -> None:
    async with platform.database.transaction() as connection:
        await service.publish(connection, partner.partner_id, EventType.ORDER_AGREED, "order-1", {})
        deleting = asyncio.create_task(partner("DELETE", f"{PATH}/{told.id}"))
        await asyncio.sleep(0.2)
        assert not deleting.done(), "it waits for the act"
    assert (await deleting).status_code == 204


async def test_another_partners_address_does_not_exist(
    told: Told, client: httpx2.AsyncClient, platform: Platform, clock: SettableClock
) -> None:
    other = await make_partner(client, platform, clock, name="另一商户")
    assert (await other("GET", PATH)).json() == {"endpoints": []}
    times = {"since": "2026-11-23T00:00:00Z", "until": "2026-11-24T00:00:00Z"}
    calls: list[tuple[str, str, Any]] = [
        ("DELETE", "", None), ("POST", "/secret", None), ("POST", "/test", None), ("GET", "/deliveries", None),
        ("POST", "/deliveries", times), ("POST", f"/deliveries/{NOBODYS}", None),
    ]  # fmt: skip
    for caller, endpoint_id in ((other, told.id), (told.partner, NOBODYS)):
        for method, path, body in calls:
            answer = await caller(method, f"{PATH}/{endpoint_id}{path}", body)
            assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


async def test_one_event_is_sent_again_under_its_id(
    told: Told, receiver: Receiver, tell: Tell, errands: Errands, clock: SettableClock
) -> None:
    await tell("order-1", EventType.ORDER_AGREED)
    await tell("order-1", EventType.ORDER_DONE)
    await errands.run_due()
    clock.move(timedelta(days=2))
    answer = await told.partner("POST", f"{PATH}/{told.id}/deliveries/{receiver.heard[0].id}")
    assert (answer.status_code, answer.json()) == (202, {"events": 1, "next": None})
    await errands.run_due()
    assert receiver.types() == ["order.agreed", "order.done", "order.agreed"]
    assert receiver.heard[2].id == receiver.heard[0].id
    assert receiver.heard[2].body == receiver.heard[0].body
    [_, delivery] = await told.deliveries()
    assert [attempt["attempt"] for attempt in delivery["attempts"]] == [1, 1]


async def test_what_waits_is_hurried_when_it_is_sent_again(
    told: Told, receiver: Receiver, tell: Tell, errands: Errands
) -> None:
    receiver.answer = lambda _: answering(503)
    await tell("order-1")
    await errands.run_due()
    receiver.answer = lambda _: answering(204)
    assert await errands.run_due() == 0
    await told.partner("POST", f"{PATH}/{told.id}/deliveries/{receiver.heard[0].id}")
    await errands.run_due()
    assert len(receiver.heard) == 2


async def test_the_events_of_a_time_are_sent_again_in_order_page_by_page(
    told: Told, receiver: Receiver, tell: Tell, errands: Errands, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "RESENT_AT_ONCE", 2)
    kinds = (EventType.ORDER_AGREED, EventType.ORDER_IN_USE, EventType.ORDER_PAYMENT_DUE, EventType.ORDER_DONE)
    for kind in (EventType.ORDER_REVOKED, *kinds):
        await tell("order-1", kind)
        clock.move(timedelta(minutes=1))
    await told.partner("POST", f"{PATH}/{told.id}/test")
    await errands.run_due()
    receiver.heard.clear()
    body: dict[str, Any] = {"since": "2026-11-23T16:01:00+08:00", "until": "9999-12-31T23:59:59-23:59"}
    counts = []
    while True:
        answer = (await told.partner("POST", f"{PATH}/{told.id}/deliveries", body)).json()
        counts.append(answer["events"])
        if answer["next"] is None:
            break
        body["cursor"] = answer["next"]
    assert counts == [2, 2]
    await errands.run_due()
    assert receiver.types() == [kind.value for kind in kinds]


async def test_an_address_that_came_later_can_be_sent_what_happened_before(
    told: Told, receiver: Receiver, tell: Tell, errands: Errands, partner: PartnerCaller
) -> None:
    await tell("order-1")
    await errands.run_due()
    later = await told_at(partner, f"{receiver.url}/later")
    body = {"since": "0001-01-01T00:00:00+14:00", "until": "2027-01-01T00:00:00Z"}
    assert (await partner("POST", f"{PATH}/{later.id}/deliveries", body)).json() == {"events": 1, "next": None}
    await errands.run_due()
    assert [heard.target for heard in receiver.heard] == ["/hooks", "/hooks/later"]


async def test_the_log_is_read_page_by_page_newest_first(told: Told, tell: Tell, errands: Errands) -> None:
    for number in range(5):
        await tell(f"order-{number}")
    await errands.run_due()
    seen, cursor = [], ""
    while True:
        page = (await told.partner("GET", f"{PATH}/{told.id}/deliveries?limit=2{cursor}")).json()
        seen += [delivery["object_id"] for delivery in page["deliveries"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == [f"order-{number}" for number in (4, 3, 2, 1, 0)]
    bad = await told.partner("GET", f"{PATH}/{told.id}/deliveries?cursor=x")
    assert (bad.status_code, bad.json()["code"]) == (400, "bad-cursor")


async def test_sending_by_hand_is_limited(told: Told) -> None:
    answers = [await told.partner("POST", f"{PATH}/{told.id}/test") for _ in range(21)]
    assert [answer.status_code for answer in answers[:20]] == [202] * 20
    assert (answers[20].status_code, answers[20].json()["code"]) == (429, "rate-limited")
    assert int(answers[20].headers["retry-after"]) >= 1


async def test_events_are_forgotten_after_thirty_days(
    told: Told, tell: Tell, errands: Errands, platform: Platform, clock: SettableClock
) -> None:
    await tell("order-1")
    await errands.run_due()
    clock.move(timedelta(days=30))
    assert await service.forget_old(platform) == 0
    clock.move(timedelta(seconds=1))
    assert await service.forget_old(platform) == 1
    assert await told.deliveries() == []
