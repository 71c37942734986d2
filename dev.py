#!/usr/bin/env python3
"""Sets up and runs Xinyi 信易 on a machine with nothing but Python 3.11 or later; standard library only.

    python3 dev.py up                     start everything
    python3 dev.py test [PYTEST ARGS]     run every check, or only pytest with these arguments
    python3 dev.py spark [PYTEST ARGS]    the tests that need Java and PySpark (list `bench`)
    python3 dev.py lock [--upgrade]       write requirements/*.txt anew from pyproject.toml
    python3 dev.py COMMAND ...            any other command of `xinyi`: demo, bench, doctor, city, ...

The environment is made in .venv: pip installs uv, uv installs the list of requirements/ with its hashes. A stamp says
which list is installed, so a second start installs nothing.
"""

import ast
import contextlib
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

OLDEST_PYTHON = (3, 11)

# Older Pythons have to understand this file as far as this line.
if sys.version_info < OLDEST_PYTHON:
    sys.exit(
        "需要 Python 3.11 或更高版本，当前是 {0}.{1}，请安装后用 python3.11 dev.py 启动。\n"
        "Python 3.11 or later is needed, this is {0}.{1}: install it and start with python3.11 dev.py.".format(
            *sys.version_info
        )
    )

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
UV = ENVIRONMENT / "bin" / "uv"
STAMP = ENVIRONMENT / "xinyi.stamp"
REQUIREMENTS = ROOT / "requirements"

# The exit code after a refusal in one sentence, the same as of the `xinyi` command.
CANNOT_START = 3

# What each list holds: the dependencies of pyproject.toml, and the dependency groups added to them. Each list contains
# those before it.
LISTS: "dict[str, list[str]]" = {"runtime": [], "test": ["test"], "bench": ["test", "bench"]}

# The parts of `bench` that measure beside other software, which the list `bench` brings.
BESIDE_OTHERS = {"scoring", "codes", "market"}

# Compiled modules are kept in the environment, also where Python is told to write none: every start would compile some
# thousand modules anew, which takes longer than most commands.
BYTECODE = ENVIRONMENT / "bytecode"

# uv does not read pip's settings; a mirror or a company's certificate set for pip is meant for it too.
PIP_SETTINGS = {"index-url": "UV_DEFAULT_INDEX", "cert": "SSL_CERT_FILE"}


class Stop(Exception):
    """Why nothing more can be done: one sentence in Chinese, one in English."""

    def __init__(self, chinese: str, english: str) -> None:
        super().__init__(f"{chinese}\n{english}")


# --- the environment


def prepare(name: str) -> None:
    """Makes `.venv` hold the list `name` or a longer one that is there; does nothing if it does already."""
    present = _stamped().partition(" ")[0]
    if present in LISTS:
        name = max(name, present, key=list(LISTS).index)  # once there, tools stay
    if _stamped() == _fingerprint(name):
        return
    with _alone():
        if _stamped() == _fingerprint(name):
            return
        _say(f"正在准备运行环境（{name}）… Preparing the environment ({name}) ...")
        began = time.monotonic()
        STAMP.unlink(missing_ok=True)
        _make_environment()
        _run_quietly(
            [UV, "pip", "sync", "--quiet", "--python", PYTHON, "--require-hashes", REQUIREMENTS / f"{name}.txt"],
            "依赖没有装上，请检查网络后重试；中断的安装会自动续上。",
            "The dependencies were not installed: check the network and try again, it continues where it stopped.",
            _settings_for_uv(),
        )
        _write_command()
        STAMP.write_text(_fingerprint(name), encoding="utf-8")
        _say(f"环境就绪，用时 {time.monotonic() - began:.0f} 秒。 Ready after {time.monotonic() - began:.0f} s.")


def _stamped() -> str:
    try:
        return STAMP.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def _fingerprint(name: str) -> str:
    """The list's hash and the environment's Python: what a stamp has to say for the installation to be right."""
    listed = hashlib.sha256((REQUIREMENTS / f"{name}.txt").read_bytes()).hexdigest()
    return f"{name} {listed} {_version_of(PYTHON)}\n"


