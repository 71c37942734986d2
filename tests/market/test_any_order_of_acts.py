"""Scan, redeem and take back in any order, alone and at once, over days: states, quotas and money are always the model's."""

import asyncio
import json
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import httpx2
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from backend.audit import service as audit
from backend.platform.clock import SettableClock, local_date
from backend.platform.platform import Platform
from partners.codes import ic1
from partners.codes.ic1 import Scene
from partners.ledger.subsidies import Formula, subsidy
from tests.builders import machines, stage
from tests.builders.machines import Done
from tests.builders.partners import PartnerCaller, make_partner
from tests.conftest import TODAY

# The city pays half, one yuan at most: `stage.peopled`.
FORMULA = Formula(rate_permille=500, cap_fen=100)
CAP_FEN = 3000
LIFETIME = timedelta(minutes=15)
# A place in a list of any length: what is drawn does not depend on who won a race.
PLACES = some.integers(0, 10**6)
_NAMES = count(1)


def _at(held: list[Any], which: int) -> Any:
    return held[which % len(held)]


class Verified:
    """A verification that was answered yes."""

    def __init__(self, verification_id: str, person: int, at: datetime) -> None:
        self.id = verification_id
        self.person = person
        self.at = at
        self.used = False


class Redeemed:
    """A redemption: `left` of it stands."""

    def __init__(self, told: dict[str, Any], verified: Verified, day: date) -> None:
        self.id: str = told["redemption_id"]
        self.verified = verified
        self.day = day
        self.left: int = told["amount_fen"]
        self.reversed = False


