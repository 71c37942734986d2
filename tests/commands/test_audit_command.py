"""`xinyi audit` says what differs, with its ids, and its exit code says that something does."""

import json
from uuid import UUID

import pytest
from typer.testing import CliRunner

from backend.cli import application, frame
from backend.commands import audit
from backend.platform.settings import Settings
from partners.ledger.audit import Difference

BUDGET = UUID("0193a1c0-0000-7000-8000-000000000081")


def told(monkeypatch: pytest.MonkeyPatch, differences: list[Difference], *options: str) -> tuple[int, str]:
    def examine(_: Settings) -> list[Difference]:
        return differences

    monkeypatch.setattr(audit, "examine", examine)
    # The runner's streams are closed after it: the process's log may not be set up on them.
    monkeypatch.setattr(frame, "configure_logging", lambda _: None)
    result = CliRunner().invoke(application, ["audit", *options])
    return result.exit_code, result.stdout


def test_books_that_agree_are_exit_code_nought(monkeypatch: pytest.MonkeyPatch) -> None:
    code, said = told(monkeypatch, [])
    assert (code, said.strip()) == (0, "差异 0 处。 0 differences.")


def test_a_difference_is_told_with_its_ids_and_both_amounts(monkeypatch: pytest.MonkeyPatch) -> None:
    difference = Difference(f"budget {BUDGET}: spent", 500, 499)
    code, said = told(monkeypatch, [difference])
    assert code == 1
    assert f"✗ budget {BUDGET}: spent: kept 500, derived 499" in said
    code, said = told(monkeypatch, [difference], "--json")
    assert (code, json.loads(said)) == (1, [{"what": f"budget {BUDGET}: spent", "kept": 500, "derived": 499}])