def _version_of(python: Path) -> str:
    """The version a Python says it has; empty if it does not run."""
    try:
        asked = [str(python), "-I", "-S", "-c", "import sys; print(*sys.version_info[:3], sep='.')"]
        return subprocess.run(asked, capture_output=True, encoding="utf-8", check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


@contextlib.contextmanager
def _alone() -> "Iterator[None]":
    """One installation at a time, also from two terminals."""
    import fcntl

    with (REQUIREMENTS / "uv.txt").open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _make_environment() -> None:
    """Makes `.venv` with pip and the pinned uv, unless a sound one is there."""
    if not _succeeds([PYTHON, "-m", "pip", "--version"]):
        if importlib.util.find_spec("ensurepip") is None:
            _install_ensurepip()
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        base = getattr(sys, "_base_executable", sys.executable)
        _run_quietly(
            [base, "-m", "venv", ENVIRONMENT],
            f"无法在 {ENVIRONMENT} 建立 Python 环境，请检查该文件夹是否可写。",
            f"The Python environment {ENVIRONMENT} cannot be made: check that the folder can be written.",
        )
    pinned = REQUIREMENTS / "uv.txt"
    version = pinned.read_text(encoding="utf-8").split("uv==", 1)[1].split()[0]
    if not _succeeds([UV, "--version"], f"uv {version}"):
        options = ["--require-hashes", "--only-binary=:all:", "--no-deps", "--disable-pip-version-check", "-qq"]
        _run_quietly(
            [PYTHON, "-m", "pip", "install", *options, "--root-user-action=ignore", "-r", pinned],
            "安装工具 uv 没有装上，请检查网络（或 pip 的镜像设置）后重试。",
            "The installer uv was not installed: check the network (or pip's mirror) and try again.",
        )


def _install_ensurepip() -> None:
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if _may_use_apt():
        _apt_install(package)
        return
    raise Stop(
        f"这个 Python 缺少 venv 组件，请先运行：sudo apt-get install -y {package}",
        f"This Python lacks its venv component; run this first: sudo apt-get install -y {package}",
    )


def _settings_for_uv() -> "dict[str, str]":
    """pip's settings that uv needs too, by the names uv knows, where they are not set already."""
    listing = subprocess.run(
        [str(PYTHON), "-m", "pip", "config", "list"], capture_output=True, encoding="utf-8", check=False
    )
    found: dict[str, str] = {}
    # Sorted by name, except that the environment, which weighs most, comes last.
    for line in sorted(listing.stdout.splitlines(), key=lambda line: (line.startswith(":env:"), line)):
        name, _, value = line.partition("=")
        variable = PIP_SETTINGS.get(name.rsplit(".", 1)[-1])
        if variable and variable not in os.environ:
            with contextlib.suppress(ValueError, SyntaxError):
                found[variable] = str(ast.literal_eval(value))
    return found


def _write_command() -> None:
    """`.venv/bin/xinyi`, which finds its checkout from its own place, so that the checkout may be moved."""
    command = ENVIRONMENT / "bin" / "xinyi"
    command.write_text(
        "#!/bin/sh\n"
        'root=$(cd "$(dirname "$0")/../.." && pwd)\n'
        "unset PYTHONDONTWRITEBYTECODE\n"
        'export PYTHONPYCACHEPREFIX="$root/.venv/bytecode" PYTHONPATH="$root"\n'
        'exec "$root/.venv/bin/python" -m backend.cli "$@"\n',
        encoding="utf-8",
    )
    command.chmod(0o755)


# --- the lists of requirements


def lock(arguments: "Sequence[str]") -> int:
    """Writes requirements/*.txt anew; keeps the versions that still fit, unless `--upgrade` is given."""
    if set(arguments) - {"--upgrade"}:
        raise Stop("lock 只接受 --upgrade。", "lock takes --upgrade and nothing else.")
    with _alone():
        _make_environment()
    common: list[str | Path] = [UV, "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--no-header"]
    common += ["--python-version", ".".join(str(part) for part in OLDEST_PYTHON), "--no-emit-index-url", *arguments]
    _compile([*common, "-"], REQUIREMENTS / "uv.txt", "", "uv\n")
    shorter: list[str | Path] = []
    for name, groups in LISTS.items():
        command: list[str | Path] = [*common, "pyproject.toml", *shorter]
        for group in groups:
            command += ["--group", group]
        shorter += ["--constraints", REQUIREMENTS / f"{name}.txt"]
        _compile(command, REQUIREMENTS / f"{name}.txt", _heading(name))
    return 0


def _compile(command: "Sequence[str | Path]", target: Path, heading: str, given: str = "") -> None:
    _run_quietly(
        [*command, "--output-file", target],
        f"没有得到 {target.name} 的版本清单，原因见上。",
        f"No list of versions was found for {target.name}; the reason stands above.",
        _settings_for_uv(),
        given,
    )
    target.write_text(heading + target.read_text(encoding="utf-8"), encoding="utf-8")
    _say(f"{target.relative_to(ROOT)}")


def _heading(name: str) -> str:
    """The first line of a list: which declarations in pyproject.toml it answers to."""
    import tomllib

    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = declared["project"]
    relevant = [project["requires-python"], project["dependencies"]]
    relevant += [declared["dependency-groups"][group] for group in LISTS[name]]
    return f"# pyproject.toml sha256:{hashlib.sha256(json.dumps(relevant).encode()).hexdigest()}\n"


def check_lists() -> int:
    """0 if every list answers to pyproject.toml as it is now."""
    stale = [
        name
        for name in LISTS
        if not (REQUIREMENTS / f"{name}.txt").read_text(encoding="utf-8").startswith(_heading(name))
    ]
    if stale:
        _say(f"requirements/{stale[0]}.txt 与 pyproject.toml 不一致，请运行 python3 dev.py lock。")
        _say(f"requirements/{stale[0]}.txt is not in step with pyproject.toml: run python3 dev.py lock.")
    return len(stale)


# --- the checks


class Step(NamedTuple):
    """One check of `dev.py test`: gives an exit code."""

    name: str
    run: "Callable[[], int]"


def _python(*arguments: str) -> "Callable[[], int]":
    return lambda: subprocess.run([str(PYTHON), *arguments], cwd=ROOT, check=False).returncode


def steps(pytest_arguments: "Sequence[str]") -> "list[Step]":
    """Every check in order; with arguments for pytest, only what those tests need."""
    imports = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"
    checks = [
        Step("lock", check_lists),
        Step("ruff check", _python("-m", "ruff", "check")),
        Step("ruff format", _python("-m", "ruff", "format", "--check")),
        Step("mypy", _python("-m", "mypy")),
        Step("imports", _python("-c", imports)),
    ]
    tests = [
        Step("browser", provide_browser),
        Step("pytest", _python("-m", "pytest", *(pytest_arguments or ["-n", "2", "--dist", "loadgroup"]))),
    ]
    return tests if pytest_arguments else [*checks, *tests]


def test(arguments: "Sequence[str]") -> int:
    """Runs every step, also after one has failed, and sums up."""
    prepare("test")
    results: list[tuple[str, int, float]] = []
    for step in steps(arguments):
        _say(f"\n== {step.name}")
        began = time.monotonic()
        try:
            code = step.run()
        except Stop as reason:
            _say(str(reason))
            code = 1
        results.append((step.name, code, time.monotonic() - began))
    _say("\n== 汇总 summary")
    for name, code, seconds in results:
        _say(f"{'通过 ok    ' if code == 0 else '失败 FAILED'}  {seconds:7.1f} s  {name}")
    failed = [name for name, code, _ in results if code != 0]
    _say(f"未通过 failed: {', '.join(failed)}" if failed else "全部通过 all passed")
    return 1 if failed else 0


def spark(arguments: "Sequence[str]") -> int:
    """Runs the generated SQL on a local Spark session. Raises Stop without Java."""
    if not _succeeds([Path(shutil.which("java") or "java"), "-version"]):
        raise Stop("需要 Java 17 或更高版本。", "Java 17 or later is needed.")
    prepare("bench")
    return _python("-m", "pytest", "tests/scoring/test_spark.py", *arguments)()


def provide_browser() -> int:
    """Finds or installs a Chromium for the tests of the pages and names it in `CHROMIUM`. Raises Stop if there is none."""
    found = _find_browser()
    if found is None:
        if _may_use_apt():
            # The fonts let a screenshot show Chinese.
            _apt_install("chromium", "fonts-noto-cjk")
        else:
            subprocess.run([str(PYTHON), "-m", "playwright", "install", "chromium"], check=False)
        found = _find_browser()
    if found is None:
        raise Stop(
            "没有找到可用的 Chromium，请安装它，或用环境变量 CHROMIUM 指明路径。",
            "No usable Chromium was found: install one, or name its path in the variable CHROMIUM.",
        )
    os.environ["CHROMIUM"] = found
    _say(found)
    return 0


def _find_browser() -> "str | None":
    """The first Chromium that runs: where a distribution has only a pointer to another package, the command does not."""
    return next((path for path in _browser_candidates() if path and _succeeds([path, "--version"])), None)


def _browser_candidates() -> "Iterator[str | None]":
    yield os.environ.get("CHROMIUM")
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        yield shutil.which(name)
    yield "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
    ask = "from playwright.sync_api import sync_playwright as s\nwith s() as p: print(p.chromium.executable_path)"
    yield _output([PYTHON, "-c", ask])


# --- running programs


def _may_use_apt() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def _apt_install(*packages: str) -> None:
    _say(f"正在安装系统软件包 Installing system packages: {' '.join(packages)}")
    command = f"sudo apt-get install -y {' '.join(packages)}"
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    chinese = f"系统软件包没有装上，请运行：{command}"
    english = f"The system packages were not installed; run: {command}"
    _run_quietly(["apt-get", "update", "-qq"], chinese, english, quiet)
    _run_quietly(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], chinese, english, quiet)


