"""The market bench: every line is there, and what it measured was exact."""

import pytest

from backend.commands.bench import packages
from backend.commands.bench.load import Wrong
from backend.commands.bench.market import command
from backend.commands.bench.market.stage import Stage
from backend.platform.refusal import Refusal


def test_each_measurement_has_its_rate_and_its_ratios() -> None:
    lines = {line.name: line for line in command._lines(1, 0.1, beside_oscar=False)}
    for name in (
        "hot_1",
        "hot_32",
        "hot_one_by_one_32",
        "spread_8",
        "spread_32",
        "subsidised_32",
        "http_hot_32",
        "http_spread_32",
        "aged_32",
    ):
        assert lines[f"{name}_rate"].found[0] > 0
    ratios = {name for name, line in lines.items() if line.unit == "ratio"}
    assert {
        "hot_32_of_hot_one_by_one_32_ratio",
        "spread_32_of_bare_insert_32_ratio",
        "aged_32_p50_of_hot_32_ratio",
        "http_hot_32_of_hot_32_ratio",
        "http_spread_32_of_spread_32_ratio",
    } <= ratios


def test_a_place_that_two_have_ends_the_bench(monkeypatch: pytest.MonkeyPatch) -> None:
    async def one_more(stage: Stage, benefit_id: str, redeemed: int) -> None:
        await exact(stage, benefit_id, redeemed + 1)

    exact = Stage.require_exact
    monkeypatch.setattr(Stage, "require_exact", one_more)
    with pytest.raises(Wrong, match="was redeemed 11 times"):
        list(command._lines(1, 0.1, beside_oscar=False))


def test_without_the_packages_of_the_bench_it_says_how_to_run_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "find_spec", lambda _: None)
    with pytest.raises(Refusal, match=r"python3 dev.py bench market"):
        command.run(1, 0.1, as_json=True)
