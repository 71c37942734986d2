"""A till with one open benefit, and a resident before it; or the agent of an enterprise, with a benefit for enterprises."""

from collections.abc import Awaitable, Callable

import httpx2
import pytest

from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from partners.benefits.terms import HolderKind
from tests.builders.enterprises import registered
from tests.builders.partners import PartnerCaller, current_code, make_partner, make_terms, publish
from tests.builders.people import Person, PersonBuilder

BENEFIT = "reading-discount"

Scan = Callable[..., Awaitable[httpx2.Response]]

# Whatever holds of a code holds whoever shows it.
WHOEVER_SHOWS_IT = pytest.mark.parametrize("kind", list(HolderKind), indirect=True)


class Bearer:
    """Whoever shows a code: a resident, or an enterprise by its agent."""

    def __init__(self, client: httpx2.AsyncClient, person: Person, path: str) -> None:
        self._client = client
        self.person = person
        self.path = path

    async def show(self, scene: str = "library") -> dict[str, str]:
        """A fresh code: text and digits."""
        return await current_code(self._client, self.person.headers, scene, self.path)


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> HolderKind:
    """Who shows the codes of the test, and for whom its benefit is: a person unless the test says otherwise."""
    return HolderKind(getattr(request, "param", HolderKind.PERSON))


@pytest.fixture
async def partner(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, kind: HolderKind
) -> PartnerCaller:
    """A live partner that may honour one published benefit, open to all and capped at 30 yuan."""
    await publish(platform, make_terms(BENEFIT, cap_fen=3000, holder=kind))
    return await make_partner(client, platform, clock, BENEFIT)


@pytest.fixture
async def resident(person: PersonBuilder) -> Person:
    """A resident with a name that occurs nowhere else."""
    return await person("欧阳诗涵")


@pytest.fixture
async def bearer(client: httpx2.AsyncClient, resident: Person, kind: HolderKind) -> Bearer:
    """The resident, or an enterprise for which the resident acts."""
    if kind is HolderKind.PERSON:
        return Bearer(client, resident, "/v1/me")
    return Bearer(client, resident, f"/v1/enterprises/{await registered(client, resident)}")


@pytest.fixture
def scan(partner: PartnerCaller, bearer: Bearer) -> Scan:
    """Shows a fresh code and has the partner verify it."""

    async def scanned(benefit: str = BENEFIT, **more: object) -> httpx2.Response:
        code = (await bearer.show())["text"]
        return await partner.verify(code, benefit, **more)  # type: ignore[arg-type]

    return scanned
