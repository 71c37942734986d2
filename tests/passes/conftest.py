"""A benefit that is given offline, a partner that honours it, a resident with a registered phone, and the partner's till."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest

from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from partners.benefits.terms import OfflineTerms, Terms
from partners.sdk.offline import OfflineBenefit, OfflineTill
from partners.sdk.offline_store import OfflineRedemption, OfflineStore
from tests.builders.partners import PartnerCaller, make_partner, make_terms, publish
from tests.builders.people import Person, PersonBuilder
from tests.builders.phones import Phone
from tests.conftest import PUBLIC_URL

BENEFIT = "parking-hour"
NUMBER = 7
LIST = "/v1/status-lists/attestations"


def offline_terms(benefit: str = BENEFIT, number: int = NUMBER, daily: int = 3, **changes: Any) -> Terms:
    """Terms of a benefit that is given offline too."""
    more = {name: changes.pop(name) for name in ("lifetime_hours", "needs_challenge") if name in changes}
    offline = OfflineTerms(number=number, per_person_per_day=daily, **more)
    return make_terms(benefit, cap_fen=3000, offline=offline, **changes)


@pytest.fixture
async def partner(client: httpx2.AsyncClient, platform: Platform, clock: SettableClock) -> PartnerCaller:
    """A live partner that may honour it."""
    await publish(platform, offline_terms())
    return await make_partner(client, platform, clock, BENEFIT)


@pytest.fixture
async def resident(person: PersonBuilder) -> Person:
    """A resident with a name that occurs nowhere else."""
    return await person("欧阳诗涵")


@pytest.fixture
async def phone(client: httpx2.AsyncClient, clock: SettableClock, resident: Person, partner: PartnerCaller) -> Phone:
    """The resident's registered phone."""
    made = Phone(client, clock, resident, PUBLIC_URL)
    assert (await made.register()).status_code == 201
    return made


class Till:
    """An offline till of the partner library over a file of its own; `fetch` is the only thing that uses the network."""

    def __init__(self, client: httpx2.AsyncClient, clock: SettableClock, file: Path) -> None:
        self._client = client
        self.offline = OfflineTill(OfflineStore(file), PUBLIC_URL + LIST, now=lambda: clock.now().timestamp())
        self.name = file.stem

    async def fetch(self) -> None:
        """Keys, status list and benefits, from the running application."""
        self.offline.install_keys((await self._client.get("/.well-known/jwks.json")).content)
        answer = await self._client.get(LIST)
        assert answer.headers["content-type"] == "application/statuslist+jwt"
        assert self.offline.install_status_list(answer.text) is None
        offered = (await self._client.get("/v1/benefits")).json()["benefits"]
        self.offline.install_benefits(
            OfflineBenefit(each["offline"]["number"], each["id"], each["offline"]["lifetime_hours"] * 3600)
            for each in offered
            if each["offline"] is not None
        )

    def accept(self, text: str, partner_ref: str, amount_fen: int = 0, benefit: str = BENEFIT) -> str:
        """Judges a code and, if it is valid, queues its redemption; gives the outcome."""
        verdict = self.offline.verify(text, benefit)
        if verdict.outcome == "valid":
            assert verdict.use is not None
            assert self.offline.redeem(verdict.use, partner_ref=partner_ref, amount_fen=amount_fen)
        return verdict.outcome.value

    def upload(self) -> dict[str, Any]:
        """The body of what waits."""
        return {"terminal": self.name, "redemptions": [item(waiting) for waiting in self.offline.waiting()]}


def item(waiting: OfflineRedemption) -> dict[str, Any]:
    """One redemption as it is uploaded."""
    return {
        "code": waiting.text,
        "benefit": waiting.benefit,
        "accepted_at": datetime.fromtimestamp(waiting.accepted_at, UTC).isoformat(),
        "partner_ref": waiting.partner_ref,
        "amount_fen": waiting.amount_fen,
    }


MakeTill = Callable[[str], Till]


@pytest.fixture
def till_named(client: httpx2.AsyncClient, clock: SettableClock, tmp_path: Path) -> MakeTill:
    """`till_named("gate-1")` is a till that has fetched nothing yet."""
    return lambda name: Till(client, clock, tmp_path / f"{name}.db")


@pytest.fixture
async def till(till_named: MakeTill, partner: PartnerCaller) -> Till:
    """A till that has fetched all it needs."""
    made = till_named("gate-1")
    await made.fetch()
    return made


async def upload(partner: PartnerCaller, body: dict[str, Any], key: str | None = None) -> list[dict[str, Any]]:
    """The outcomes of an upload."""
    answer = await partner.post("/v1/partner/offline-redemptions", body, key)
    assert answer.status_code == 201, answer.text
    outcomes: list[dict[str, Any]] = answer.json()["outcomes"]
    return outcomes


def one(code: str, at: SettableClock, partner_ref: str = "visit-1", **changes: Any) -> dict[str, Any]:
    """An item by hand, accepted now."""
    said = {"code": code, "benefit": BENEFIT, "accepted_at": at.now().isoformat(), "partner_ref": partner_ref}
    return {**said, **changes}


async def redemptions(platform: Platform) -> list[UUID]:
    """All there are."""
    async with platform.database.connection() as connection:
        rows = await connection.impersonal("test", "SELECT id FROM redemption ORDER BY id")
    return [row["id"] for row in rows]
