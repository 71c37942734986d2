"""The tills of a day: each act of a merchant through the rooms' own services, told in words that do not depend on chance.

No word has an id, a random handle or an instant of the machine in it: the same day says the same words on every machine.
"""

import hashlib
from collections.abc import Awaitable
from uuid import UUID, uuid5

import msgspec

from backend.city.day.phones import Phone
from backend.counters import service as counters
from backend.counters.messages import NewCounterCode
from backend.deposits import service as deposits
from backend.deposits.messages import OpenOrder, OrderForPartner, Position, RecordPayment, Settle
from backend.market import service as market
from backend.market.messages import (
    HolderAsked,
    RedemptionAnswer,
    RedemptionOrder,
    ReversalAnswer,
    ReversalOrder,
    VerificationAnswer,
    VerificationAnswerNow,
    VerificationOrder,
)
from backend.market.once import WAITS, Answered, Once
from backend.passes import service as passes
from backend.passes.messages import OfflineItem, OfflineUpload, UploadAnswer
from backend.platform.callers import Signer
from backend.platform.platform import Platform
from backend.platform.problems import Problem
from backend.platform.roles import Role
from partners.benefits.terms import Terms

REQUEST = "city-day"

_NAMES = UUID("6ba7b812-9dad-11d1-80b4-00c04fd430c8")


class Yes(msgspec.Struct, frozen=True):
    """A verification that can be used, and what it offers in the benefit's unit."""

    verification_id: UUID
    value: int


class Told(msgspec.Struct, frozen=True):
    """What a till was told: the word, and the yes that is in it, or the question that the holder's phone must answer."""

    word: str
    yes: Yes | None = None
    asked: UUID | None = None


class Given(msgspec.Struct, frozen=True):
    """A redemption, and what it was worth in fen."""

    redemption_id: UUID
    amount_fen: int


