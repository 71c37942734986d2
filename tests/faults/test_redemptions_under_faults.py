"""Nothing acknowledged is lost, nothing is done twice, nothing comes from nowhere, while workers, PostgreSQL and Valkey are
killed and answers are lost; and the harness would notice if not."""

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from backend.platform.embedded import EmbeddedServices
from tests.faults.broken_servers import BUILDS
from tests.faults.redemptions import wage

# More make the campaign longer: each kills every part once more.
_ROUNDS = int(os.environ.get("FAULTS_ROUNDS", "2"))


async def test_redemptions_are_done_exactly_once(durable: EmbeddedServices, tmp_path: Path) -> None:
    seed = secrets.randbits(32)
    ended = await wage(durable, tmp_path / "data", f"redeemed_{seed}", seed, rounds=_ROUNDS)
    print(ended)
    assert ended.wrong == [], f"seed {seed}"
    assert (ended.blows.workers, ended.blows.databases, ended.blows.caches) == (_ROUNDS,) * 3
    assert ended.cut > 0
    assert ended.unanswered > ended.cut
    assert ended.refused["verifications code-unusable"] > 0
    assert min(ended.done[kind] for kind in ("verifications", "redemptions", "reversal")) > 10
