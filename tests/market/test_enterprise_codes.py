"""企业身份码: the same code in an agent's hand; what it opens rests on the enterprise alone, and nobody sees whose it is."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from backend.platform.clock import SettableClock
from backend.platform.database import Connection
from backend.platform.platform import Platform
from partners.benefits.terms import HolderKind, Text, Tier
from partners.codes import base45, ic1
from tests.builders.enterprises import commitment, credit_code, registered
from tests.builders.partners import PartnerCaller, make_partner, make_terms, publish
from tests.builders.people import Person, PersonBuilder
from tests.conftest import RunDue
from tests.market.conftest import BENEFIT, Bearer

FOR_PERSONS, ASKED = "persons-discount", "camera-hire"
TIERS = (Tier(Text("已承诺", "Committed"), 1, 5), Tier(Text("已履行承诺", "Kept"), 2, 10))

Ask = Callable[..., Awaitable[httpx2.Response]]


@pytest.fixture
async def hall(client: httpx2.AsyncClient, platform: Platform, clock: SettableClock) -> PartnerCaller:
    """A partner with a benefit for enterprises that made a commitment, one for persons, and one that asks the holder's phone."""
    await publish(
        platform,
        make_terms(BENEFIT, holder=HolderKind.ENTERPRISE, tiers=TIERS, open_to_all=False, per_person_per_day=1),
    )
    await publish(platform, make_terms(FOR_PERSONS))
    await publish(platform, make_terms(ASKED, confirm=True))
    return await make_partner(client, platform, clock, BENEFIT, FOR_PERSONS, ASKED)


@pytest.fixture
async def agent(person: PersonBuilder) -> Person:
    """An agent without a consent to anything: what they show is not theirs."""
    return await person("欧阳诗涵", consents=())


@pytest.fixture
async def enterprise(client: httpx2.AsyncClient, agent: Person) -> Bearer:
    """The enterprise that the agent has registered."""
    return Bearer(client, agent, f"/v1/enterprises/{await registered(client, agent)}")


@pytest.fixture
def ask(hall: PartnerCaller, enterprise: Bearer) -> Ask:
    """Shows a fresh code of the enterprise and has the partner verify it."""

    async def asked(benefit: str = BENEFIT) -> httpx2.Response:
        return await hall.verify((await enterprise.show())["text"], benefit)

    return asked


async def promise(client: httpx2.AsyncClient, platform: Platform, enterprise: Bearer, state: str | None = None) -> None:
    """A commitment of the enterprise, in this state of its life."""
    answer = await client.post(f"{enterprise.path}/commitments", json=commitment(), headers=enterprise.person.headers)
    assert answer.status_code == 201, answer.text
    if state is not None:
        async with platform.database.transaction() as connection:
            await connection.execute("UPDATE commitment SET state = $2 WHERE code = $1", answer.json()["code"], state)


