"""`xinyi migration`: what the rooms declare and no migration says yet, written down as migrations."""

import contextlib
import importlib
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from string import Template

from piccolo.apps.migrations.commands.new import NoChanges, new

from backend.commands.services import servers
from backend.platform.settings import Settings
from backend.rooms import CONSTRAINTS
from backend.schema import MIGRATIONS, engine

_CONSTRAINTS_FILE = Template('''"""Keys, indexes and checks, which Piccolo's column definitions cannot say."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "$id"
VERSION = "1.38.0"
DESCRIPTION = $description

STATEMENTS = (
$statements,
)


async def forwards() -> MigrationManager:
    """Runs the statements after the tables exist."""
    manager = MigrationManager(migration_id=ID, app_name="xinyi", description=DESCRIPTION)

    async def run() -> None:
        engine = engine_finder()
        assert engine is not None
        for statement in STATEMENTS:
            await engine.run_ddl(statement)

    manager.add_raw(run)
    return manager
''')


async def write(settings: Settings, description: str) -> list[Path]:
    """Writes a migration of changed tables (Piccolo's own comparison), and one of new statements; gives the new files.

    A constraint that is gone, or that needs data moved first, is written by hand.
    """
    before = set(MIGRATIONS.glob("xinyi_*.py"))
    with servers(settings) as addressed:
        async with engine(addressed.database_url):
            with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(NoChanges, SystemExit):
                await new("xinyi", auto=True, desc=description, auto_input="y")
    _write_constraints(description)
    return sorted(set(MIGRATIONS.glob("xinyi_*.py")) - before)


def _write_constraints(description: str) -> None:
    said = {statement for path in MIGRATIONS.glob("xinyi_*.py") for statement in _statements_of(path)}
    missing = [statement for statement in CONSTRAINTS if statement not in said]
    if not missing:
        return
    now = datetime.now(UTC)
    content = _CONSTRAINTS_FILE.substitute(
        id=f"{now:%Y-%m-%dT%H:%M:%S}:{now:%f}",
        description=json.dumps(f"{description}: constraints", ensure_ascii=False),
        statements=",\n".join(f"    {json.dumps(statement, ensure_ascii=False)}" for statement in missing),
    )
    (MIGRATIONS / f"xinyi_{now:%Y_%m_%dt%H_%M_%S_%f}.py").write_text(content, encoding="utf-8")


def _statements_of(path: Path) -> tuple[str, ...]:
    module = importlib.import_module(f"backend.migrations.{path.stem}")
    statements: tuple[str, ...] = getattr(module, "STATEMENTS", ())
    return statements
