"""The set-up script: its lists of requirements, its stamp, and what it says when it cannot go on."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
LISTS = sorted((REPOSITORY / "requirements").glob("*.txt"))


def _load() -> ModuleType:
    specification = importlib.util.spec_from_file_location("dev", REPOSITORY / "dev.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["dev"] = module
    specification.loader.exec_module(module)
    return module


dev = _load()


def _pins(name: str) -> dict[str, str]:
    text = (REPOSITORY / "requirements" / name).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9-]+(?:\[[a-z,]+\])?)==(\S+)", text, flags=re.MULTILINE))


def test_the_lists_are_in_step_with_pyproject() -> None:
    assert dev.check_lists() == 0


def test_a_changed_dependency_makes_the_lists_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    declared = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(declared.replace('"litestar"', '"litestar>2"'), encoding="utf-8")
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    assert dev.check_lists() == len(dev.LISTS)


@pytest.mark.parametrize("file", LISTS, ids=lambda file: file.name)
def test_no_list_names_a_registry(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index" not in text
    assert "--extra-index" not in text
    assert "--find-links" not in text


@pytest.mark.parametrize("file", LISTS, ids=lambda file: file.name)
def test_every_requirement_is_pinned_with_hashes(file: Path) -> None:
    blocks = re.split(r"^(?=[a-z0-9])", file.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    assert blocks
    for block in blocks:
        assert "==" in block.splitlines()[0]
        assert "--hash=sha256:" in block


def test_the_list_of_the_tests_contains_the_runtime_at_the_same_versions() -> None:
    assert _pins("runtime.txt").items() <= _pins("test.txt").items()
    assert _pins("test.txt").items() <= _pins("bench.txt").items()


def test_a_stamp_answers_to_the_list_and_the_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "runtime.txt").write_text("litestar==2.25.0\n")
    monkeypatch.setattr(dev, "REQUIREMENTS", tmp_path)
    monkeypatch.setattr(dev, "PYTHON", Path(sys.executable))
    before = dev._fingerprint("runtime")
    (tmp_path / "runtime.txt").write_text("litestar==2.26.0\n")
    assert dev._fingerprint("runtime") != before
    (tmp_path / "runtime.txt").write_text("litestar==2.25.0\n")
    assert dev._fingerprint("runtime") == before
    monkeypatch.setattr(dev, "PYTHON", tmp_path / "no-python")
    assert dev._fingerprint("runtime") != before


def test_every_step_runs_and_one_failure_fails_the_whole(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: list[str] = []

    def step(name: str, code: int) -> Any:
        def run() -> int:
            ran.append(name)
            if code == 3:
                raise dev.Stop("没有浏览器。", "No browser.")
            return code

        return dev.Step(name, run)

    checks = [step("first", 1), step("second", 3), step("third", 0)]
    monkeypatch.setattr(dev, "steps", lambda _: checks)
    monkeypatch.setattr(dev, "prepare", lambda _: None)
    assert dev.test([]) == 1
    assert ran == ["first", "second", "third"]
    assert "failed: first, second" in capsys.readouterr().out


def test_a_python_without_venv_is_told_the_one_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev, "_may_use_apt", lambda: False)
    with pytest.raises(dev.Stop, match=r"sudo apt-get install -y python3\.\d+-venv"):
        dev._install_ensurepip()


def test_no_browser_anywhere_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev, "_may_use_apt", lambda: False)
    monkeypatch.setattr(dev, "_browser_candidates", lambda: iter([None, "/no/such/browser"]))
    monkeypatch.setattr(dev, "PYTHON", Path("/bin/false"))
    with pytest.raises(dev.Stop, match="No usable Chromium"):
        dev.provide_browser()


def test_settings_of_pip_that_name_a_mirror_reach_uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = file:///mirror/simple\ncert = /etc/company.pem\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    for name in ("PIP_INDEX_URL", "PIP_CERT", "UV_DEFAULT_INDEX", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(dev, "PYTHON", Path(sys.executable))
    assert dev._settings_for_uv() == {"UV_DEFAULT_INDEX": "file:///mirror/simple", "SSL_CERT_FILE": "/etc/company.pem"}
    monkeypatch.setenv("PIP_INDEX_URL", "file:///other/simple")
    assert dev._settings_for_uv()["UV_DEFAULT_INDEX"] == "file:///other/simple"
    monkeypatch.setenv("UV_DEFAULT_INDEX", "file:///third/simple")
    assert "UV_DEFAULT_INDEX" not in dev._settings_for_uv()


def test_help_needs_no_environment() -> None:
    asked = [sys.executable, "-I", "-S", str(REPOSITORY / "dev.py"), "--help"]
    told = subprocess.run(asked, capture_output=True, encoding="utf-8", check=True, env={"PATH": os.defpath})
    assert "dev.py up" in told.stdout
