"""An enterprise joins as a partner: by its agent, by two operators, with a report before it goes live."""

from typing import Any
from uuid import UUID

import httpx2
import pytest

from backend.identity import service as identity
from backend.partner_accounts import service
from backend.partner_accounts.messages import NewPartner, NewPartnerKey
from backend.partner_accounts.states import PartnerEvent
from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from backend.platform.problems import Problem
from backend.platform.roles import Role
from partners.signatures.keys import jwk_of
from partners.signatures.possession import prove
from partners.signatures.requests import SigningKey
from tests.builders.enterprises import credit_code, registration
from tests.builders.partners import make_terms, publish
from tests.builders.people import Person, PersonBuilder
from tests.builders.signed import SignedCaller, new_signing_key

ORDER: dict[str, Any] = {
    "name_en": "Taohua Decoration",
    "scenes": ["library"],
    "stores": [{"name": "总店", "district": "taoyuan"}],
    "benefits": ["for-all"],
}
REPORT = {"contract": 1, "conforms": True, "passed": 40, "failed": 0, "not_applicable": 2, "cases": [{"id": "yes"}]}


class Joining:
    """An enterprise, its agent and two operators."""

    def __init__(self, client: httpx2.AsyncClient, platform: Platform, clock: SettableClock) -> None:
        self.client = client
        self.platform = platform
        self.clock = clock
        self.people: dict[str, Person] = {}
        self.path = ""
        self.staff = ""

    async def ask(self, who: str, method: str, path: str, body: Any = None) -> httpx2.Response:
        """A request of one of them."""
        return await self.client.request(method, path, headers=self.people[who].headers, json=body)

    async def apply(self) -> dict[str, Any]:
        """The application."""
        answer = await self.ask("agent", "POST", f"{self.path}/partner-application", ORDER)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        self.staff = f"/v1/staff/partner-applications/{found['partner_id']}"
        return found

    async def propose(self, proposal: str, who: str = "operator") -> httpx2.Response:
        """An operator proposes."""
        return await self.ask(who, "POST", f"{self.staff}/proposal", {"proposal": proposal, "because": "资料齐全"})

    async def decide(self, who: str = "second", *, confirm: bool = True) -> httpx2.Response:
        """An operator confirms or sends back."""
        return await self.ask(who, "POST", f"{self.staff}/decision", {"confirm": confirm})

    async def register(self, key: SigningKey, kind: str = "test", voucher: str = "") -> httpx2.Response:
        """The agent registers a key."""
        created = int(self.clock.now().timestamp())
        proof = prove(key, "https://xinyi.test", voucher or credit_code(), created)
        body = {"key": jwk_of(key.private_key.public_key()), "created": created, "proof": proof}
        answer = await self.ask("agent", "POST", f"{self.path}/{kind}-keys", body)
        await self.platform.signers.reload()
        return answer


@pytest.fixture
async def joining(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, person: PersonBuilder
) -> Joining:
    """An enterprise is registered; nobody has applied yet."""
    await publish(platform, make_terms("for-all"))
    joining = Joining(client, platform, clock)
    for who in ("agent", "stranger"):
        joining.people[who] = await person()
    for who in ("operator", "second"):
        joining.people[who] = await person(roles=(Role.OPERATOR,))
    answer = await joining.ask("agent", "POST", "/v1/enterprises", registration())
    joining.path = f"/v1/enterprises/{answer.json()['id']}"
    return joining


async def test_the_whole_way_from_application_to_a_live_scan(joining: Joining) -> None:
    applied = await joining.apply()
    assert (applied["state"], applied["credit_code"]) == ("applied", credit_code())
    assert await joining.apply() == applied
    listed = (await joining.ask("operator", "GET", "/v1/staff/partner-applications?state=applied")).json()
    assert [each["partner_id"] for each in listed["applications"]] == [applied["partner_id"]]
    assert (await joining.propose("approve")).json()["proposal"] == "approve"
    approved = (await joining.decide()).json()
    assert (approved["state"], approved["proposal"]) == ("approved", None)

    test_key = new_signing_key()
    assert (await joining.register(test_key)).json() == {"key_id": test_key.key_id}
    sandbox = SignedCaller(joining.client, joining.clock, test_key)
    assert (await joining.propose("go-live")).json()["code"] == "not-tested"
    failed = await sandbox("POST", "/sandbox/v1/conformance-reports", {**REPORT, "conforms": False, "failed": 1})
    assert failed.status_code == 204, failed.text
    assert (await joining.propose("go-live")).json()["code"] == "not-tested"
    await sandbox("POST", "/sandbox/v1/conformance-reports", REPORT)

    live_key = new_signing_key()
    assert (await joining.register(live_key, "live")).json()["code"] == "partner-suspended"
    assert (await joining.propose("go-live")).json()["conforms"] is True
    live = (await joining.decide()).json()
    # At one instant, so in no order.
    assert {(each["before"], each["after"]) for each in live["history"]} == {
        ("applied", "approved"),
        ("approved", "live"),
    }
    assert (await joining.register(live_key, "live")).json() == {"key_id": live_key.key_id}
    assert (await joining.register(new_signing_key(), "live")).json()["code"] == "state-conflict"
    mine = await SignedCaller(joining.client, joining.clock, live_key)("GET", "/v1/partner/keys")
    assert [each["key_id"] for each in mine.json()["keys"]] == [live_key.key_id]
    [partner] = (await joining.client.get("/v1/partners")).json()["partners"]
    assert ([store["name"] for store in partner["stores"]], partner["benefits"]) == (["总店"], ["for-all"])
    assert (await joining.ask("agent", "GET", f"{joining.path}/partner-application")).json() == live


