"""Residents who hold tickets, shops that honour benefits, and the city's money behind one of them: made in bulk, without a request."""

import time
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count, islice
from uuid import UUID, uuid4

import msgspec

from backend.codes import service as codes
from backend.consents import service as consents
from backend.consents.messages import ConsentKind
from backend.identity import service as identity
from backend.identity import tokens
from backend.identity.messages import ProvenPerson
from backend.ledger import service as ledger
from backend.ledger.messages import ProposeBudget, ProposePlan
from backend.partner_accounts import service as partner_accounts
from backend.partner_accounts.messages import NewPartner
from backend.partner_accounts.states import PartnerEvent
from backend.platform.callers import Caller
from backend.platform.clock import local_date
from backend.platform.identifiers import make_identity_number, make_unified_social_credit_code
from backend.platform.platform import Platform
from backend.platform.roles import Role
from partners import base64url
from partners.benefits.terms import Terms
from partners.codes import ic1
from partners.codes.ic1 import Scene
from partners.signatures.keys import jwk_of
from partners.signatures.requests import SigningKey
from tests.builders.partners import make_terms, publish
from tests.builders.people import Person
from tests.builders.signed import new_signing_key

_TICKETS = 32
_NUMBERS = count(1)


class Resident(msgspec.Struct, frozen=True):
    """A resident who has given both consents."""

    account_id: UUID
    subject_id: UUID

    @property
    def caller(self) -> Caller:
        """The resident, signed in."""
        return Caller(
            account_id=self.account_id, session_id=uuid4(), roles=frozenset({Role.RESIDENT}),
            subject_id=self.subject_id, request_id="",
        )  # fmt: skip


class Shop(msgspec.Struct, frozen=True):
    """A live partner and the key it signs with."""

    id: UUID
    key: SigningKey


class Stage(msgspec.Struct, frozen=True):
    """Who takes part."""

    residents: list[Resident]
    shops: list[Shop]
    budget_id: UUID | None


async def peopled(
    platform: Platform,
    residents: int,
    benefits: list[Terms],
    shops: int = 1,
    *,
    subsidised: str = "",
    budget_fen: int = 0,
) -> Stage:
    """Residents, benefits in force, shops that honour them all; of one benefit the city pays a fixed half, one yuan at most,
    out of a budget."""
    people = [
        ProvenPerson(
            f"199{number:08d}",
            "张三",
            make_identity_number(date(1990, 1, 1) + timedelta(number // 999), 1 + number % 999),
        )
        for number in islice(_NUMBERS, residents)
    ]
    async with platform.database.transaction() as connection:
        registered = [Resident(*ids) for ids in await identity.register_proven(platform, connection, people)]
        for kind in (ConsentKind.COMPUTE, ConsentKind.SHOW):
            await consents.record_many(platform, connection, [each.subject_id for each in registered], kind)
    for terms in benefits:
        await publish(platform, terms)
    budget_id = await _subsidise(platform, registered, subsidised, budget_fen) if subsidised else None
    names = [terms.id for terms in benefits]
    return Stage(registered, [await _shop(platform, names) for _ in range(shops)], budget_id)


async def _subsidise(platform: Platform, people: list[Resident], benefit: str, budget_fen: int) -> UUID:
    """A plan in force since today: proposed and approved by two persons the day before."""
    now = platform.clock.now()
    yesterday, today = now - timedelta(days=1), local_date(now)
    proposer, approver = people[0].account_id, people[1].account_id
    async with platform.database.transaction() as connection:
        budget = ProposeBudget(year=today.year, department="桃花市文旅局", title="阅读补贴", amount_fen=budget_fen)
        budget_id = await ledger.propose_budget(connection, proposer, budget, yesterday)
        await ledger.approve_budget(platform, connection, approver, budget_id, yesterday)
        plan = ProposePlan(
            budget_id=budget_id, benefit=benefit, kind="reading-subsidy", rate_permille=500, cap_fen=100, begins=today,
            last_day=date(today.year, 12, 31), handler="公共服务科", legal_basis="激励措施清单（条例第三十条）",
        )  # fmt: skip
        plan_id = await ledger.propose_plan(connection, proposer, plan, yesterday)
        await ledger.approve_plan(platform, connection, approver, plan_id, yesterday)
    return budget_id


async def _shop(platform: Platform, benefits: list[str]) -> Shop:
    key, number = new_signing_key(), next(_NUMBERS)
    new = NewPartner(
        name=f"书店{number}", name_en=f"Books {number}",
        credit_code=make_unified_social_credit_code(f"FA{number:06d}"), scenes=("library",),
    )  # fmt: skip
    async with platform.database.transaction() as connection:
        partner_id = await partner_accounts.add_partner(platform, connection, new)
        for event in (PartnerEvent.APPROVE, PartnerEvent.GO_LIVE):
            await partner_accounts.move_partner(platform, connection, partner_id, event, "test", "资料齐全")
        for benefit in benefits:
            await partner_accounts.grant_benefit(platform, connection, partner_id, benefit)
        await partner_accounts.register_key(platform, connection, partner_id, jwk_of(key.private_key.public_key()))
    return Shop(partner_id, key)


async def tickets(platform: Platform, resident: Resident, count: int) -> list[ic1.Ticket]:
    """Tickets of a resident's phone."""
    drawn: list[ic1.Ticket] = []
    while len(drawn) < count:
        batch = await codes.fetch_tickets(platform, resident.caller, min(_TICKETS, count - len(drawn)))
        drawn += [ic1.Ticket(base64url.decode(each.tid), base64url.decode(each.k), each.slot) for each in batch.tickets]
    return drawn


def shown(ticket: ic1.Ticket) -> str:
    """The code as the phone shows it now."""
    return ic1.encode(ticket, Scene.LIBRARY, int(time.time()))


def signed_in(platform: Platform, resident: Resident) -> Person:
    """The resident with an access token, for what is asked over HTTP."""
    caller = resident.caller
    person = Person("", "张三", "")
    person.access_token = tokens.issue(
        platform.keys, caller.account_id, caller.session_id, caller.subject_id, caller.roles, platform.clock.now()
    )
    return person


def passing_around(stock: list[list[ic1.Ticket]]) -> Iterator[ic1.Ticket]:
    """Tickets of many residents by turns: neighbours in time are different people."""
    for of_each in zip(*stock, strict=True):
        yield from of_each


def plain(benefit: str, **changes: object) -> Terms:
    """A benefit open to all, capped at 30 yuan."""
    return make_terms(benefit, cap_fen=3000, **changes)