async def read(client: httpx2.AsyncClient, enterprise: Bearer, what: str) -> dict[str, Any]:
    answer = await client.get(f"{enterprise.path}/{what}", headers=enterprise.person.headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_the_code_of_an_enterprise_cannot_be_told_from_a_persons(
    client: httpx2.AsyncClient, person: PersonBuilder, enterprise: Bearer
) -> None:
    resident = Bearer(client, await person("李四"), "/v1/me")
    theirs, ours = await resident.show("approvals"), await enterprise.show("approvals")
    first, second = (base45.decode(shown["text"].removeprefix(ic1.PREFIX)) for shown in (theirs, ours))
    # Type and slot, scene and step are the same bytes; the ticket and its MAC are random to whoever has no key.
    assert (len(first), first[0], first[11:16]) == (len(second), second[0], second[11:16])
    assert [len(theirs[member]) for member in theirs] == [len(ours[member]) for member in ours]
    batch = {"count": 2}
    tickets = [
        (await client.post(f"{each.path}/code-tickets", json=batch, headers=each.person.headers)).json()
        for each in (resident, enterprise)
    ]
    shape = [
        [{member: type(value) for member, value in ticket.items()} for ticket in each["tickets"]] for each in tickets
    ]
    assert shape[0] == shape[1]


async def test_what_opens_a_tier_is_what_the_enterprise_promised_and_kept(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, enterprise: Bearer, ask: Ask
) -> None:
    async def told() -> tuple[str, int, list[str]]:
        clock.move(timedelta(seconds=1))
        body = (await ask()).json()
        newest = (await read(client, enterprise, "verifications"))["verifications"][0]
        return body["result"], int(body["tier"]["value"]), [reason["en"].split(":")[0] for reason in newest["reasons"]]

    assert await told() == ("declined", 0, ["The enterprise's commitments do not reach a tier of this benefit yet"])
    await promise(client, platform, enterprise)
    assert await told() == ("eligible", 5, [])
    await promise(client, platform, enterprise, "kept")
    assert await told() == ("eligible", 10, [])
    shown = await read(client, enterprise, "benefits")
    assert shown["commitments"] == {"made": 2, "kept": 1, "broken": 0, "standing": "kept"}
    assert [(each["id"], each["standing"], each["value"]) for each in shown["benefits"]] == [(BENEFIT, "yours", 10)]
    await promise(client, platform, enterprise, "broken")
    result, value, [reason] = await told()
    assert (result, value) == ("declined", 0)
    assert reason.startswith("The enterprise broke a commitment")


async def test_neither_is_the_agents_level_used_nor_the_enterprises_default_charged_to_the_agent(
    client: httpx2.AsyncClient,
    platform: Platform,
    person: PersonBuilder,
    hall: PartnerCaller,
    run_due: RunDue,
) -> None:
    agent = await person("欧阳诗涵")
    enterprise = Bearer(client, agent, f"/v1/enterprises/{await registered(client, agent)}")
    await run_due()
    before = (await client.get("/v1/me/score", headers=agent.headers)).json()
    async with platform.database.transaction() as connection:
        [row] = await connection.impersonal("test", "SELECT millipoints, level_rank FROM score")
        await connection.execute("UPDATE score SET millipoints = 2000000, level_rank = 9")
    assert (await hall.verify((await enterprise.show())["text"], BENEFIT)).json()["result"] == "declined"
    async with platform.database.connection() as connection:
        read_by_partner = await connection.impersonal(
            "test", "SELECT 1 FROM access_entry WHERE actor_kind = 'partner' AND subject_id = $1", agent.subject_id
        )
    assert read_by_partner == []
    await promise(client, platform, enterprise, "broken")
    async with platform.database.transaction() as connection:
        await connection.execute(
            "UPDATE score SET millipoints = $1, level_rank = $2", row["millipoints"], row["level_rank"]
        )
    await run_due()
    assert (await client.get("/v1/me/score", headers=agent.headers)).json() == before
    mine = Bearer(client, agent, "/v1/me")
    assert (await hall.verify((await mine.show())["text"], FOR_PERSONS)).json()["result"] == "eligible"


async def test_a_code_of_the_other_kind_is_a_no_like_any_other(
    client: httpx2.AsyncClient,
    platform: Platform,
    person: PersonBuilder,
    hall: PartnerCaller,
    enterprise: Bearer,
    ask: Ask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In bytes, in length and in the number of statements."""
    resident = Bearer(client, await person("李四"), "/v1/me")
    await promise(client, platform, enterprise)
    statements = 0

    def counted(name: str) -> None:
        plain = getattr(Connection, name)

        async def counting(*arguments: Any) -> Any:
            nonlocal statements
            statements += 1
            return await plain(*arguments)

        monkeypatch.setattr(Connection, name, counting)

    for name in ("read", "fetch", "fetch_one", "fetch_value", "impersonal", "execute"):
        counted(name)

    async def answered(bearer: Bearer, benefit: str) -> tuple[str, int, int]:
        nonlocal statements
        code = (await bearer.show())["text"]
        statements = 0
        answer = await hall.verify(code, benefit)
        assert answer.status_code == 201, answer.text
        # The benefit's name stands in the answer and in the receipt; everything else has one length.
        return answer.json()["result"], len(answer.content) - len(benefit), statements

    # An enterprise's code is asked about alone, a person's in company: whose it is tells whoever stands before the till.
    persons = [await answered(resident, FOR_PERSONS), await answered(resident, BENEFIT)]
    enterprises = [await answered(enterprise, BENEFIT), await answered(enterprise, FOR_PERSONS)]
    for yes, no in (persons, enterprises):
        assert (yes[0], no[0]) == ("eligible", "declined")
        assert yes[1:] == no[1:]
    assert {answer[1] for answer in (*persons, *enterprises)} == {persons[0][1]}
    mine = (await client.get("/v1/me/verifications", headers=resident.person.headers)).json()["verifications"]
    [declined] = [each for each in mine if each["result"] == "declined"]
    assert declined["reasons"][0]["en"].startswith("This benefit is for holders of the other kind")


async def test_a_benefit_that_asks_the_holders_phone_ends_as_a_no_for_an_enterprise(
    clock: SettableClock, hall: PartnerCaller, run_due: RunDue, ask: Ask
) -> None:
    asked = await ask(ASKED)
    assert asked.status_code == 202
    clock.move(timedelta(seconds=61))
    await run_due()
    answered = await hall("GET", f"/v1/partner/verifications/{asked.json()['verification_id']}")
    assert (answered.status_code, answered.json()["result"]) == (200, "declined")


async def test_a_limit_for_each_holder_counts_for_the_enterprise(
    client: httpx2.AsyncClient, platform: Platform, hall: PartnerCaller, enterprise: Bearer, ask: Ask
) -> None:
    await promise(client, platform, enterprise)
    first, second = (await ask()).json(), (await ask()).json()
    assert (await hall.redeem(first["verification_id"])).status_code == 201
    assert (await hall.redeem(second["verification_id"])).json()["code"] == "quota-exhausted"
    assert (await ask()).json()["result"] == "declined"
    # Another enterprise of the same agent has its own.
    other = await registered(client, enterprise.person, code=credit_code(2), name="另一家")
    sister = Bearer(client, enterprise.person, f"/v1/enterprises/{other}")
    await promise(client, platform, sister)
    assert (await hall.verify((await sister.show())["text"], BENEFIT)).json()["result"] == "eligible"


@pytest.mark.parametrize("ending", ["enterprise withdrew", "and came back", "agent left"])
async def test_a_code_ends_with_what_it_rests_on(
    client: httpx2.AsyncClient,
    platform: Platform,
    clock: SettableClock,
    hall: PartnerCaller,
    agent: Person,
    enterprise: Bearer,
    ending: str,
) -> None:
    await promise(client, platform, enterprise)
    code = (await enterprise.show())["text"]
    clock.move(timedelta(seconds=1))
    path = "/v1/me" if ending == "agent left" else enterprise.path
    assert (await client.delete(path, headers=agent.headers)).status_code == 204
    if ending == "and came back":
        await registered(client, agent)
        assert (await hall.verify((await enterprise.show())["text"], BENEFIT)).json()["result"] == "eligible"
    refused = await hall.verify(code, BENEFIT)
    assert (refused.status_code, refused.json()["code"]) == (422, "code-unusable")
    async with platform.database.connection() as connection:
        [row] = await connection.impersonal("test", "SELECT count(*) AS n FROM code_ticket")
    assert row["n"] == {"enterprise withdrew": 1, "and came back": 2, "agent left": 0}[ending]


async def test_only_its_agent_shows_the_code_and_reads_who_verified_it(
    client: httpx2.AsyncClient,
    platform: Platform,
    person: PersonBuilder,
    hall: PartnerCaller,
    enterprise: Bearer,
    ask: Ask,
) -> None:
    await promise(client, platform, enterprise)
    assert (await ask()).json()["result"] == "eligible"
    [seen] = (await read(client, enterprise, "verifications"))["verifications"]
    assert (seen["partner"], seen["result"], seen["reasons"]) == (hall.name, "eligible", [])
    own = await client.get("/v1/me/verifications", headers=enterprise.person.headers)
    assert own.json()["verifications"] == []
    stranger = await person("李四")
    for answer in (
        await client.get(f"{enterprise.path}/code", params={"scene": "library"}, headers=stranger.headers),
        await client.post(f"{enterprise.path}/code-tickets", json={}, headers=stranger.headers),
        await client.get(f"{enterprise.path}/verifications", headers=stranger.headers),
        await client.get(f"{enterprise.path}/benefits", headers=stranger.headers),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


async def test_nothing_of_the_enterprise_or_its_agent_is_in_any_byte_a_partner_sees(
    client: httpx2.AsyncClient, platform: Platform, hall: PartnerCaller, enterprise: Bearer, ask: Ask
) -> None:
    await promise(client, platform, enterprise, "kept")
    answers = [await ask(), await ask(FOR_PERSONS)]
    identifier = answers[0].json()["verification_id"]
    answers += [await hall("GET", f"/v1/partner/verifications/{identifier}"), await hall.redeem(identifier)]
    async with platform.database.connection() as connection:
        [row] = await connection.fetch("SELECT id, subject_id, code, name FROM enterprise")
        kept = await connection.impersonal("test", "SELECT account_id FROM verification")
    secrets = [str(row["id"]), str(row["subject_id"]), row["code"], row["name"], str(enterprise.person.account_id)]
    for answer in answers:
        for secret in (*secrets, "enterprise", "holder", "commit"):
            assert secret not in answer.text + repr(answer.headers)
    # Which agent showed it is not kept.
    assert {row["account_id"] for row in kept} == {None}