class Tills:
    """All tills of one partner."""

    def __init__(self, platform: Platform, partner_id: UUID, store_id: UUID, day: str) -> None:
        self.partner_id = partner_id
        self._platform = platform
        self._store_id = store_id
        self._day = day
        self.signer = Signer(role=Role.PARTNER, owner_id=partner_id, key_id=REQUEST, request_id=REQUEST)
        self._served: set[UUID] = set()

    def act(self, what: str) -> Once:
        """The idempotency key of an act of this day; the same act has the same."""
        return Once(str(uuid5(_NAMES, f"{self._day}/{self.partner_id}/{what}")), hashlib.sha256(what.encode()).digest())

    async def verify(self, code: str, terms: Terms, amount_fen: int, visit: int) -> Told:
        """Shows a code for a benefit to this partner."""
        order = VerificationOrder(
            code=code, benefit=terms.id, terminal="till-1", partner_ref=f"visit-{visit}", amount_fen=amount_fen or None
        )
        try:
            answered = await market.verify(self._platform, self.partner_id, order, self.act(f"verify {visit}"), REQUEST)
        except Problem as problem:
            return refused(problem)
        if answered.status == WAITS:
            asked = msgspec.json.decode(answered.body, type=HolderAsked)
            return Told("the holder is asked", asked=asked.verification_id)
        return _told(msgspec.json.decode(answered.body, type=VerificationAnswer))

    async def answer(self, verification_id: UUID) -> Told:
        """What was answered once the holder's phone has been asked."""
        found = await market.answer_of(self._platform, self.partner_id, verification_id, REQUEST)
        if isinstance(found, HolderAsked):
            return Told("the holder said nothing")
        return _told(found)

    async def serve(self, phone: Phone, token: str, terms: Terms, visit: int) -> Told:
        """A resident scans the printed sign; the till finds them by the digits on their screen."""
        try:
            shown = await phone.use_sign(token, terms.id, terms.version, f"{self._day}/{visit}")
        except Problem as problem:
            return refused(problem)
        if shown is None:
            return Told("declined")
        for waiting in (await counters.visits(self._platform, self.partner_id)).visits:
            if (waiting.shown_as, waiting.benefit) == (shown, terms.id) and waiting.verification_id not in self._served:
                self._served.add(waiting.verification_id)
                value = int(waiting.tier.value)
                return Told(f"eligible {value}", Yes(waiting.verification_id, value))
        return Told("nobody waits")

    async def redeem(self, yes: Yes, amount_fen: int, visit: int, again: str = "") -> tuple[str, Given | None, bytes]:
        """Redeems a yes; with `again` under another key. Gives the word, the redemption and the answer's bytes."""
        order = RedemptionOrder(yes.verification_id, f"visit-{visit}", amount_fen)
        try:
            answered = await market.redeem(
                self._platform, self.partner_id, order, self.act(f"redeem {visit}{again}"), REQUEST
            )
        except Problem as problem:
            return refused(problem).word, None, b""
        told = msgspec.json.decode(answered.body, type=RedemptionAnswer)
        return f"redeemed {told.amount_fen}", Given(told.redemption_id, told.amount_fen), answered.body

    async def reverse(self, given: Given, amount_fen: int | None, visit: int) -> tuple[str, int]:
        """Takes a redemption back, whole without an amount; gives the word and how much was taken back."""
        order = ReversalOrder(f"visit-{visit}", amount_fen)
        try:
            answered = await market.reverse(
                self._platform, self.partner_id, given.redemption_id, order, self.act(f"reverse {visit}"), REQUEST
            )
        except Problem as problem:
            return refused(problem).word, 0
        told = msgspec.json.decode(answered.body, type=ReversalAnswer)
        return f"{told.state.value} {told.amount_fen}", told.amount_fen

    async def open_order(self, yes: Yes, agreed_fen: int, visit: int) -> tuple[str, UUID | None]:
        """Opens an order under contract; gives the word and the order."""
        wanted = OpenOrder(yes.verification_id, agreed_fen, f"visit-{visit}")
        try:
            answered = await deposits.open_order(self._platform, self.signer, wanted, self.act(f"order {visit}"))
        except Problem as problem:
            return refused(problem).word, None
        told = msgspec.json.decode(answered.body, type=OrderForPartner)
        return f"order {told.agreed_fen}", told.order_id

    async def start(self, order_id: UUID, visit: int) -> str:
        """The use begins."""
        return await self._moved(deposits.start(self._platform, self.signer, order_id, self.act(f"start {visit}")))

    async def settle(self, order_id: UUID, charge_fen: int, discount_fen: int, visit: int) -> str:
        """What the use cost."""
        wanted = Settle([Position("使用费", charge_fen)], [Position("优惠", discount_fen)] if discount_fen else [])
        return await self._moved(
            deposits.settle_order(self._platform, self.signer, order_id, wanted, self.act(f"settle {visit}"))
        )

    async def pay(self, order_id: UUID, paid_fen: int, visit: int) -> str:
        """The holder paid."""
        return await self._moved(
            deposits.record_payment(
                self._platform, self.signer, order_id, RecordPayment(paid_fen), self.act(f"pay {visit}")
            )
        )

    async def revoke(self, order_id: UUID, visit: int) -> str:
        """The partner takes an order back that was not begun."""
        return await self._moved(
            deposits.revoke_by_partner(self._platform, self.signer, order_id, self.act(f"revoke {visit}"))
        )

    async def put_up(self, benefit: str) -> str:
        """The token of the printed sign for a benefit at this partner."""
        sign = await counters.put_up(self._platform, self.signer, NewCounterCode(self._store_id, benefit))
        return sign.text.rsplit("=", 1)[-1]

    async def upload(self, terminal: str, items: list[OfflineItem]) -> list[tuple[str, UUID | None]]:
        """Uploads what one till gave without a network; gives the word for each, and its redemption."""
        answered = await passes.settle(
            self._platform, self.partner_id, OfflineUpload(terminal, items), self.act(f"upload {terminal}"), REQUEST
        )
        told = msgspec.json.decode(answered.body, type=UploadAnswer)
        return [(each.outcome.value, each.redemption_id) for each in told.outcomes]

    async def _moved(self, moving: Awaitable[Answered]) -> str:
        try:
            answered = await moving
        except Problem as problem:
            return refused(problem).word
        told = msgspec.json.decode(answered.body, type=OrderForPartner)
        return told.state.value if told.total_fen is None else f"{told.state.value} {told.total_fen}"


def refused(problem: Problem) -> Told:
    """The word for an act that was refused."""
    return Told(f"refused {problem.kind.code}")


def _told(answer: VerificationAnswer | VerificationAnswerNow) -> Told:
    value = int(answer.tier.value)
    if answer.result == "declined":
        return Told("declined")
    return Told(f"eligible {value}", Yes(answer.verification_id, value))
