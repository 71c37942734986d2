"""Scores follow records exactly once and in order while processes die and wires are cut; and the harness would notice if not."""

import secrets

import pytest

from backend.platform.settings import Settings
from tests.faults.broken import QUEUES
from tests.faults.campaign import wage


async def test_after_kills_and_cuts_every_score_is_that_of_the_records_and_its_history_has_no_gap(
    fault_settings: Settings,
) -> None:
    seed = secrets.randbits(32)
    ended = await wage(fault_settings, "as built", seed)
    assert ended.wrong == [], f"seed {seed}"
    assert ended.killed > 10
    assert ended.cut > 5


@pytest.mark.parametrize("build", [name for name in QUEUES if name != "as built"])
async def test_the_harness_notices_a_build_without_its_defence(fault_settings: Settings, build: str) -> None:
    # A kill must meet a moment of milliseconds: one campaign notices nearly always, five have yet to fail.
    for campaign in range(1, 6):
        if (await wage(fault_settings, build, campaign, campaign)).wrong:
            return
    raise AssertionError(f"nothing was noticed of a queue that {build}")
