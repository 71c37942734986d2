"""Events reach a partner's server: signed, in order for each object, again until they are heard, and never without their act."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx2
import pytest
import standardwebhooks

from backend.platform.clock import SettableClock
from backend.platform.errands import Errands
from backend.platform.platform import Platform
from backend.platform.settings import Settings
from backend.webhooks import delivering, service
from backend.webhooks.delivering import LEASE, Delivering
from backend.webhooks.sending import Sender
from backend.webhooks.states import PAUSES, EventType
from partners.sdk import verify_webhook
from tests.builders.partners import PartnerCaller
from tests.builders.receivers import Receiver, answering
from tests.builders.server import REPOSITORY
from tests.conftest import TODAY
from tests.webhooks.conftest import PATH, Tell, Told, told_at

TOLERANCE = timedelta(seconds=1)


async def test_an_event_is_heard_signed_and_with_ids_only(
    told: Told, receiver: Receiver, tell: Tell, errands: Errands, clock: SettableClock
) -> None:
    # The other implementation goes by the machine's clock.
    clock.instant = datetime.now(UTC)
    await tell("order-1")
    assert await errands.run_due() == 1
    [heard] = receiver.heard
    assert heard.target == "/hooks"
    assert heard.headers["content-type"] == "application/json"
    assert heard.event == {
        "type": "order.agreed",
        "timestamp": clock.instant.isoformat().replace("+00:00", "Z"),
        "data": {"order_id": "order-1"},
    }
    assert standardwebhooks.Webhook(told.secret).verify(heard.body, heard.headers) == heard.event
    assert verify_webhook(told.secret, heard.headers, heard.body).data == {"order_id": "order-1"}
    [delivery] = await told.deliveries()
    assert (delivery["event_id"], delivery["state"], delivery["next_at"]) == (heard.id, "delivered", None)
    [attempt] = delivery["attempts"]
    assert (attempt["attempt"], attempt["outcome"], attempt["status"]) == (1, "delivered", 204)
    assert await errands.run_due() == 0


async def test_an_act_that_is_rolled_back_tells_nothing(
    told: Told, receiver: Receiver, platform: Platform, errands: Errands
) -> None:
    async def fail() -> None:
        async with platform.database.transaction() as connection:
            ids = {"order_id": "order-1"}
            await service.publish(connection, told.partner.partner_id, EventType.ORDER_AGREED, "order-1", ids)
            raise RuntimeError("the act fails")

    with pytest.raises(RuntimeError, match="the act fails"):
        await fail()
    assert await errands.run_due() == 0
    assert (receiver.heard, await told.deliveries()) == ([], [])


async def test_a_partner_without_an_address_costs_one_statement_and_leaves_nothing(
    tell: Tell, platform: Platform, errands: Errands
) -> None:
    await tell("order-1")
    async with platform.database.connection() as connection:
        assert await connection.fetch("SELECT number FROM webhook_event") == []
    assert await errands.run_due() == 0


async def test_what_fails_is_tried_ten_times_in_three_days_under_one_id_and_given_up(
    told: Told, receiver: Receiver, tell: Tell, errands: Errands, clock: SettableClock
) -> None:
    receiver.answer = lambda _: answering(503)
    await tell("order-1")
    for pause in PAUSES:
        assert await errands.run_due() == 1
        clock.move(pause - TOLERANCE)
        assert await errands.run_due() == 0, "not before its time"
        clock.move(pause / 10 + 2 * TOLERANCE)
    assert await errands.run_due() == 1
    assert len(receiver.heard) == 10
    assert len({heard.id for heard in receiver.heard}) == 1
    assert sum(PAUSES, timedelta()) > timedelta(days=3)
    [delivery] = await told.deliveries()
    assert delivery["state"] == "given-up"
    assert [attempt["attempt"] for attempt in delivery["attempts"]] == list(range(1, 11))
    assert {(attempt["outcome"], attempt["status"]) for attempt in delivery["attempts"]} == {("refused", 503)}
    clock.move(timedelta(days=7))
    assert await errands.run_due() == 0


async def test_each_attempt_is_signed_for_its_own_time(
    told: Told, receiver: Receiver, tell: Tell, errands: Errands, clock: SettableClock
) -> None:
    receiver.answer = lambda _: answering(500)
    await tell("order-1")
    for _ in range(2):
        await errands.run_due()
        heard = receiver.heard[-1]
        assert heard.headers["webhook-timestamp"] == str(int(clock.now().timestamp()))
        verify_webhook(told.secret, heard.headers, heard.body, now=lambda: clock.now().timestamp())
        clock.move(timedelta(seconds=6))


async def test_a_later_event_of_an_object_waits_for_the_earlier_and_other_objects_do_not(
    told: Told, receiver: Receiver, tell: Tell, errands: Errands, clock: SettableClock
) -> None:
    refused = {"order-1"}
    receiver.answer = lambda heard: answering(503 if heard.event["data"]["order_id"] in refused else 204)
    await tell("order-1", EventType.ORDER_AGREED)
    await tell("order-1", EventType.ORDER_IN_USE)
    await tell("order-2", EventType.ORDER_AGREED)
    await errands.run_due()
    first = sorted((heard.event["data"]["order_id"], heard.event["type"]) for heard in receiver.heard)
    assert first == [("order-1", "order.agreed"), ("order-2", "order.agreed")]
    await tell("order-1", EventType.ORDER_DONE)
    await errands.run_due()
    assert len(receiver.heard) == 2, "a new event does not hurry the one that waits"
    refused.clear()
    clock.move(timedelta(seconds=6))
    await errands.run_due()
    assert receiver.types()[2:] == ["order.agreed", "order.in_use", "order.done"]


async def test_after_an_event_was_given_up_the_next_of_its_object_goes(
    told: Told, receiver: Receiver, tell: Tell, errands: Errands, clock: SettableClock
) -> None:
    receiver.answer = lambda heard: answering(503 if heard.event["type"] == "order.agreed" else 204)
    await tell("order-1", EventType.ORDER_AGREED)
    await tell("order-1", EventType.ORDER_DONE)
    for _ in range(10):
        await errands.run_due()
        clock.move(timedelta(hours=27))
    assert receiver.types() == ["order.agreed"] * 10 + ["order.done"]
    assert [delivery["state"] for delivery in await told.deliveries()] == ["delivered", "given-up"]


async def test_while_a_server_is_slow_no_connection_and_no_lock_is_held(
    told: Told, receiver: Receiver, tell: Tell, errands: Errands, platform: Platform
) -> None:
    receiver.holding = asyncio.Event()
    await tell("order-1", EventType.ORDER_AGREED)
    running = asyncio.create_task(errands.run_due())
    await receiver.came.wait()
    async with platform.database.connection() as connection:
        open_ones = await connection.fetch_value(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND state LIKE 'idle in transaction%'"
        )
    assert open_ones == 0
    async with asyncio.timeout(2):
        await tell("order-1", EventType.ORDER_DONE)
    receiver.holding.set()
    await running
    assert receiver.types() == ["order.agreed", "order.done"]


async def test_what_a_killed_worker_had_out_is_sent_again_under_its_id(
    told: Told, receiver: Receiver, tell: Tell, errands: Errands, settings: Settings, clock: SettableClock
) -> None:
    receiver.holding = asyncio.Event()
    await tell("order-1", EventType.ORDER_AGREED)
    await tell("order-1", EventType.ORDER_DONE)
    environment = {
        "DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url, "XINYI_DATA": str(settings.data_directory),
        "XINYI_MASTER_KEY": settings.master_key, "XINYI_WEBHOOK_LOOPBACK": "true",
    }  # fmt: skip
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.webhooks.worker", clock.now().isoformat(), cwd=REPOSITORY, env=environment
    )
    async with asyncio.timeout(30):
        await receiver.came.wait()
    # Heard, but the worker is gone before it could write that down.
    worker.kill()
    await worker.wait()
    receiver.holding.set()
    assert await errands.run_due() == 0, "its lease has not ended"
    clock.move(LEASE)
    await errands.run_due()
    assert receiver.types() == ["order.agreed", "order.agreed", "order.done"]
    assert receiver.heard[0].id == receiver.heard[1].id
    [_, delivery] = await told.deliveries()
    assert [(attempt["attempt"], attempt["outcome"]) for attempt in delivery["attempts"]] == [
        (1, "begun"), (2, "delivered")
    ]  # fmt: skip


async def test_a_worker_that_stops_breaks_off_what_it_has_out_and_another_sends_it(
    told: Told, receiver: Receiver, tell: Tell, errands: Errands, platform: Platform, clock: SettableClock
) -> None:
    stopping = Errands(platform.database, clock, {delivering.TOPIC: service.delivering(platform).begin})
    receiver.holding = asyncio.Event()
    await tell("order-1")
    stopping.start()
    await receiver.came.wait()
    async with asyncio.timeout(2):
        await stopping.stop()
    receiver.holding.set()
    clock.move(LEASE)
    await errands.run_due()
    assert len(receiver.heard) == 2
    assert (await told.deliveries())[0]["state"] == "delivered"


async def test_a_worker_that_dies_every_time_does_not_try_for_ever(
    told: Told, receiver: Receiver, tell: Tell, platform: Platform, clock: SettableClock
) -> None:
    deliveries = Delivering(platform, Sender(loopback=True))
    dying = Errands(platform.database, clock, {delivering.TOPIC: deliveries.begin})
    await tell("order-1")
    for _ in range(10):
        async with platform.database.transaction() as connection:
            rows = await connection.fetch("DELETE FROM due_work WHERE topic = 'webhook' RETURNING key")
            [_] = await deliveries.begin(connection, [row["key"] for row in rows])
        clock.move(LEASE)
    assert await dying.run_due() > 0
    [delivery] = await told.deliveries()
    assert (delivery["state"], len(delivery["attempts"]), receiver.heard) == ("given-up", 10, [])


async def test_an_attempt_that_was_recorded_late_ends_nothing_that_began_since(
    told: Told, receiver: Receiver, tell: Tell, platform: Platform, clock: SettableClock, errands: Errands
) -> None:
    receiver.answer = lambda _: answering(503)
    deliveries = Delivering(platform, Sender(loopback=True))
    await tell("order-1")
    async with platform.database.transaction() as connection:
        rows = await connection.fetch("DELETE FROM due_work WHERE topic = 'webhook' RETURNING key")
        lanes: list[UUID] = [row["key"] for row in rows]
        [late] = await deliveries.begin(connection, lanes)
    clock.move(LEASE)
    async with platform.database.transaction() as connection:
        await connection.execute("DELETE FROM due_work WHERE topic = 'webhook'")
        [_] = await deliveries.begin(connection, lanes)
    await late()
    assert await errands.run_due() == 0, "the second attempt still has its lease"
    [delivery] = await told.deliveries()
    assert [attempt["outcome"] for attempt in delivery["attempts"]] == ["refused", "begun"]


async def test_410_disables_an_address_and_ends_what_waits_for_it(
    told: Told, receiver: Receiver, tell: Tell, errands: Errands
) -> None:
    receiver.answer = lambda _: answering(410)
    await tell("order-1", EventType.ORDER_AGREED)
    await tell("order-1", EventType.ORDER_DONE)
    await errands.run_due()
    assert len(receiver.heard) == 1
    assert await told.state() == "disabled"
    assert [delivery["state"] for delivery in await told.deliveries()] == ["given-up", "given-up"]
    await tell("order-2")
    assert await errands.run_due() == 0
    for path in ("test", "deliveries/0193a1c0-0000-7000-8000-00000000dead"):
        assert (await told.partner("POST", f"{PATH}/{told.id}/{path}")).json()["code"] == "endpoint-disabled"


async def test_every_address_of_a_partner_is_told_and_one_that_fails_holds_up_no_other(
    told: Told, receiver: Receiver, tell: Tell, errands: Errands, partner: PartnerCaller, client: httpx2.AsyncClient
) -> None:
    other = await told_at(partner, f"{receiver.url}/second")
    receiver.answer = lambda heard: answering(204 if heard.target.endswith("second") else 503)
    await tell("order-1", EventType.ORDER_AGREED)
    await tell("order-1", EventType.ORDER_DONE)
    await errands.run_due()
    second = [heard for heard in receiver.heard if heard.target.endswith("second")]
    assert [heard.event["type"] for heard in second] == ["order.agreed", "order.done"]
    assert len(receiver.heard) == 3
    assert told.secret != other.secret
    verify_webhook(other.secret, second[0].headers, second[0].body, now=TODAY.timestamp)


async def test_an_address_that_keeps_failing_gets_one_message_at_a_time(
    told: Told, receiver: Receiver, tell: Tell, errands: Errands, platform: Platform, clock: SettableClock
) -> None:
    async def sent_at_once() -> int:
        receiver.holding, before = asyncio.Event(), len(receiver.heard)
        running = asyncio.create_task(errands.run_due())
        await asyncio.sleep(0.5)
        at_once = len(receiver.heard) - before
        receiver.holding.set()
        await running
        return at_once

    receiver.answer = lambda _: answering(503)
    for number in range(8):
        await tell(f"order-{number}")
    assert await sent_at_once() == 4
    clock.move(timedelta(seconds=4))
    await errands.run_due()
    clock.move(timedelta(minutes=6))
    assert await sent_at_once() == 1
    async with platform.database.connection() as connection:
        put_off = await connection.fetch_value("SELECT count(*) FROM due_work WHERE topic = 'webhook'")
    assert put_off == 8, "put off, not dropped"
    receiver.answer = lambda _: answering(204)
    for _ in range(12):
        clock.move(timedelta(minutes=31))
        await errands.run_due()
    assert {delivery["state"] for delivery in await told.deliveries()} == {"delivered"}


async def test_what_is_due_is_delivered_by_the_running_server_without_being_asked(
    told: Told, receiver: Receiver, tell: Tell, errands: Errands
) -> None:
    errands.start()
    try:
        await tell("order-1")
        async with asyncio.timeout(5):
            await receiver.came.wait()
    finally:
        await errands.stop()
    assert receiver.types() == ["order.agreed"]


async def test_two_workers_deliver_each_event_once(
    told: Told, receiver: Receiver, tell: Tell, errands: Errands, platform: Platform, clock: SettableClock
) -> None:
    other = Errands(platform.database, clock, {delivering.TOPIC: service.delivering(platform).begin})
    for number in range(12):
        await tell(f"order-{number % 4}", EventType.ORDER_AGREED if number < 4 else EventType.ORDER_DONE)
    for _ in range(4):
        await asyncio.gather(errands.run_due(), other.run_due())
        clock.move(timedelta(seconds=3))
    assert len(receiver.heard) == 12
    assert len({heard.id for heard in receiver.heard}) == 12
