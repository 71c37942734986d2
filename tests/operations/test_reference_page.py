"""The reference in a real browser, under a name as in production: nothing is asked of any other host."""

import json
from urllib.parse import urlsplit

from tests.builders.server import REPOSITORY
from tests.pages.conftest import launched

NAME = "reference.test"


async def test_the_reference_shows_every_operation_and_asks_no_other_host(address: str) -> None:
    # Some of what the reference's scripts do, they leave out on the machine's own name: so it gets another.
    port = urlsplit(address).port
    async with launched(f"--host-resolver-rules=MAP {NAME} 127.0.0.1, MAP * ~NOTFOUND") as browser:
        page = await browser.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(f"http://{NAME}:{port}/reference")
        await page.wait_for_selector(".opblock", timeout=60_000)
        await page.wait_for_load_state("networkidle")
        shown = await page.locator(".opblock").count()
    published = json.loads((REPOSITORY / "openapi" / "xinyi.json").read_bytes())["paths"]
    assert shown == sum(len(methods) for methods in published.values())
    assert {urlsplit(url).netloc for url in asked if not url.startswith(("data:", "blob:"))} == {f"{NAME}:{port}"}
