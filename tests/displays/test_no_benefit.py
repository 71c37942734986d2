"""A display code opens no benefit: a till that is shown one learns that it is no code of a person."""

import httpx2

from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from tests.builders.displays import Exhibitor, token_of
from tests.builders.partners import make_partner, make_terms, publish


async def test_neither_link_nor_token_is_taken_for_a_code(
    shop: Exhibitor, client: httpx2.AsyncClient, platform: Platform, clock: SettableClock
) -> None:
    await publish(platform, make_terms("reading-discount", cap_fen=3000))
    for made in (await shop.made(), await shop.granted(), await shop.declared()):
        # Each asks a till of its own: after a dozen failures nothing more is looked at.
        partner = await make_partner(client, platform, clock, "reading-discount", name=f"书店{made['kind']}")
        token = token_of(made)
        for code in (made["url"], token, f"IC1:{token}", f"IC3:{token}", token[:43], f"IC1:{token[:39]}"):
            answer = await partner.verify(code, "reading-discount")
            assert (answer.status_code, answer.json()["code"]) == (400, "code-malformed"), code
    async with platform.database.connection() as connection:
        assert await connection.impersonal("test", "SELECT 1 FROM code_burn") == []


async def test_it_is_not_settled_as_an_offline_redemption_either(
    shop: Exhibitor, client: httpx2.AsyncClient, platform: Platform, clock: SettableClock
) -> None:
    await publish(platform, make_terms("reading-discount", cap_fen=3000))
    partner = await make_partner(client, platform, clock, "reading-discount")
    made = await shop.made()
    item = {
        "code": made["url"],
        "benefit": "reading-discount",
        "accepted_at": clock.now().isoformat().replace("+00:00", "Z"),
        "partner_ref": "visit-1",
    }
    answer = await partner.post("/v1/partner/offline-redemptions", {"terminal": "gate-1", "redemptions": [item]})
    assert [outcome["outcome"] for outcome in answer.json()["outcomes"]] == ["malformed"]
