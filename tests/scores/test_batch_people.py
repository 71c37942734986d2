"""A batch from the database: the whole city as the engine has it, those who consent and nobody else, with access rows."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
from pyarrow import parquet

from backend.city.create import create_city
from backend.commands.score_batch import batch_of_people
from backend.platform.clock import SettableClock, local_date
from backend.platform.platform import Platform
from backend.platform.refusal import Refusal
from backend.scores import reconciliation
from backend.scores.batch.output import Output
from tests.builders.people import PersonBuilder
from tests.builders.signed import SignedCaller
from tests.builders.sources import add_source, volunteering
from tests.conftest import RunDue


def columns(folder: Path, kind: str) -> list[tuple[Any, ...]]:
    """All rows of all shards in order."""
    tables = [parquet.read_table(path) for path in sorted(folder.glob(f"{kind}-*.parquet"))]
    return [row for table in tables for row in zip(*table.to_pydict().values(), strict=True)]


async def stored(platform: Platform) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Scores and contributions as the engine stored them, one person after another."""
    async with platform.database.connection() as connection:
        rows = await connection.impersonal(
            "the test compares", "SELECT subject_id, millipoints, level_rank, lines FROM score ORDER BY subject_id"
        )
    scores: list[tuple[object, ...]] = [(str(row["subject_id"]), row["millipoints"], row["level_rank"]) for row in rows]
    lines: list[tuple[object, ...]] = [
        (str(row["subject_id"]), line["record_id"], line["millipoints"])
        for row in rows
        for line in row["lines"]
        if line["record_id"] is not None
    ]
    return scores, lines


async def test_the_whole_city_is_as_the_engine_has_it_and_reconciles(platform: Platform, tmp_path: Path) -> None:
    await create_city(platform, seed=5, residents=300, advance=lambda _: None)
    today = local_date(platform.clock.now())
    summary = await batch_of_people(platform, today, tmp_path / "scores", 70)
    scores, lines = await stored(platform)
    assert len(scores) == summary.subjects == 285
    assert summary.shards == 5
    assert len(lines) == summary.contributions > 500
    assert columns(tmp_path / "scores", "scores") == scores
    assert sorted(columns(tmp_path / "scores", "contributions")) == sorted(lines)
    assert sum(summary.levels.values()) == len(scores)
    found = await reconciliation.reconcile(platform, lambda _: None)
    assert (found.checked, found.waiting, found.differences) == (285, 0, 0)


async def test_a_batch_that_was_cut_off_goes_on_to_the_same_bytes(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await create_city(platform, seed=5, residents=60, advance=lambda _: None)
    today = local_date(platform.clock.now())
    await batch_of_people(platform, today, tmp_path / "whole", 10)
    add = Output.add
    added: list[tuple[object, ...]] = []

    def give_up(output: Output, *shard: object) -> None:
        if len(added) == 3:
            raise KeyboardInterrupt
        add(output, *shard)  # type: ignore[arg-type]
        added.append(shard)

    with monkeypatch.context() as patched:
        patched.setattr(Output, "add", give_up)
        with pytest.raises(KeyboardInterrupt):
            await batch_of_people(platform, today, tmp_path / "cut", 10)
    with pytest.raises(Refusal, match="不能续算"):
        await batch_of_people(platform, today + timedelta(days=1), tmp_path / "cut", 10)
    summary = await batch_of_people(platform, today, tmp_path / "cut", 10)
    assert (summary.went_on_after, summary.shards) == (3, 6)
    names = sorted(path.name for path in (tmp_path / "whole").iterdir())
    assert names == sorted(path.name for path in (tmp_path / "cut").iterdir())
    for name in names:
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "cut" / name).read_bytes()


async def test_only_those_who_consent_are_read_and_their_log_says_so(
    client: httpx2.AsyncClient,
    clock: SettableClock,
    platform: Platform,
    person: PersonBuilder,
    run_due: RunDue,
    tmp_path: Path,
) -> None:
    _, key = await add_source(platform)
    source = SignedCaller(client, clock, key)
    someone, bare = await person(), await person(name="王五")
    silent = await person(name="李四", consents=())
    rows = [volunteering(someone, "ZY-1"), volunteering(silent, "ZY-2", sequence=1)]
    delivered = await source("POST", "/v1/source/deliveries", {"delivery_ref": "d", "rows": rows})
    assert delivered.json()["returned"] == 0
    await batch_of_people(platform, local_date(platform.clock.now()), tmp_path / "scores")
    scores = {UUID(row[0]): row[1:] for row in columns(tmp_path / "scores", "scores")}
    assert scores == {someone.subject_id: (605_000, 1), bare.subject_id: (600_000, 1)}
    [contribution] = columns(tmp_path / "scores", "contributions")
    [record] = (await client.get("/v1/me/records", headers=someone.headers)).json()["records"]
    assert contribution == (str(someone.subject_id), record["id"], 5_000)
    for who, expected in ((someone, ["批量计算信用分"]), (silent, [])):
        log = (await client.get("/v1/me/access-log", headers=who.headers)).json()["entries"]
        assert [entry["action"] for entry in log if entry["actor_kind"] == "system"] == expected


async def test_a_day_without_a_rule_set_is_refused(platform: Platform, tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="没有生效的评价规则"):
        await batch_of_people(platform, local_date(platform.clock.now()).replace(year=1990), tmp_path / "scores")
    assert not (tmp_path / "scores").exists()