def _run_quietly(
    command: "Sequence[str | Path]",
    chinese: str,
    english: str,
    settings: "dict[str, str] | None" = None,
    given: str = "",
) -> None:
    """Runs a program; only if it fails shows what it said, and raises Stop with the sentences."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env=os.environ | (settings or {}),
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        _say(done.stdout.rstrip())
        raise Stop(chinese, english)


def _output(command: "Sequence[str | Path]") -> "str | None":
    """What a program prints; None if it cannot be run or fails."""
    try:
        done = subprocess.run(
            [str(part) for part in command], capture_output=True, encoding="utf-8", errors="replace", check=False
        )
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _succeeds(command: "Sequence[str | Path]", prints: str = "") -> bool:
    """Whether a program runs, succeeds, and prints something that begins with `prints`."""
    output = _output(command)
    return output is not None and output.startswith(prints)


def _say(text: str) -> None:
    print(text, flush=True)


# --- the commands


def xinyi(arguments: "Sequence[str]") -> int:
    """Becomes the `xinyi` command, so that signals reach it directly."""
    beside_others = arguments[0] == "bench" and not BESIDE_OTHERS.isdisjoint(arguments[1:2])
    prepare("bench" if beside_others else "runtime")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    os.execve(PYTHON, [str(PYTHON), "-m", "backend.cli", *arguments], environment)  # noqa: S606


def main(arguments: "Sequence[str]") -> int:
    """The exit code of a command."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    if os.name != "posix":
        print("请在 Linux、macOS 或 WSL 中运行。\nRun this on Linux, macOS or in WSL.", file=sys.stderr)
        return CANNOT_START
    if not arguments or arguments[0] in {"-h", "--help"}:
        _say(__doc__)
        return 0
    command = {"test": test, "spark": spark, "lock": lock}.get(arguments[0])
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ.setdefault("PYTHONPYCACHEPREFIX", str(BYTECODE))
    try:
        return command(arguments[1:]) if command else xinyi(arguments)
    except Stop as reason:
        print(reason, file=sys.stderr)
        return CANNOT_START
    except OSError as error:
        print(f"无法写入或运行：{error}\nThis cannot be written or run: {error}", file=sys.stderr)
        return CANNOT_START
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