async def test_no_live_key_is_registered_at_the_desk_either_without_a_report(
    joining: Joining, platform: Platform, clock: SettableClock
) -> None:
    applied = await joining.apply()
    await joining.propose("approve")
    await joining.decide()
    test_key, live_key = new_signing_key(), new_signing_key()
    await joining.register(test_key)
    created = int(clock.now().timestamp())
    proof = prove(live_key, "https://xinyi.test", credit_code(), created)
    new = NewPartnerKey(key=dict(jwk_of(live_key.private_key.public_key())), created=created, proof=proof)

    async def at_the_desk() -> str:
        async with platform.database.transaction() as connection:
            partner_id = UUID(applied["partner_id"])
            return await service.register_key_at_the_desk(platform, connection, partner_id, credit_code(), new)

    with pytest.raises(Problem, match="not-tested"):
        await at_the_desk()
    sandbox = SignedCaller(joining.client, joining.clock, test_key)
    await sandbox("POST", "/sandbox/v1/conformance-reports", {**REPORT, "conforms": False})
    with pytest.raises(Problem, match="not-tested"):
        await at_the_desk()
    await sandbox("POST", "/sandbox/v1/conformance-reports", REPORT)
    assert await at_the_desk() == live_key.key_id


async def test_what_a_review_decides_is_not_an_applications(joining: Joining, platform: Platform) -> None:
    applied = await joining.apply()
    async with platform.database.transaction() as connection:
        for event in (
            PartnerEvent.APPROVE,
            PartnerEvent.GO_LIVE,
            PartnerEvent.REVIEW,
            PartnerEvent.ORDER_RECTIFICATION,
            PartnerEvent.RECHECK,
        ):
            await service.move_partner(platform, connection, UUID(applied["partner_id"]), event, "test", "评议")
    assert (await joining.propose("delist")).json()["code"] == "state-conflict"


async def test_who_proposes_does_not_confirm_and_may_be_sent_back(joining: Joining) -> None:
    await joining.apply()
    assert (await joining.decide()).json()["code"] == "state-conflict"
    await joining.propose("approve")
    assert (await joining.propose("delist", "second")).json()["code"] == "state-conflict"
    assert (await joining.decide("operator")).json()["code"] == "second-person-needed"
    back = (await joining.decide(confirm=False)).json()
    assert (back["state"], back["proposal"], back["history"]) == ("applied", None, [])


async def test_a_refused_applicant_has_no_sandbox(joining: Joining) -> None:
    await joining.apply()
    assert (await joining.register(new_signing_key())).json()["code"] == "partner-suspended"
    await joining.propose("delist")
    assert (await joining.decide()).json()["state"] == "delisted"
    assert (await joining.register(new_signing_key())).json()["code"] == "partner-suspended"
    assert (await joining.propose("approve")).json()["code"] == "state-conflict"


async def test_a_key_is_registered_by_whoever_holds_it_for_this_enterprise(joining: Joining) -> None:
    await joining.apply()
    await joining.propose("approve")
    await joining.decide()
    other = await joining.register(new_signing_key(), voucher=credit_code(2))
    assert other.json()["code"] == "key-proof-invalid"
    keys = [new_signing_key() for _ in range(3)]
    assert [(await joining.register(key)).status_code for key in keys] == [201, 201, 409]
    assert (await joining.register(keys[0])).json() == {"key_id": keys[0].key_id}


async def test_an_enterprise_of_somebody_else_is_not_found(joining: Joining) -> None:
    await joining.apply()
    for method, path in (("POST", "partner-application"), ("GET", "partner-application"), ("POST", "test-keys")):
        body = ORDER if path == "partner-application" else {"key": {}, "created": 1, "proof": "A" * 86}
        answer = await joining.ask("stranger", method, f"{joining.path}/{path}", body if method == "POST" else None)
        assert answer.status_code in {404, 422}, path
        assert answer.json()["code"] in {"not-found", "key-invalid"}


async def test_an_operator_decides_nothing_about_their_own_enterprise(
    joining: Joining, platform: Platform, person: PersonBuilder
) -> None:
    await joining.apply()
    async with platform.database.transaction() as connection:
        await identity.grant_role(platform, connection, joining.people["agent"].account_id, Role.OPERATOR)
    await person.sign_in(joining.people["agent"])
    assert (await joining.propose("approve", "agent")).json()["code"] == "own-matter"


async def test_a_code_that_is_a_partner_already_is_not_taken_over(
    joining: Joining, client: httpx2.AsyncClient, platform: Platform
) -> None:
    async with platform.database.transaction() as connection:
        new = NewPartner(name="甲", name_en="A", credit_code=credit_code(), scenes=("library",))
        await service.add_partner(platform, connection, new)
    answer = await joining.ask("agent", "POST", f"{joining.path}/partner-application", ORDER)
    assert answer.json()["code"] == "state-conflict"
