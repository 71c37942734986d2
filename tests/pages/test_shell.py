"""What the server sends of a page before anybody signs in."""

import re

import httpx2
import pytest

from backend.pages import shell


@pytest.mark.parametrize("path", ["/resident", "/till"])
async def test_a_page_admits_only_files_of_its_own(client: httpx2.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|<style", answer.text), "nothing inline"
    # What a person follows by a tap is not loaded with the page; it leads to this server all the same.
    followed = set(re.findall(r'<a [^>]*href="([^"#][^"]*)"', answer.text))
    addresses = set(re.findall(r'(?:src|href)="([^"#][^"]*)"', answer.text))
    assert addresses > followed
    assert all(address.startswith(shell.FILES_PATH) for address in addresses - followed)
    assert all(re.match("/[^/]", address) for address in followed)
    for address in addresses:
        assert (await client.get(address)).status_code == 200, address


@pytest.mark.parametrize(("path", "camera"), [("/resident", "camera=()"), ("/till", "camera=(self)")])
async def test_only_the_till_may_use_the_camera(client: httpx2.AsyncClient, path: str, camera: str) -> None:
    assert camera in (await client.get(path)).headers["permissions-policy"]


async def test_files_are_kept_by_browsers_and_change_their_address_when_they_change(client: httpx2.AsyncClient) -> None:
    answer = await client.get(f"{shell.FILES_PATH}/base.css")
    assert "immutable" in answer.headers["cache-control"]
    assert (await client.get("/pages/000000000000/base.css")).status_code == 404


async def test_every_file_that_a_script_imports_is_there(client: httpx2.AsyncClient) -> None:
    for script in shell.FILES.glob("*.js"):
        for name in re.findall(r'from "\./([a-z0-9_]+\.js)"', script.read_text("utf-8")):
            assert (shell.FILES / name).is_file(), f"{script.name} imports {name}"


async def test_no_script_writes_markup_or_loads_from_elsewhere() -> None:
    for script in shell.FILES.glob("*.js"):
        text = script.read_text("utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|https?://", text), (
            script.name
        )
