"""Who takes part in a measurement: residents with records and scores, a partner with a benefit, a source."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count, cycle, islice
from uuid import UUID, uuid4

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backend.city.draw import Draw
from backend.city.generator import RECORDS_PER_RESIDENT, City
from backend.city.materials import load_materials
from backend.city.people import Resident
from backend.city.record_writer import RecordWriter
from backend.commands.progress import Advance, progress
from backend.commands.services import opened
from backend.consents import service as consents
from backend.consents.messages import ConsentKind
from backend.identity import service as identity
from backend.identity.messages import ProvenPerson
from backend.market import service as market
from backend.partner_accounts import service as partner_accounts
from backend.partner_accounts.messages import NewPartner
from backend.partner_accounts.states import PartnerEvent
from backend.platform.callers import Signer
from backend.platform.clock import local_date
from backend.platform.database import Connection
from backend.platform.platform import Platform
from backend.platform.roles import Role
from backend.platform.settings import Settings
from backend.records import intake
from backend.records.messages import MOST_ROWS, DeliveryIn, NewSource
from backend.scores import computing
from partners.benefits.terms import BenefitKind, Terms, Text, Tier
from partners.codes.ic1 import Scene
from partners.signatures.keys import jwk_of, thumbprint
from partners.signatures.requests import SigningKey

BENEFIT = "bench-discount"
SCENE = Scene.LIBRARY

_SEED = 2026
_ITEM = "volunteer-service"
# Counted like any limit of a benefit, and never reached.
_NO_LIMIT = 1_000_000


class Holder(msgspec.Struct, frozen=True):
    """A resident who has given both consents."""

    account_id: UUID
    subject_id: UUID


class Population(msgspec.Struct, frozen=True):
    """Everybody, and the keys with which the institutions sign. `rows` never ends and never repeats a document."""

    holders: list[Holder]
    partner: SigningKey
    source: SigningKey
    rows: Iterator[dict[str, object]]


def pieces(residents: int) -> int:
    """How many pieces the progress of `populate` counts."""
    return residents * (RECORDS_PER_RESIDENT + 2)


async def populated(settings: Settings, residents: int) -> Population:
    """The same on a platform of its own, with its progress on the screen."""
    async with opened(settings) as platform:
        with progress("准备测量用的居民与记录 residents and records", pieces(residents)) as advance:
            return await populate(platform, residents, advance)


async def populate(platform: Platform, residents: int, advance: Advance) -> Population:
    """Fills an empty database through the rooms' own services, as the synthetic city is filled."""
    city = City(_SEED, residents, local_date(platform.clock.now()))
    people = list(city.residents())
    source, partner = _new_key(), _new_key()
    async with platform.database.transaction() as connection:
        named = [ProvenPerson(each.mobile, each.name, each.identity_number) for each in people]
        registered = await identity.register_proven(platform, connection, named)
        for kind in (ConsentKind.COMPUTE, ConsentKind.SHOW):
            await consents.record_many(platform, connection, [subject_id for _, subject_id in registered], kind)
        await _benefit(platform, connection)
        await _partner(platform, connection, city, partner)
        new = NewSource("bench", "桃花市民政局", "Civil Affairs", [_ITEM], [_public(source)])
        source_id = await intake.add_source(platform, connection, new)
    advance(residents)
    rows = _rows(city, people)
    signer = Signer(role=Role.SOURCE, owner_id=source_id, key_id=source.key_id, request_id="")
    waiting = residents * RECORDS_PER_RESIDENT
    while waiting:
        page: list[object] = list(islice(rows, min(waiting, MOST_ROWS)))
        await intake.deliver(platform, signer, DeliveryIn("bench", page))
        waiting -= len(page)
        advance(len(page))
    await computing.recompute_everyone(platform, advance)
    return Population([Holder(*ids) for ids in registered], partner, source, rows)


def _new_key() -> SigningKey:
    key = Ed25519PrivateKey.generate()
    return SigningKey(thumbprint(jwk_of(key.public_key())), key)


def _public(key: SigningKey) -> dict[str, str]:
    return jwk_of(key.private_key.public_key())


def _rows(city: City, people: list[Resident]) -> Iterator[dict[str, object]]:
    """Good rows about volunteer hours, one resident after the other, each with a document number of its own."""
    draw, writer = Draw(f"{_SEED}/bench"), RecordWriter(city.as_of, load_materials())
    source = next(source for source in city.sources if _ITEM in source.items)
    for serial, resident in zip(count(), cycle(people), strict=False):
        yield {"item": _ITEM, "fields": writer.write(draw, _ITEM, resident, source, serial)}


async def _benefit(platform: Platform, connection: Connection) -> None:
    """A discount for everybody who shows a code, counted for each person and day."""
    today = local_date(platform.clock.now())
    terms = Terms(
        id=BENEFIT,
        version=1,
        scene=SCENE.name.lower(),
        kind=BenefitKind.DISCOUNT,
        unit="permille",
        names=Text("测量用优惠", "Discount of the bench"),
        description=Text("仅用于测量。", "For measuring only."),
        legal_basis="激励措施清单",
        tiers=(Tier(Text("不限等级", "Every level"), 0, 50),),
        valid_from=today,
        valid_until=today + timedelta(days=365),
        open_to_all=True,
        per_person_per_day=_NO_LIMIT,
    )
    version = await market.propose_benefit(platform, connection, uuid4(), terms)
    await market.approve_benefit(platform, connection, uuid4(), BENEFIT, version)


async def _partner(platform: Platform, connection: Connection, city: City, key: SigningKey) -> None:
    """A live partner that may give the benefit."""
    partner = city.partners[0]
    new = NewPartner(
        name=partner.names.zh,
        name_en=partner.names.en,
        credit_code=partner.credit_code,
        scenes=(SCENE.name.lower(),),
    )
    partner_id = await partner_accounts.add_partner(platform, connection, new)
    for event in (PartnerEvent.APPROVE, PartnerEvent.GO_LIVE):
        await partner_accounts.move_partner(platform, connection, partner_id, event, "bench", "性能测量")
    await partner_accounts.grant_benefit(platform, connection, partner_id, BENEFIT)
    await partner_accounts.register_key(platform, connection, partner_id, _public(key))