class Till(RuleBasedStateMachine):
    """One shop, two residents, one benefit with every limit there is and a budget behind it."""

    def __init__(self, done: Done, client: httpx2.AsyncClient, platform: Platform, clock: SettableClock) -> None:
        super().__init__()
        self.done, self.client, self.platform, self.clock = done, client, platform, clock
        self.verified: list[Verified] = []
        self.redeemed: list[Redeemed] = []
        self.sent: list[tuple[str, dict[str, Any], str, bytes]] = []
        self.tickets: tuple[list[ic1.Ticket], list[ic1.Ticket]] = ([], [])

    @initialize(
        total=some.integers(1, 8), per_day=some.integers(1, 5), person_day=some.integers(1, 4),
        person_month=some.integers(1, 6), budget_fen=some.integers(1, 800),
    )  # fmt: skip
    def open(self, total: int, per_day: int, person_day: int, person_month: int, budget_fen: int) -> None:
        self.clock.move(TODAY - self.clock.now())
        self.benefit = f"discount-{next(_NAMES)}"
        self.total, self.per_day, self.budget_fen = total, per_day, budget_fen
        self.person_day, self.person_month = person_day, person_month
        self.done(self._open())

    async def _open(self) -> None:
        terms = stage.plain(
            self.benefit, quota_total=self.total, quota_per_day=self.per_day,
            per_person_per_day=self.person_day, per_person_per_month=self.person_month,
        )  # fmt: skip
        self.people = await stage.peopled(
            self.platform, 2, [terms], shops=0, subsidised=self.benefit, budget_fen=self.budget_fen
        )
        self.shop: PartnerCaller = await make_partner(self.client, self.platform, self.clock, self.benefit)

    def counted(self, person: int | None = None, day: date | None = None) -> int:
        """Redemptions that stand, of a person, of a day."""
        return sum(
            1
            for each in self.redeemed
            if not each.reversed and person in (None, each.verified.person) and day in (None, each.day)
        )

    def spent(self) -> int:
        return sum(subsidy(FORMULA, each.left) for each in self.redeemed)

    def full(self, person: int) -> bool:
        """Whether a limit of everyone or of this person is reached. All days of a machine are in one month."""
        today = local_date(self.clock.now())
        return (
            self.counted() >= self.total
            or self.counted(day=today) >= self.per_day
            or self.counted(person, today) >= self.person_day
            or self.counted(person) >= self.person_month
        )

    def usable(self, verified: Verified) -> bool:
        return not verified.used and self.clock.now() < verified.at + LIFETIME

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Sends an act under a key of its own; what was done is remembered with its answer."""
        return self.done(self._post(path, body))

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        key = str(uuid4())
        answer = await self.shop.post(path, body, key)
        if answer.status_code == 201:
            self.sent.append((path, body, key, answer.content))
        told: dict[str, Any] = json.loads(answer.content)
        return told

    @rule(visitors=some.lists(some.integers(0, 1), min_size=1, max_size=4))
    def scan(self, visitors: list[int]) -> None:
        """Several at once are answered together, each for itself."""
        for person, told in zip(visitors, self.done(self._scan_all(visitors)), strict=True):
            assert told["result"] == ("declined" if self.full(person) else "eligible")
            if told["result"] == "eligible":
                self.verified.append(Verified(told["verification_id"], person, self.clock.now()))

    async def _scan_all(self, visitors: list[int]) -> list[dict[str, Any]]:
        for person, resident in enumerate(self.people.residents):
            if len(self.tickets[person]) < len(visitors):
                self.tickets[person].extend(await stage.tickets(self.platform, resident, 32))
        return list(await asyncio.gather(*(self._scan(person) for person in visitors)))

    async def _scan(self, person: int) -> dict[str, Any]:
        ticket = self.tickets[person].pop()
        code = ic1.encode(ticket, Scene.LIBRARY, int(self.clock.now().timestamp()))
        body = {"code": code, "benefit": self.benefit, "terminal": "till-1", "partner_ref": "visit-1"}
        return await self._post("/v1/partner/verifications", body)

    @rule(which=PLACES, amount=some.integers(0, CAP_FEN + 5))
    def redeem(self, which: int, amount: int) -> None:
        if not self.verified:
            return
        verified = _at(self.verified, which)
        told = self.post("/v1/partner/redemptions", self._wanted(verified, amount))
        if amount > CAP_FEN:
            # Whether it could still be used or not: both are said of it, neither is done.
            assert told["code"] in {"amount-over-cap", "state-conflict"}
        elif not self.usable(verified):
            assert told["code"] == "state-conflict"
        elif self.full(verified.person) or self.spent() + subsidy(FORMULA, amount) > self.budget_fen:
            assert told["code"] == "quota-exhausted"
        else:
            self._took(verified, told, amount)

    @rule(tills=some.lists(some.tuples(PLACES, some.integers(0, 300)), min_size=2, max_size=5))
    def redeem_at_once(self, tills: list[tuple[int, int]]) -> None:
        """Several tills, some of them with the same verification: whoever wins, nobody more than there is."""
        if not self.verified:
            return
        chosen = [_at(self.verified, which) for which, _ in tills]
        amounts = [amount for _, amount in tills]
        usable = [each for each in chosen if self.usable(each) and not self.full(each.person)]
        bodies = [self._wanted(*each) for each in zip(chosen, amounts, strict=True)]
        answers = self.done(self._at_once("/v1/partner/redemptions", bodies))
        for verified, amount, told in zip(chosen, amounts, answers, strict=True):
            if "redemption_id" in told:
                assert verified in usable
                self._took(verified, told, amount)
            else:
                assert told["code"] in {"state-conflict", "quota-exhausted"}
        if all(subsidy(FORMULA, each) + self.spent() <= self.budget_fen for each in amounts) and usable:
            assert any("redemption_id" in each for each in answers)

    async def _at_once(self, path: str, bodies: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return list(await asyncio.gather(*(self._post(path, body) for body in bodies)))

    def _wanted(self, verified: Verified, amount: int) -> dict[str, Any]:
        return {"verification_id": verified.id, "amount_fen": amount, "partner_ref": "order-1"}

    def _took(self, verified: Verified, told: dict[str, Any], amount: int) -> None:
        assert not verified.used
        assert (told["amount_fen"], told["state"]) == (amount, "redeemed")
        verified.used = True
        self.redeemed.append(Redeemed(told, verified, local_date(self.clock.now())))

    @rule(which=PLACES, part=some.none() | some.integers(0, CAP_FEN))
    def take_back(self, which: int, part: int | None) -> None:
        if not self.redeemed:
            return
        redeemed = _at(self.redeemed, which)
        told = self.post(*self._reversal(redeemed, part))
        self._taken_back(redeemed, part, told)

    @rule(which=PLACES, parts=some.lists(some.integers(1, 200), min_size=2, max_size=4))
    def take_back_at_once(self, which: int, parts: list[int]) -> None:
        """Several reversals of one redemption: what was taken back together was there."""
        standing = [each for each in self.redeemed if each.left]
        if not standing:
            return
        redeemed = _at(standing, which)
        path = self._reversal(redeemed, None)[0]
        bodies = [self._reversal(redeemed, part)[1] for part in parts]
        answers = self.done(self._at_once(path, bodies))
        taken = [told["amount_fen"] for told in answers if "reversal_id" in told]
        assert sum(taken) <= redeemed.left
        refused = [part for part, told in zip(parts, answers, strict=True) if "reversal_id" not in told]
        redeemed.left -= sum(taken)
        redeemed.reversed = redeemed.left == 0
        assert all(part > redeemed.left for part in refused)

    def _reversal(self, redeemed: Redeemed, part: int | None) -> tuple[str, dict[str, Any]]:
        body: dict[str, Any] = {"partner_ref": "refund-1"}
        return f"/v1/partner/redemptions/{redeemed.id}/reversals", body if part is None else {
            **body,
            "amount_fen": part,
        }

    def _taken_back(self, redeemed: Redeemed, part: int | None, told: dict[str, Any]) -> None:
        amount = redeemed.left if part is None else part
        if part == 0:
            assert told["code"] == "malformed-request"
        elif amount > redeemed.left:
            assert told["code"] == "reversal-over"
        elif redeemed.reversed:
            assert told["code"] == "state-conflict"
        else:
            redeemed.left -= amount
            redeemed.reversed = redeemed.left == 0
            state = "reversed" if redeemed.reversed else "partly-reversed"
            assert (told["amount_fen"], told["left_fen"], told["state"]) == (amount, redeemed.left, state)

    @rule(which=PLACES)
    def send_again(self, which: int) -> None:
        """An act whose answer was forgotten: the same bytes, whatever has happened since."""
        if not self.sent:
            return
        path, body, key, answered = _at(self.sent, which)
        assert self.done(self.shop.post(path, body, key)).content == answered

    @rule(minutes=some.sampled_from([1, 16]))
    def wait(self, minutes: int) -> None:
        self.clock.move(timedelta(minutes=minutes))

    @rule()
    def next_day(self) -> None:
        """Within the month: a person's month is counted as a whole."""
        if local_date(self.clock.now() + timedelta(days=1)).month == TODAY.month:
            self.clock.move(timedelta(days=1))
            self.tickets = ([], [])

    @invariant()
    def the_counters_and_the_budget_are_the_models(self) -> None:
        if not hasattr(self, "shop"):
            return
        used, spent = self.done(self._held())
        assert used == self.counted() <= self.total
        assert spent == self.spent() <= self.budget_fen

    async def _held(self) -> tuple[int, int]:
        async with self.platform.database.connection() as connection:
            used = await connection.fetch_value(
                "SELECT COALESCE(sum(used), 0) FROM benefit_use WHERE benefit_id = $1 AND period = 'total'",
                self.benefit,
            )
            spent = await connection.fetch_value("SELECT spent_fen FROM budget WHERE id = $1", self.people.budget_id)
        return int(used), int(spent)

    def teardown(self) -> None:
        assert self.done(audit.examine(self.platform)) == []


async def test_whatever_a_shop_does_in_whatever_order(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock
) -> None:
    done = Done()

    class Here(Till):
        def __init__(self) -> None:
            super().__init__(done, client, platform, clock)

    await machines.run(Here, examples=12, steps=30)
