"""Health, metrics and the reference page: what an operator looks at."""

import asyncio
import os
import re
import signal
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import cast

import httpx2
import msgspec
import pytest
import structlog

from backend.app import build
from backend.platform.clock import SettableClock
from backend.platform.embedded import EmbeddedServices
from backend.platform.http.telemetry import Application, Telemetry
from backend.platform.settings import Settings
from backend.schema import migrate
from tests.builders.people import PersonBuilder
from tests.conftest import PUBLIC_URL, RunDue, held_open


async def test_a_server_with_its_parts_is_alive_and_ready(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/livez")).json() == {"status": "alive"}
    assert (await client.get("/readyz")).json() == {
        "status": "ready",
        "database": True,
        "cache": True,
        "rule_sets": True,
    }


@pytest.fixture
async def mortal(settings: Settings, tmp_path: Path) -> AsyncIterator[tuple[httpx2.AsyncClient, EmbeddedServices]]:
    """A server over a database and a cache of its own, which may die."""
    parts = EmbeddedServices(tmp_path / "parts", fsync=False)
    async with parts:
        await migrate(parts.database_url)
        addressed = msgspec.structs.replace(settings, database_url=parts.database_url, redis_url=parts.redis_url)
        built = build(addressed, background=False, maximum_connections=4)
        async with held_open(built):
            transport = httpx2.ASGITransport(app=Telemetry(cast(Application, built)), raise_app_exceptions=False)
            async with httpx2.AsyncClient(transport=transport, base_url=PUBLIC_URL) as caller:
                yield caller, parts


async def test_a_server_whose_parts_died_is_alive_but_not_ready(
    mortal: tuple[httpx2.AsyncClient, EmbeddedServices],
) -> None:
    caller, parts = mortal
    assert (await caller.get("/readyz")).status_code == 200
    for name, part in (("valkey", "缓存"), ("postgres", "数据库")):
        process = parts.process_ids()[name]
        os.kill(process, signal.SIGKILL)
        await asyncio.to_thread(gone, process)
        answer = await caller.get("/readyz")
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert part in answer.json()["detail"]
        assert (await caller.get("/livez")).status_code == 200
    counted = await caller.get("/metrics")
    assert (counted.status_code, "xinyi_requests_total" in counted.text) == (200, True)
    refused = await caller.get("/v1/benefits")
    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
    assert refused.headers["retry-after"]


def gone(process: int) -> None:
    """Waits until a killed process holds nothing any more."""
    for _ in range(200):
        try:
            state = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return
        if state == "Z":
            return
        time.sleep(0.02)
    raise AssertionError(f"{process} is still there")


async def test_metrics_count_requests_and_name_nobody(client: httpx2.AsyncClient, person: PersonBuilder) -> None:
    someone = await person("欧阳诗涵")
    await client.get("/v1/me", headers=someone.headers)
    await client.get(f"/v1/me/records/{someone.subject_id}", headers=someone.headers)
    text = (await client.get("/metrics")).text
    assert 'route="/v1/me"' in text
    for secret in (
        someone.name,
        someone.phone,
        someone.identity_number,
        str(someone.subject_id),
        str(someone.account_id),
    ):
        assert secret not in text


async def test_metrics_say_what_is_due_and_since_when(
    client: httpx2.AsyncClient, person: PersonBuilder, clock: SettableClock, run_due: RunDue
) -> None:
    await person()
    clock.move(timedelta(seconds=90))
    text = (await client.get("/metrics")).text
    assert 'xinyi_due_work_waiting{topic="score"} 1.0' in text
    assert 'xinyi_due_work_oldest_seconds{topic="score"} 90.0' in text
    await run_due()
    text = (await client.get("/metrics")).text
    assert 'xinyi_due_work_waiting{topic="score"} 0.0' in text
    assert 'xinyi_due_work_oldest_seconds{topic="score"} 0.0' in text
    assert 'xinyi_due_work_total{outcome="done",topic="score"}' in text


async def test_a_log_line_has_the_route_and_nothing_personal(client: httpx2.AsyncClient, person: PersonBuilder) -> None:
    someone = await person("欧阳诗涵")
    with structlog.testing.capture_logs() as lines:
        answer = await client.get(f"/v1/me/records/{someone.subject_id}?phone={someone.phone}", headers=someone.headers)
    [line] = [line for line in lines if line["event"] == "request"]
    assert line["route"] == "/v1/me/records/{record_id}"
    assert answer.headers["x-request-id"]
    for secret in (
        someone.name,
        someone.phone,
        someone.identity_number,
        str(someone.subject_id),
        str(someone.account_id),
    ):
        assert secret not in str(lines)


@pytest.mark.parametrize("path", ["/reference", "/resident", "/till"])
async def test_a_page_loads_nothing_from_elsewhere(client: httpx2.AsyncClient, path: str) -> None:
    page = await client.get(path)
    assert page.status_code == 200
    addresses = re.findall(r'(?:src|href)="([^"#]+)"', page.text)
    assert addresses
    for address in addresses:
        assert re.match("/[^/]", address), address
        assert (await client.get(address)).status_code == 200, address


@pytest.mark.parametrize("given", ["0193a1c0-0000-7000", "counter_7.case-12", "a" * 64])
async def test_an_id_that_the_caller_gives_is_kept(client: httpx2.AsyncClient, given: str) -> None:
    answer = await client.get("/v1/me", headers={"x-request-id": given})
    assert answer.headers["x-request-id"] == answer.json()["request_id"] == given


@pytest.mark.parametrize(
    "given", ["", "short", "a" * 65, "with spaces in it", "<script>alert(1)</script>", "信易信易信易信易"]
)
async def test_an_id_that_cannot_be_one_is_replaced(client: httpx2.AsyncClient, given: str) -> None:
    answer = await client.get("/v1/me", headers=[(b"x-request-id", given.encode())])
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


async def test_every_request_has_an_id_of_its_own(client: httpx2.AsyncClient) -> None:
    assert len({(await client.get("/livez")).headers["x-request-id"] for _ in range(5)}) == 5


async def test_the_served_contract_and_problems_are_the_published_ones(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/openapi.json")).json()["openapi"].startswith("3.1")
    assert len((await client.get("/v1/problems")).json()) > 40
