"""What may be recorded is public, with its ground and its dates."""

from datetime import timedelta

import httpx2

from backend.catalogue.service import item_described, present
from backend.platform.clock import SettableClock


async def test_anybody_reads_every_item_in_force_with_its_ground(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/catalogue")
    assert answer.status_code == 200
    items = {item["code"]: item for item in answer.json()}
    assert set(items) == set(present().codes)
    for item in items.values():
        assert all(item[name] for name in ("provider", "term", "sharing", "effective_from"))
        assert all(basis["document"] and basis["article"] for basis in item["legal_basis"])
        assert item["openness_natural"] != "public"
    penalty = items["penalty"]
    assert (penalty["class"], penalty["grades"], penalty["amount_unit"]) == (
        "negative", ["minor", "general", "serious"], "fen",
    )  # fmt: skip
    assert {"grade": "serious", "months": 36} in penalty["term"]
    assert {"grade": "minor", "published": False, "minimum_months": 0, "maximum_months": 3} in penalty["publicity"]


async def test_an_item_not_yet_in_force_is_not_listed(client: httpx2.AsyncClient, clock: SettableClock) -> None:
    clock.move(timedelta(days=-300))
    codes = {item["code"] for item in (await client.get("/v1/catalogue")).json()}
    assert "penalty" not in codes
    assert "honour" in codes


def test_a_record_older_than_its_item_is_still_described() -> None:
    first = min((item for item in present().items if item.code == "penalty"), key=lambda item: item.effective_from)
    assert item_described("penalty", first.effective_from - timedelta(days=400)) is first
    assert item_described("penalty", first.effective_from) is first
