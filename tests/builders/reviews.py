"""Reviews in one line: of a visit over HTTP, or of many people at once, as if each had written theirs."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2

from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from backend.reviews import store
from tests.builders.partners import PartnerCaller, current_code
from tests.builders.people import Person

BENEFIT = "for-all"
GOOD: dict[str, Any] = {"stars": 5, "kept": "honoured", "waiting": "under-5-minutes"}
REFUSED: dict[str, Any] = {"stars": 1, "kept": "refused", "waiting": "over-30-minutes"}


async def visit(client: httpx2.AsyncClient, partner: PartnerCaller, guest: Person, *, served: bool = True) -> str:
    """The verification of a visit: a yes, and redeemed unless the guest was refused at the till."""
    verified = await partner.verify((await current_code(client, guest.headers))["text"], BENEFIT)
    assert verified.json()["result"] == "eligible", verified.text
    verification: str = verified.json()["verification_id"]
    if served:
        assert (await partner.redeem(verification)).status_code == 201
    return verification


async def review(client: httpx2.AsyncClient, guest: Person, verification: str, **changes: Any) -> httpx2.Response:
    """The guest's review; a good one unless changed."""
    body = {**GOOD, **changes, "verification_id": verification}
    return await client.post("/v1/me/reviews", json=body, headers=guest.headers)


async def people_say(
    platform: Platform, partner: PartnerCaller, people: int, at: datetime | None = None, **changes: Any
) -> None:
    """So many people, each somebody else, have said the same of a partner."""
    said = {**GOOD, **changes}
    instant = at or platform.clock.now()
    async with platform.database.transaction() as connection:
        for _ in range(people):
            row = store.NewReview(
                id=uuid4(),
                subject_id=uuid4(),
                partner_id=partner.partner_id,
                benefit_id=BENEFIT,
                verification_id=uuid4(),
                visited_at=instant - timedelta(hours=1),
                words_sealed=None,
                filed_at=instant,
                **said,
            )
            assert await store.add(connection, row)


def move_to(clock: SettableClock, instant: datetime) -> None:
    """Moves the clock forward to an instant."""
    assert instant >= clock.now()
    clock.move(instant - clock.now())
