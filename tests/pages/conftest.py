"""A real browser on a phone-sized screen, against a real server over the test's own database."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple, cast

import pytest
from granian.constants import Interfaces
from granian.server.embed import Server
from litestar import Litestar
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from backend.platform.http.telemetry import Application, Telemetry

_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


class OpenedPage(NamedTuple):
    """A page, and everything that its console complained about: violations of the policy and errors of the scripts."""

    page: Page
    complaints: list[str]


@pytest.fixture
async def address(application: Litestar) -> AsyncIterator[str]:
    """The address of a granian server in this test's loop; the application is open already, so without lifespan."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    served = Telemetry(cast(Application, application))
    server = Server(served, port=port, interface=Interfaces.ASGINL, websockets=False, log_enabled=False)
    serving = asyncio.create_task(server.serve())
    while True:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            break
        assert not serving.done(), serving
        await asyncio.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.stop()  # type: ignore[no-untyped-call]
    await serving


@asynccontextmanager
async def launched(*more_flags: str) -> AsyncIterator[Browser]:
    """The system's Chromium; named by CHROMIUM where it is not on the path."""
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        pytest.skip("no Chromium here: name it in CHROMIUM")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=[*_FLAGS, *more_flags])
        yield browser
        await browser.close()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A browser for this test."""
    async with launched() as opened_browser:
        yield opened_browser


async def phone(browser: Browser, address: str) -> BrowserContext:
    """A phone of 390 x 844 with nothing on it."""
    context = await browser.new_context(
        viewport={"width": 390, "height": 844}, device_scale_factor=2, base_url=address, locale="zh-CN", has_touch=True
    )
    context.set_default_timeout(8000)
    return context


async def opened(context: BrowserContext, path: str) -> OpenedPage:
    """A page of this address."""
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(path)
    return OpenedPage(page, complaints)


@pytest.fixture
async def resident_page(browser: Browser, address: str) -> AsyncIterator[OpenedPage]:
    """The resident's page on a phone."""
    context = await phone(browser, address)
    yield await opened(context, "/resident")
    await context.close()


@pytest.fixture
async def till_page(browser: Browser, address: str) -> AsyncIterator[OpenedPage]:
    """The till's page on another phone."""
    context = await phone(browser, address)
    yield await opened(context, "/till")
    await context.close()
