"""Building the synthetic city through the rooms' own services: the same checks, seals and access rows as in a real one."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backend.city import sign_ins, store, subsidies
from backend.city.displays import show_codes
from backend.city.generator import RECORDS_PER_RESIDENT, City
from backend.city.people import MOST_RESIDENTS
from backend.city.sign_ins import SignIn
from backend.consents import service as consents
from backend.consents.messages import ConsentKind
from backend.enterprises import service as enterprises
from backend.enterprises.messages import AgentRole, RegisterEnterprise
from backend.identity import service as identity
from backend.identity.messages import ProvenPerson
from backend.market import benefits as market
from backend.partner_accounts import service as partner_accounts
from backend.partner_accounts.messages import NewPartner
from backend.partner_accounts.states import PartnerEvent
from backend.platform.platform import Platform
from backend.platform.refusal import Refusal
from backend.platform.roles import Role
from backend.records import intake
from backend.records.intake import Feed
from backend.records.messages import NewSource
from backend.scores import computing
from partners.signatures.keys import jwk_of, thumbprint

Advance = Callable[[int], None]
Thing = TypeVar("Thing")

_PAGE = 2000
_DELIVERY = 10_000

# Telephone numbers of staff and clerk: of the same block that no operator has, far above the residents'.
STAFF = {
    Role.CASE_OFFICER: ("15499990001", "15499990002"),
    Role.OPERATOR: ("15499990003", "15499990004"),
    Role.AUDITOR: ("15499990005",),
}
_CLERK_PHONE = "15499990010"
_DEMO_SOURCE = "civil-affairs"
# Partners whose keys are kept for the demonstration: one that gives a discount and one that waives a deposit.
_DEMO_PARTNERS = {"new-bookshop": "partner", "city-library": "lender"}
_CLERKS_PARTNER = "new-bookshop"


class CitySummary(msgspec.Struct):
    """What was built."""

    seed: int
    residents: int = 0
    enterprises: int = 0
    sources: int = 0
    partners: int = 0
    benefits: int = 0
    subsidy_plans: int = 0
    records: int = 0
    records_accepted: int = 0
    records_returned: int = 0
    scores: int = 0


def pieces(residents: int) -> int:
    """How many pieces the progress of a build counts: residents, their records, and a score for each."""
    return residents * (RECORDS_PER_RESIDENT + 2)


async def city_wanted(platform: Platform) -> bool:
    """Whether a city can be built: none is whole, and real people are not in its place."""
    async with platform.database.connection() as connection:
        row = await store.city(connection)
        return not await store.holds_people(connection) if row is None else row["state"] != "whole"


async def create_city(platform: Platform, *, seed: int, residents: int, advance: Advance) -> CitySummary:
    """Builds the city of a seed. `advance` is told the number of pieces done (residents, records and scores).

    A build that was cut off is begun anew. Raises Refusal if the database holds anything that is not a synthetic city.
    """
    if residents > MOST_RESIDENTS:
        raise Refusal(f"居民最多 {MOST_RESIDENTS} 人。", f"At most {MOST_RESIDENTS} residents.")
    await _begin(platform, seed, residents)
    city = City(seed, residents)
    summary = CitySummary(seed)
    known: list[SignIn] = []
    accounts = await _residents(platform, city, summary, advance)
    # Negative records fall on every so many residents from the first one on: the second has benefits to try.
    known.append(SignIn("resident", "居民 resident", phone=city.resident(1).mobile, page="/resident"))
    staff = await _staff(platform)
    known += await _partners(platform, city, staff, summary)
    known.append(await _enterprises(platform, city, accounts, summary))
    known += await _sources(platform, city, summary)
    known += [
        SignIn("case-officer", "办案人员 case officer", phone=STAFF[Role.CASE_OFFICER][0]),
        SignIn("second-officer", "复核人员 second officer", phone=STAFF[Role.CASE_OFFICER][1]),
        SignIn("operator", "运行人员 operator", phone=STAFF[Role.OPERATOR][0]),
        SignIn("second-operator", "复核运行人员 second operator", phone=STAFF[Role.OPERATOR][1]),
    ]
    known += await show_codes(platform, city, accounts[city.enterprise(0).agent], staff[Role.CASE_OFFICER][0])
    await _records(platform, city, summary, advance)
    summary.scores = await computing.recompute_everyone(platform, advance)
    sign_ins.write(platform.settings.data_directory, known)
    async with platform.database.transaction() as connection:
        await store.finish(connection)
    return summary


async def _begin(platform: Platform, seed: int, residents: int) -> None:
    async with platform.database.transaction() as connection:
        row = await store.city(connection)
        if row is not None and row["state"] == "whole":
            raise Refusal(
                f"数据库中已有合成城市（种子 {row['seed']}，居民 {row['residents']} 人）。",
                f"The database already holds a synthetic city (seed {row['seed']}, {row['residents']} residents).",
            )
        if row is None and await store.holds_people(connection):
            raise Refusal(
                "数据库中已有真实数据，不会写入合成城市。",
                "The database already holds people: no synthetic city is written over them.",
            )
        await store.begin(connection, seed, residents, platform.clock.now())


async def _residents(platform: Platform, city: City, summary: CitySummary, advance: Advance) -> list[UUID]:
    """Everybody registers; nineteen in twenty consent to compute, nine in ten also to show."""
    accounts: list[UUID] = []
    for page in _pages(city.residents(), _PAGE):
        async with platform.database.transaction() as connection:
            people = [
                ProvenPerson(each.mobile, each.name, each.identity_number, each.district, each.channel) for each in page
            ]
            registered = await identity.register_proven(platform, connection, people)
            numbered = list(zip((each.index for each in page), registered, strict=True))
            computing_ids = [subject_id for index, (_, subject_id) in numbered if index % 20 != 19]
            showing_ids = [subject_id for index, (_, subject_id) in numbered if index % 10 != 9]
            await consents.record_many(platform, connection, computing_ids, ConsentKind.COMPUTE)
            await consents.record_many(platform, connection, showing_ids, ConsentKind.SHOW)
        accounts += [account_id for account_id, _ in registered]
        summary.residents += len(page)
        advance(len(page))
    return accounts


async def _staff(platform: Platform) -> dict[Role, list[UUID]]:
    found: dict[Role, list[UUID]] = {}
    async with platform.database.transaction() as connection:
        for role, phones in STAFF.items():
            found[role] = [await identity.register_phone(platform, connection, phone) for phone in phones]
            for account_id in found[role]:
                await identity.grant_role(platform, connection, account_id, role)
    return found


async def _partners(
    platform: Platform, city: City, staff: dict[Role, list[UUID]], summary: CitySummary
) -> list[SignIn]:
    """Benefits are proposed by one operator and approved by another; partners apply, are approved and go live."""
    proposer, approver = staff[Role.OPERATOR]
    known: list[SignIn] = []
    ids: dict[str, UUID] = {}
    async with platform.database.transaction() as connection:
        for benefit in city.benefits:
            version = await market.propose_benefit(platform, connection, proposer, benefit.terms())
            await market.approve_benefit(platform, connection, approver, benefit.id, version)
            summary.benefits += 1
        summary.subsidy_plans = await subsidies.give(platform, connection, city.subsidies, proposer, approver)
        for partner in city.partners:
            partner_id = await partner_accounts.add_partner(
                platform,
                connection,
                NewPartner(
                    name=partner.names.zh,
                    name_en=partner.names.en,
                    credit_code=partner.credit_code,
                    scenes=(partner.scene,),
                ),
            )
            ids[partner.code] = partner_id
            for event in (PartnerEvent.APPROVE, PartnerEvent.GO_LIVE):
                await partner_accounts.move_partner(
                    platform, connection, partner_id, event, str(approver), "合成城市创建"
                )
            stores = [
                await partner_accounts.add_store(platform, connection, partner_id, store_.district, store_.names.zh)
                for store_ in partner.stores
            ]
            for benefit_id in partner.benefits:
                await partner_accounts.grant_benefit(platform, connection, partner_id, benefit_id)
            summary.partners += 1
            if partner.code in _DEMO_PARTNERS:
                key = Ed25519PrivateKey.generate()
                key_id = await partner_accounts.register_key(platform, connection, partner_id, jwk_of(key.public_key()))
                path = sign_ins.write_key(platform.settings.data_directory, f"partner-{partner.code}", key)
                title = f"商户密钥 key of {partner.names.zh}"
                known.append(SignIn(_DEMO_PARTNERS[partner.code], title, key_id=key_id, key_file=path))
                test_key = Ed25519PrivateKey.generate()
                key_id = await partner_accounts.register_test_key(
                    platform, connection, partner_id, jwk_of(test_key.public_key())
                )
                path = sign_ins.write_key(platform.settings.data_directory, f"partner-{partner.code}-test", test_key)
                title = f"商户测试密钥 test key of {partner.names.zh}"
                known.append(SignIn(f"{_DEMO_PARTNERS[partner.code]}-test", title, key_id=key_id, key_file=path))
            if partner.code == _CLERKS_PARTNER:
                clerk = await identity.register_phone(platform, connection, _CLERK_PHONE)
                await partner_accounts.add_clerk(platform, connection, clerk, stores[0], "一号收银台")
                title = f"商户收银员 clerk of {partner.names.zh}"
                known.append(SignIn("clerk", title, phone=_CLERK_PHONE, page="/till"))
        for code in city.alliance:
            await partner_accounts.join_alliance(platform, connection, ids[code])
    return known


async def _enterprises(platform: Platform, city: City, accounts: list[UUID], summary: CitySummary) -> SignIn:
    for page in _pages(city.enterprises(), 100):
        async with platform.database.transaction() as connection:
            for enterprise in page:
                await enterprises.add_enterprise(
                    platform,
                    connection,
                    accounts[enterprise.agent],
                    RegisterEnterprise(
                        code=enterprise.credit_code,
                        name=enterprise.names.zh,
                        authorisation=f"SQ-{enterprise.index:06d}",
                        agent_role=AgentRole.AUTHORISED_AGENT,
                    ),
                )
                summary.enterprises += 1
    first = city.enterprise(0)
    return SignIn("agent", f"企业经办人 agent of {first.names.zh}", phone=city.resident(first.agent).mobile)


async def _sources(platform: Platform, city: City, summary: CitySummary) -> list[SignIn]:
    known: list[SignIn] = []
    async with platform.database.transaction() as connection:
        for source in city.sources:
            keys = []
            if source.code == _DEMO_SOURCE:
                key = Ed25519PrivateKey.generate()
                jwk = jwk_of(key.public_key())
                keys.append(jwk)
                path = sign_ins.write_key(platform.settings.data_directory, f"source-{source.code}", key)
                known = [SignIn("source", f"信源密钥 key of {source.names.zh}", key_id=thumbprint(jwk), key_file=path)]
            new = NewSource(source.code, source.names.zh, source.names.en, list(source.items), keys)
            await intake.add_source(platform, connection, new)
            summary.sources += 1
    return known


async def _records(platform: Platform, city: City, summary: CitySummary, advance: Advance) -> None:
    """One pass over the city's records; each source delivers whenever it has ten thousand together."""
    feeds = await _feeds(platform)
    waiting: dict[str, list[object]] = defaultdict(list)
    for record in city.records():
        waiting[record.source].append(record.envelope())
        if len(waiting[record.source]) == _DELIVERY:
            await feeds[record.source].take(waiting.pop(record.source))
            advance(_DELIVERY)
    for source, envelopes in waiting.items():
        await feeds[source].take(envelopes)
        advance(len(envelopes))
    for feed in feeds.values():
        summary.records += feed.summary.rows
        summary.records_accepted += feed.summary.accepted
        summary.records_returned += feed.summary.returned


async def _feeds(platform: Platform) -> dict[str, Feed]:
    return {row.code: Feed(platform, row, source_id) for row, source_id in await intake.sources_with_ids(platform)}


def _pages(things: Iterable[Thing], size: int) -> Iterator[list[Thing]]:
    iterator = iter(things)
    while page := list(islice(iterator, size)):
        yield page
