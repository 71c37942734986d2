"""Who lives and works in the synthetic city: residents, enterprises, sources and partners, each a function of the seed."""

from datetime import date, timedelta
from math import gcd

import msgspec

from backend.city.draw import Draw
from backend.city.materials import Materials, Names, Scene, load_benefits
from backend.identity.messages import Channel
from backend.platform.identifiers import (
    ADULT_AGE,
    make_identity_number,
    make_unified_social_credit_code,
)
from backend.platform.working_days import add_months

MOST_RESIDENTS = 10_000_000

# The numbering plan gives 154 to no operator, so these numbers ring nowhere.
_MOBILE_PREFIX = "154"
_OLDEST_AGE = 80
_DAYS_SINCE_EIGHTEEN = 30


class Resident(msgspec.Struct, frozen=True):
    """A resident: an adult with a valid identity number of region 000000."""

    index: int
    name: str
    identity_number: str
    birth_date: date
    mobile: str
    district: str
    channel: Channel


class Enterprise(msgspec.Struct, frozen=True):
    """An enterprise with a valid credit code; `kind` is legal or individual-business, `agent` the index of a resident."""

    index: int
    names: Names
    credit_code: str
    kind: str
    agent: int
    district: str


class Source(msgspec.Struct, frozen=True):
    """A public body that delivers the records of `items`."""

    code: str
    names: Names
    credit_code: str
    items: tuple[str, ...]


class Store(msgspec.Struct, frozen=True):
    """A partner's store, where a terminal stands."""

    code: str
    names: Names
    district: str


class Partner(msgspec.Struct, frozen=True):
    """A partner with its stores and the ids of the benefits it grants."""

    code: str
    names: Names
    credit_code: str
    scene: Scene
    district: str
    stores: tuple[Store, ...]
    benefits: tuple[str, ...]


class People:
    """Everybody of one city. Single residents and enterprises are computed when asked for, so a large city needs no memory."""

    def __init__(self, seed: int, residents: int, enterprises: int, as_of: date, materials: Materials) -> None:
        self._seed = seed
        self._residents = residents
        self._enterprises = enterprises
        self._materials = materials
        self._youngest = add_months(as_of, -12 * ADULT_AGE) - timedelta(days=_DAYS_SINCE_EIGHTEEN)
        self._birthdays = (self._youngest - add_months(as_of, -12 * _OLDEST_AGE)).days
        draw = Draw(f"{seed}/birthdays")
        self._first_birthday = draw.below(self._birthdays)
        step = draw.between(self._birthdays // 3, self._birthdays // 2)
        while gcd(step, self._birthdays) != 1:
            step += 1
        self._birthday_step = step

    def resident(self, index: int) -> Resident:
        """The resident of an index from 0. Numbers never repeat: days are walked in full, then the sequence moves on."""
        draw = Draw(f"{self._seed}/resident/{index}")
        day = (self._first_birthday + index * self._birthday_step) % self._birthdays
        birth_date = self._youngest - timedelta(days=day)
        sequence = (index // self._birthdays * 7 + day * 37) % 1000
        name = draw.pick(self._materials.surnames) + draw.pick(self._materials.given)
        if draw.below(3):
            name += draw.pick(self._materials.given)
        return Resident(
            index,
            name,
            make_identity_number(birth_date, sequence, self._materials.region),
            birth_date,
            f"{_MOBILE_PREFIX}{index:08d}",
            draw.pick(self._materials.districts).code,
            # Sixteen in twenty by the app, three at a counter, of one nobody knows.
            draw.pick((Channel.APP,) * 16 + (Channel.COUNTER,) * 3 + (Channel.UNKNOWN,)),
        )

    def enterprise(self, index: int) -> Enterprise:
        """The enterprise of an index from 0; one in five is an individual business."""
        draw = Draw(f"{self._seed}/enterprise/{index}")
        name = draw.pick(self._materials.enterprise_names)
        trade = draw.pick(self._materials.enterprise_trades)
        individual = draw.below(5) == 0
        city = self._materials.name
        legal_form = ("店", "Shop") if individual else ("有限公司", "Co., Ltd.")
        return Enterprise(
            index,
            # The number keeps names apart, as a register would refuse two alike.
            Names(
                f"{city.zh}{name}{trade.zh}{index + 1:03d}号{legal_form[0]}",
                f"{city.en} {trade.en} No. {index + 1:03d} {legal_form[1]}",
            ),
            make_unified_social_credit_code(f"MA{index:06d}", "92" if individual else "91", self._materials.region),
            "individual-business" if individual else "legal",
            draw.below(self._residents),
            draw.pick(self._materials.districts).code,
        )

    def sources(self) -> tuple[Source, ...]:
        """The public bodies that deliver."""
        return tuple(
            Source(
                material.code,
                Names(material.zh, material.en),
                make_unified_social_credit_code(f"MB{index:06d}", "11", self._materials.region),
                material.items,
            )
            for index, material in enumerate(self._materials.sources)
        )

    def partners(self) -> tuple[Partner, ...]:
        """The partners. The benefits of a scene are dealt out to its partners in turn, so that each benefit has a place and
        each partner something to grant."""
        partners: list[Partner] = []
        benefits = load_benefits()
        for index, material in enumerate(self._materials.partners):
            peers = [each.code for each in self._materials.partners if each.scene == material.scene]
            offers = [each.id for each in benefits if each.scene == material.scene]
            place = peers.index(material.code)
            granted = [
                offer
                for number, offer in enumerate(offers)
                if number % len(peers) == place or place % len(offers) == number or offer in material.grants
            ]
            stores = tuple(
                Store(
                    f"{material.code}-{number + 1}",
                    Names(f"{material.zh}{number + 1}号店", f"{material.en}, store {number + 1}"),
                    self._materials.districts[(index + number) % len(self._materials.districts)].code,
                )
                for number in range(material.stores)
            )
            partners.append(
                Partner(
                    material.code,
                    Names(material.zh, material.en),
                    make_unified_social_credit_code(f"MC{index:06d}", "91", self._materials.region),
                    material.scene,
                    stores[0].district,
                    stores,
                    tuple(granted),
                )
            )
        return tuple(partners)
