"""The server as an operator starts it: its workers are killed while a source delivers over HTTP."""

import asyncio
import os
import random
import signal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx2
import msgspec
import pytest
from litestar import Litestar

from backend.app import build
from backend.commands.serve import prepare_database
from backend.platform.clock import SystemClock
from backend.platform.embedded import EmbeddedServices, create_database
from backend.platform.platform import Platform
from backend.platform.refusal import Refusal
from backend.platform.settings import Settings
from tests.builders.server import free_port
from tests.builders.signed import SignedCaller
from tests.builders.sources import add_source
from tests.conftest import MASTER_KEY, database_named
from tests.faults import parts
from tests.faults.campaign import consenting_people, drained, drawn, found_wrong
from tests.faults.cutting import Answers
from tests.faults.serving import PATIENCE_SECONDS, database_for, ready, served, workers_of

_DELIVERIES = 30


async def delivered(caller: SignedCaller, rows: list[dict[str, Any]], number: int) -> None:
    """Delivers until it is acknowledged, as a source does whose connection broke."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                answer = await caller("POST", "/v1/source/deliveries", {"delivery_ref": f"d-{number}", "rows": rows})
            except httpx2.TransportError:
                await asyncio.sleep(0.05)
                continue
            if answer.status_code == 201:
                assert answer.json()["returned"] == 0
                return
            assert answer.status_code == 503, answer.text


async def test_scores_follow_the_records_while_the_workers_of_a_server_are_killed(
    durable: EmbeddedServices, tmp_path: Path
) -> None:
    chance = random.Random(2026)
    await create_database(durable.database_url, "served")
    port = free_port()
    settings = Settings(
        data_directory=tmp_path,
        database_url=database_named(durable.database_url, "served"),
        redis_url=durable.redis_url,
        master_key=MASTER_KEY,
        port=port,
        public_url=f"http://127.0.0.1:{port}",
        message_delivery="silent",
    )
    await prepare_database(settings)
    async with parts.opened(settings) as platform, httpx2.AsyncClient(base_url=settings.public_url) as client:
        people = await consenting_people(platform, 1)
        _, key = await add_source(platform)
        caller = SignedCaller(client, SystemClock(), key)
        with served(settings) as server:
            await ready(settings.public_url)
            workers = workers_of(server)
            assert len(workers) >= 1
            for number, rows in enumerate(drawn(chance, people, "S")[:_DELIVERIES], 1):
                await delivered(caller, rows, number)
                if number % (_DELIVERIES // (len(workers) + 1)) == 0 and workers:
                    # Each once: a worker that dies again within seconds of its start is taken for broken, and the server ends.
                    os.kill(workers.pop(), signal.SIGKILL)
            await drained(platform)
        assert await found_wrong(platform) == []
        assert workers == []


async def test_a_worker_that_starts_while_its_database_is_away_waits_for_it(
    durable: EmbeddedServices, tmp_path: Path
) -> None:
    """One that ended instead would end again when it is started again, and take the server along."""
    settings = await database_for(durable, tmp_path, "away")
    address = urlsplit(settings.database_url)
    port = free_port()
    there = f"{address.netloc.rpartition('@')[0]}@127.0.0.1:{port}"
    elsewhere = msgspec.structs.replace(settings, database_url=urlunsplit(address._replace(netloc=there)))
    with pytest.raises(BaseExceptionGroup) as refused:
        await _opened_and_closed(build(elsewhere, background=False))
    assert refused.value.subgroup(Refusal)
    waiting = build(elsewhere, background=False, patience_seconds=PATIENCE_SECONDS)
    opening = asyncio.create_task(_opened_and_closed(waiting))
    await asyncio.sleep(0.5)
    assert not opening.done()
    assert address.port is not None
    async with Answers(address.port, random.Random(0), lost=0).laid(port):
        assert await opening > 0


async def _opened_and_closed(application: Litestar) -> int:
    """How many keys the application held while it was open."""
    async with application.lifespan():
        platform: Platform = application.state.platform
        return len(platform.keys.key_set())
