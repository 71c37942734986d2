"""What one visit does, part by part: it presents, is refused, answers a question, uses what was offered, takes it back."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from backend.city.day.books import Books, Course
from backend.city.day.opinions import Served
from backend.city.day.phones import Phone, Phones
from backend.city.day.plan import Asked, Presented, Then
from backend.city.day.tills import Given, Tills, Told, Yes, refused
from backend.codes import service as codes
from backend.passes.messages import OfflineItem
from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from backend.platform.problems import Problem
from partners.benefits.terms import CONTRACTS, Terms
from partners.codes.ic1 import Scene

Act = Callable[[], Awaitable[object]]
All = Callable[[Iterable[Act]], Awaitable[None]]

# A picture that is five minutes old is stale for any clock that still passes.
_OLD = timedelta(minutes=5)


class Accepted(NamedTuple):
    """What a till gave without a network, to be uploaded in the evening."""

    course: Course
    item: OfflineItem


class Visited(NamedTuple):
    """A yes of which its holder can say how it went."""

    course: Course
    verification_id: UUID
    served: Served


class Town:
    """Everybody and everything of a day, and what is put off to a later round."""

    def __init__(self, platform: Platform, clock: SettableClock, phones: Phones) -> None:
        self.platform = platform
        self.clock = clock
        self.phones = phones
        self.tills: list[Tills] = []
        self.terms: dict[str, Terms] = {}
        self.signs: dict[tuple[int, str], str] = {}
        self.books = Books()
        self.round = 0
        self.later: defaultdict[int, list[Act]] = defaultdict(list)
        self.accepted: defaultdict[tuple[int, str], list[Accepted]] = defaultdict(list)
        self.visited: dict[int, Visited] = {}

    def put_off(self, rounds: int, act: Act) -> None:
        """Has an act done some rounds later."""
        self.later[self.round + rounds].append(act)


class Visiting:
    """One visit."""

    def __init__(self, town: Town, course: Course) -> None:
        visit = course.visit
        self.course = course
        self.visit = visit
        self.offered: Yes | None = None
        self.asked: UUID | None = None
        self.shown = ""
        self.terms = town.terms[visit.benefit]
        self._town = town
        self._tills = town.tills[visit.partner]

    @property
    def _phone(self) -> Phone:
        return self._town.phones.of(self.visit.resident)

    @property
    def _scene(self) -> Scene:
        return codes.scene_named(self.terms.scene)

    async def present(self) -> None:
        """Comes to the till, or to the printed sign, or to one that has no network."""
        visit, now = self.visit, self._town.clock.now()
        try:
            if visit.presented is Presented.COUNTER:
                token = self._town.signs[visit.partner, visit.benefit]
                self._heard(await self._tills.serve(self._phone, token, self.terms, visit.number))
            elif visit.presented in (Presented.OFFLINE, Presented.OFFLINE_TWICE):
                await self._offline()
            else:
                self.shown = await self._phone.code(self._scene, now)
                self._heard(await self._tills.verify(self.shown, self.terms, visit.amount_fen, visit.number))
        except Problem as problem:
            self._heard(refused(problem))

    async def show_again(self) -> None:
        """A picture of the code is shown once more."""
        tills = self._town.tills[self.visit.other_partner]
        told = await tills.verify(self.shown, self.terms, self.visit.amount_fen, -1 - self.visit.number)
        self._heard(Told(f"again {told.word}") if told.yes is None and told.asked is None else told)
        self._town.books.refused["replayed"] += told.word == "refused code-unusable"

    async def show_wrongly(self) -> None:
        """Shows a code that no till may take."""
        visit, now = self.visit, self._town.clock.now()
        try:
            if visit.presented is Presented.STALE:
                code = await self._phone.code(self._scene, now - _OLD)
            elif visit.presented is Presented.FORGED:
                code = await self._phone.forged_code(self._scene, now)
            else:
                code = await self._phone.code(_other_scene(self._scene), now)
            told = await self._tills.verify(code, self.terms, visit.amount_fen, visit.number)
        except Problem as problem:
            told = refused(problem)
        self._heard(told)
        self._town.books.refused[visit.presented.value] += told.word.startswith("refused code-")

    async def answer(self) -> None:
        """The holder's phone answers the question, if one was asked, or nobody does."""
        visit, asked = self.visit, self.asked
        if asked is None:
            return
        if visit.asked is Asked.SAYS_NOTHING:
            self.course.say(visit.asked.value)
            # Its minute ends as a no, when the evening looks at what is due.
            self._town.books.declined += 1
            return
        try:
            if visit.asked is Asked.CONFIRMS:
                await self._phone.confirm(
                    asked, self._tills.partner_id, visit.benefit, self.terms.version, visit.amount_fen or None
                )
            else:
                await self._phone.refuse(asked)
        except Problem as problem:
            self.course.say(refused(problem).word)
            return
        self._heard(await self._tills.answer(asked))

    async def use(self) -> None:
        """Redeems what was offered, if anything was, or opens an order on it."""
        yes, visit = self.offered, self.visit
        if yes is None:
            return
        if self.terms.kind in CONTRACTS:
            await self._order(yes)
        elif visit.then is Then.LEFT:
            self._was_here(yes, used=False)
        else:
            await self._redeem(yes)

    async def _redeem(self, yes: Yes) -> None:
        visit, books = self.visit, self._town.books
        word, given, body = await self._tills.redeem(yes, visit.amount_fen, visit.number)
        self.course.say(word)
        if given is None:
            books.refused["redemption"] += 1
            return
        books.redemptions += 1
        books.redeemed_fen += given.amount_fen
        self._was_here(yes, used=True)
        if visit.then is Then.RETRIED:
            _, _, again = await self._tills.redeem(yes, visit.amount_fen, visit.number)
            self.course.say("answered alike" if again == body else "answered otherwise")
            books.retries_alike += again == body
        elif visit.then is Then.TWICE:
            second, twice, _ = await self._tills.redeem(yes, visit.amount_fen, visit.number, " again")
            self.course.say(f"again {second}")
            books.refused["redeemed-twice"] += twice is None
        elif visit.then is Then.REVERSED:
            self._town.put_off(visit.rounds_later, lambda: self._reverse(given, None))
        elif visit.then is Then.PARTLY_REVERSED and given.amount_fen > 1:
            part = max(1, given.amount_fen * visit.part_permille // 1000)
            self._town.put_off(visit.rounds_later, lambda: self._reverse(given, part))

    def _was_here(self, yes: Yes, *, used: bool) -> None:
        visit = self.visit
        served = Served(visit.number, visit.resident, visit.partner, used)
        self._town.visited[visit.number] = Visited(self.course, yes.verification_id, served)

    async def _reverse(self, given: Given, amount_fen: int | None) -> None:
        word, back = await self._tills.reverse(given, amount_fen, self.visit.number)
        self.course.say(word)
        if word.startswith("refused"):
            self._town.books.refused["reversal"] += 1
            return
        self._town.books.reversals += 1
        self._town.books.reversed_fen += back

    async def _order(self, yes: Yes) -> None:
        agreed = min(self.visit.amount_fen, yes.value)
        word, order_id = await self._tills.open_order(yes, agreed, self.visit.number)
        self.course.say(word)
        if order_id is None:
            self._town.books.refused["order"] += 1
            return
        self._town.books.orders += 1
        self._town.books.agreed_fen += agreed
        self._town.put_off(self.visit.rounds_later, lambda: self._begin(order_id, agreed))

    async def _begin(self, order_id: UUID, agreed: int) -> None:
        """The holder agrees and the use begins; or one of the two takes the order back."""
        visit = self.visit
        if visit.then is Then.REVOKED and visit.number % 2:
            self.course.say(await self._tills.revoke(order_id, visit.number))
            return
        try:
            await self._phone.agree(order_id)
            if visit.then is Then.REVOKED:
                await self._phone.revoke(order_id)
                self.course.say("revoked by the holder")
                return
        except Problem as problem:
            self.course.say(refused(problem).word)
            return
        self.course.say(await self._tills.start(order_id, visit.number))
        if visit.then is not Then.IN_USE:
            self._town.put_off(visit.rounds_later, lambda: self._settle(order_id, agreed))

    async def _settle(self, order_id: UUID, agreed: int) -> None:
        """What the use cost, a part of what was agreed; nothing is due where it is taken off again."""
        charge = agreed * self.visit.part_permille // 1000
        discount = charge if self.visit.then is Then.NOTHING_DUE else charge // 10
        self.course.say(await self._tills.settle(order_id, charge, discount, self.visit.number))
        if charge > discount:
            self._town.put_off(self.visit.rounds_later, lambda: self._pay(order_id, charge - discount))

    async def _pay(self, order_id: UUID, total: int) -> None:
        self.course.say(await self._tills.pay(order_id, total, self.visit.number))

    async def _offline(self) -> None:
        """The phone has a pass, and the till no network: what it gave is uploaded in the evening."""
        visit, now = self.visit, self._town.clock.now()
        code = await self._phone.fetch_pass(visit.benefit, now)
        if code is None:
            self.course.say("no pass")
            self._town.books.refused["no-pass"] += 1
            return
        self.course.say("pass")
        item = OfflineItem(code, visit.benefit, now, f"visit-{visit.number}", visit.amount_fen)
        self._town.accepted[visit.partner, "offline-1"].append(Accepted(self.course, item))
        if visit.presented is Presented.OFFLINE_TWICE:
            self._town.accepted[visit.other_partner, "offline-2"].append(Accepted(self.course, item))

    def _heard(self, told: Told) -> None:
        """Notes what a till was told."""
        self.course.say(told.word)
        books = self._town.books
        if told.asked is not None:
            books.asked += 1
            self.asked = told.asked
        elif told.yes is not None:
            books.eligible += 1
            self.offered = told.yes
        elif told.word == "declined":
            # A no at a printed sign is told to nobody, and kept nowhere.
            books.declined += self.visit.presented is not Presented.COUNTER
        elif told.word == "refused consent-missing":
            books.refused["no-consent"] += 1


def _other_scene(scene: Scene) -> Scene:
    return Scene.LIBRARY if scene is not Scene.LIBRARY else Scene.PARKING
