"""Redeeming many verifications in one transaction 合并核销: whatever many tills do at one moment is one read, one decision after the
other in memory, and one write.

A hot benefit's counter is locked once for all of them instead of once for each until each is on the disk. Counters are read
and locked first, then taken in the order in which the tills came; who finds none left is told so, and spoils nothing for the others.

Two workers' lots never wait crosswise: verifications are locked first, then persons, the benefits' counters, budgets, each in one
order. What is not there cannot be locked: a person is locked as such, and a benefit's counter is there before a lot takes from it.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from backend.ledger import service as ledger
from backend.market import benefit_store, once, reserving_store, store
from backend.market.benefit_store import Shared
from backend.market.benefits import terms_of
from backend.market.limits import Taken, everyones_periods, limits_on, persons_periods
from backend.market.once import Answered
from backend.market.problems import QUOTA_EXHAUSTED
from backend.market.redeemable import Asked, Made, access_of, made_of, require_redeemable, require_usable, use_of
from backend.market.store import Counted, NewRedemption
from backend.partner_accounts import service as partner_accounts
from backend.platform.clock import local_date
from backend.platform.database import Connection, Row
from backend.platform.merging import ALONE, Alone
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND, STATE_CONFLICT, Problem
from backend.platform.questions import Question
from backend.platform.row_ids import new_id
from backend.webhooks import service as webhooks
from backend.webhooks.states import EventType
from partners.benefits.terms import Terms
from partners.orders.states import VerificationState


class _Usable(msgspec.Struct, frozen=True):
    """A verification that may be redeemed, under which terms, and at which place in the lot."""

    place: int
    asked: Asked
    row: Row
    terms: Terms


class _Counters:
    """Counters as they were read and locked, and what is taken of them: a use takes its place in every period or in none."""

    def __init__(self, persons: Mapping[Counted, int], everyone: Mapping[Shared, int], day: date) -> None:
        self._used: Counter[Counted | Shared] = Counter()
        self._used.update(persons)
        self._used.update(everyone)
        self._everyone = everyone
        self._day = day
        self.of_persons: dict[Counted, Taken] = {}
        self.of_everyone: dict[Shared, Taken] = {}

    def have_room(self, usable: _Usable) -> bool:
        """Whether every period has a place left."""
        return all(
            self._used[counter] < allowed for counters in self._named(usable) for counter, allowed in counters.items()
        )

    def take(self, usable: _Usable) -> None:
        """Takes one place in each."""
        persons, everyone = self._named(usable)
        self._used.update([*persons, *everyone])
        for counter, allowed in persons.items():
            self.of_persons[counter] = Taken(_count(self.of_persons.get(counter)) + 1, allowed)
        for shared, allowed in everyone.items():
            self.of_everyone[shared] = Taken(_count(self.of_everyone.get(shared)) + 1, allowed)

    def unbegun(self) -> dict[Shared, int]:
        """Of the counters of everyone that something is taken of, those that are not there yet, with what they allow."""
        return {shared: taken.allowed for shared, taken in self.of_everyone.items() if shared not in self._everyone}

    def _named(self, usable: _Usable) -> tuple[dict[Counted, int], dict[Shared, int]]:
        """The counters of a use, each with what it allows: of the person, and of everyone."""
        subject_id, benefit_id = usable.row["subject_id"], usable.terms.id
        limits = limits_on(usable.terms, self._day, usable.row["store_id"])
        persons = {(subject_id, benefit_id, period): allowed for period, allowed in limits.person.items()}
        if limits.group is not None:
            persons[subject_id, *limits.group] = 1
        return persons, {(benefit_id, period): allowed for period, allowed in limits.everyone.items()}


class _Unbegun(Exception):
    """Counters of everyone that are not there yet: (benefit, period) -> how many each allows."""

    def __init__(self, allowed: Mapping[Shared, int]) -> None:
        super().__init__(f"{len(allowed)} counters are to be begun")
        self.allowed = allowed


async def redeem_together(platform: Platform, asks: Sequence[Asked]) -> list[Answered | Problem | Alone]:
    """What became of each, in their order: redeemed, refused for a reason of its own, or left to be done alone.

    Where a counter has its first use, say of a day, it is made first, in a transaction that holds nothing else. Meanwhile a place may
    have become free of which another counter is to be made; as counters stay, that ends.
    """
    while True:
        try:
            return await _redeem_together(platform, asks)
        except _Unbegun as unbegun:
            async with platform.database.transaction() as connection:
                await benefit_store.begin(connection, unbegun.allowed)


async def _redeem_together(platform: Platform, asks: Sequence[Asked]) -> list[Answered | Problem | Alone]:
    now = platform.clock.now()
    partner_ids = sorted({asked.partner_id for asked in asks})
    claims = once.claims([(asked.partner_id, asked.act) for asked in asks])
    living, listening = partner_accounts.living(partner_ids), webhooks.listening(partner_ids)
    reserved = reserving_store.reserved_among([asked.order.verification_id for asked in asks])
    plans = ledger.plans_on(local_date(now))
    locking = store.locking([(asked.partner_id, asked.order.verification_id) for asked in asks])
    outcomes: dict[int, Problem] = {}
    async with platform.database.transaction(tentative=True) as connection:
        found = await connection.ask(claims, locking, living, listening, reserved, plans)
        claimed = [place for place, free in enumerate(found[claims]) if free]
        lot = [
            place
            for place in _first_of_each(claimed, asks)
            if asks[place].partner_id in found[living] and asks[place].order.verification_id not in found[reserved]
        ]
        if not lot:
            raise STATE_CONFLICT.error()
        names = {partner_id: partner.name for partner_id, partner in found[living].items()}
        usable, counters = await _read(connection, asks, lot, names, outcomes, now)
        subsidising = await ledger.subsidising(platform, connection, found[plans], {each.terms.id for each in usable})
        made: dict[int, Made] = {}
        for each in usable:
            redemption_id = new_id(now)
            if counters.have_room(each) and subsidising.take(use_of(each.asked, each.terms, redemption_id, now)):
                counters.take(each)
                made[each.place] = made_of(platform, each.asked, each.row, each.terms, redemption_id, now)
            else:
                outcomes[each.place] = QUOTA_EXHAUSTED.error()
        if unbegun := counters.unbegun():
            raise _Unbegun(unbegun)
        answers = {place: Answered(201, each.body, False) for place, each in made.items()}
        acts = [(asked.partner_id, asked.act) for asked in asks]
        writing = [
            *_redeeming(made.values(), counters),
            *subsidising.writing(),
            *([once.saving([acts[place] for place in answers], list(answers.values()))] if answers else []),
            *(
                [once.releasing([acts[place] for place in claimed if place not in answers])]
                if len(answers) < len(claimed)
                else []
            ),
        ]
        await connection.ask(*writing)
        told = [each.row for each in made.values() if each.row.partner_id in found[listening]]
        if told:
            await webhooks.publish_all(connection, [_told(row) for row in told])
    return [answers.get(place) or outcomes.get(place) or ALONE for place in range(len(asks))]


def _first_of_each(places: Sequence[int], asks: Sequence[Asked]) -> list[int]:
    """Of the asks of one verification the first: what becomes of the others depends on it."""
    first: dict[UUID, int] = {}
    for place in places:
        first.setdefault(asks[place].order.verification_id, place)
    return list(first.values())


async def _read(
    connection: Connection,
    asks: Sequence[Asked],
    lot: Sequence[int],
    names: Mapping[UUID, str],
    outcomes: dict[int, Problem],
    now: datetime,
) -> tuple[list[_Usable], _Counters]:
    """Reads what the lot is about; verifications and persons are locked already, the counters are locked here. Those that may not be
    redeemed are among the outcomes then."""
    day = local_date(now)
    ids = [asks[place].order.verification_id for place in lot]
    verifications = store.to_redeem([(asks[place].partner_id, asks[place].order.verification_id) for place in lot])
    persons = store.uses_of_persons(ids, persons_periods(day))
    everyone = benefit_store.uses_of_everyone(ids, everyones_periods(day), day)
    accesses = [access_of(asks[place], names[asks[place].partner_id]) for place in lot]
    found = await connection.ask(verifications, persons, everyone, accesses=accesses)
    usable = []
    for number, place in enumerate(lot, start=1):
        asked, row = asks[place], found[verifications].get(number)
        try:
            if row is None:
                raise NOT_FOUND.error()
            terms = terms_of(row)
            require_redeemable(terms, row["amount_fen"], asked.order.amount_fen)
            require_usable(row, now)
        except Problem as problem:
            outcomes[place] = problem
        else:
            # Reserved since it was looked: its place is counted already, so it is done alone.
            if row["state"] != VerificationState.RESERVED:
                usable.append(_Usable(place, asked, row, terms))
    return usable, _Counters(found[persons], found[everyone], day)


def _redeeming(made: Collection[Made], counters: _Counters) -> list[Question[None]]:
    """What writes redemptions, and all that they used up."""
    if not made:
        return []
    rows = [each.row for each in made]
    return [
        store.marking_redeemed([row.verification_id for row in rows]),
        *([store.counting(counters.of_persons)] if counters.of_persons else []),
        *([benefit_store.counting(counters.of_everyone)] if counters.of_everyone else []),
        store.adding_redemptions(rows),
    ]


def _told(row: NewRedemption) -> webhooks.Told:
    ids = {"redemption_id": row.id, "verification_id": row.verification_id}
    return webhooks.Told(row.partner_id, EventType.REDEMPTION_REDEEMED, row.id, ids)


def _count(taken: Taken | None) -> int:
    return taken.count if taken is not None else 0
