"""The operators' page names every setting, every command and every key, and no other."""

import re

import typer

from backend import rooms
from backend.cli import application
from backend.platform.keys import Purpose
from backend.platform.settings import ENVIRONMENT
from tests.docs.snippets import REPOSITORY

PAGE = (REPOSITORY / "docs" / "operators.md").read_text(encoding="utf-8")
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def commands(of: typer.Typer, prefix: str = "xinyi") -> set[str]:
    """Every command that is shown in the help, with its groups."""
    found = {
        f"{prefix} {command.name or command.callback.__name__}"
        for command in of.registered_commands
        if command.callback is not None and not command.hidden
    }
    for group in of.registered_groups:
        assert group.typer_instance is not None
        found |= commands(group.typer_instance, f"{prefix} {group.name}")
    return found


def test_every_setting_stands_in_both_tables() -> None:
    for page in (PAGE, README):
        told = {
            name for row in re.findall(r"^\| (`[A-Z].*?) \|", page, re.M) for name in re.findall(r"`([A-Z_]+)`", row)
        }
        assert told == set(ENVIRONMENT)


def test_every_command_stands_in_the_table() -> None:
    assert set(re.findall(r"^\| `(xinyi [a-z -]+)` \|", PAGE, re.M)) == commands(application)


def test_every_purpose_of_a_key_is_explained() -> None:
    section = PAGE[PAGE.index("## 密钥 Keys") :]
    assert set(re.findall(r"^\| `([a-z-]+)` \|", section, re.M)) == {purpose.value for purpose in Purpose}


def test_every_metric_and_table_that_is_named_exists() -> None:
    declaring = ("backend/platform/http/telemetry.py", "backend/platform/due.py", "backend/operations/service.py")
    declared = "".join((REPOSITORY / path).read_text(encoding="utf-8") for path in declaring)
    for name in re.findall(r"`(xinyi_[a-z_]+)`", PAGE):
        assert f'"{name}"' in declared
    assert "due_work" in {table._meta.tablename for table in rooms.TABLES}
