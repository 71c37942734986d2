"""Whatever guests, partner, officers and the clock do in whatever order: nobody is delisted unheard, and no one stops a case alone."""

import random
from datetime import UTC, timedelta
from uuid import UUID, uuid4

import pytest

from backend.partner_accounts import service as partner_accounts
from backend.partner_accounts.states import PartnerState
from backend.platform.callers import Caller, Signer
from backend.platform.clock import SHANGHAI, SettableClock, local_date
from backend.platform.platform import Platform
from backend.platform.problems import Problem
from backend.platform.roles import Role
from backend.reviews import service
from backend.reviews.messages import CaseOutcome, DecideOutcome, ProposeOutcome, Reply, StaffCase
from tests.builders.partners import PartnerCaller
from tests.builders.reviews import GOOD, REFUSED, people_say
from tests.conftest import RunDue

OFFICERS = tuple(uuid4() for _ in range(3))
IN_A_CASE = {PartnerState.UNDER_REVIEW, PartnerState.RECTIFYING, PartnerState.RECHECKED}
REFUSALS = {"state-conflict", "second-person-needed", "not-found"}


def officer(account_id: UUID) -> Caller:
    """Somebody signed in as a case officer."""
    return Caller(
        account_id=account_id, session_id=uuid4(), roles=frozenset({Role.CASE_OFFICER}), subject_id=None, request_id=""
    )


class Review:
    """One partner, and everything that can be done about it."""

    def __init__(self, platform: Platform, partner: PartnerCaller, chance: random.Random) -> None:
        self.platform = platform
        self.partner = partner
        self.chance = chance
        self.proposed: dict[UUID, UUID] = {}
        self.signer = Signer(role=Role.PARTNER, owner_id=partner.partner_id, key_id="", request_id="")

    async def cases(self) -> list[StaffCase]:
        """Every case of the partner, whatever its outcome."""
        found = (await service.listing(self.platform, None, None, 200)).cases
        for outcome in CaseOutcome:
            found += (await service.listing(self.platform, outcome, None, 200)).cases
        return found

    async def act(self) -> None:
        """Something that somebody may try."""
        what = self.chance.choice(("say", "say", "propose", "decide", "reply", "object"))
        try:
            if what == "say":
                said = self.chance.choice((GOOD, REFUSED, REFUSED))
                await people_say(self.platform, self.partner, self.chance.randint(1, 14), **said)
            elif what == "reply":
                await service.reply(self.platform, self.signer, Reply("已整改。"))
            elif what == "object":
                await service.object_to(self.platform, self.signer, Reply("已整改。"))
            elif known := await self.cases():
                case, who = self.chance.choice(known), self.chance.choice(OFFICERS)
                await self._decide(case, who) if what == "decide" else await self._propose(case, who)
        except Problem as problem:
            if problem.kind.code not in REFUSALS:
                raise

    async def _propose(self, case: StaffCase, who: UUID) -> None:
        proposal = self.chance.choice(("stop", "reinstate", "uphold"))
        wanted = ProposeOutcome(proposal=proposal, because="理由。")  # type: ignore[arg-type]
        await service.propose(self.platform, officer(who), case.case.case_id, wanted)
        self.proposed[case.case.case_id] = who

    async def _decide(self, case: StaffCase, who: UUID) -> None:
        decision = DecideOutcome(confirm=self.chance.random() < 0.5)
        await service.decide(self.platform, officer(who), case.case.case_id, decision)
        assert self.proposed[case.case.case_id] != who, "one officer alone"

    async def hold(self) -> None:
        """What is so at any time."""
        known = await self.cases()
        opened = [case for case in known if case.case.outcome is None]
        async with self.platform.database.connection() as connection:
            state = await partner_accounts.state_of(connection, self.partner.partner_id)
            history = await partner_accounts.history(connection, self.partner.partner_id)
            waiting = await connection.fetch("SELECT key FROM due_work WHERE topic = $1", service.TOPIC)
        assert len(opened) == (state in IN_A_CASE)
        for case in known:
            assert (case.case.next_day is None) == (case.case.outcome is not None)
            assert case.case.outcome is None or case.proposal in {None, "reinstate", "uphold"}
        if opened:
            assert opened[0].case.case_id in {row["key"] for row in waiting}, "a case that waits for nobody"
            assert opened[0].case.next_day is not None
            assert opened[0].case.next_day >= local_date(self.platform.clock.now())
        # The two moves by which the builder made it live are of one instant, and have no order.
        history = [move for move in history if move.event not in {"approve", "go-live"}]
        for place, move in enumerate(history):
            assert place == 0 or move.before is history[place - 1].after
            if move.event == "delist":
                before = [each.event for each in history[place - 3 : place]]
                assert before == ["review", "order-rectification", "recheck"], "delisted unheard"


@pytest.mark.parametrize("seed", range(4))
async def test_anything_in_any_order(
    seed: int, platform: Platform, clock: SettableClock, partner: PartnerCaller, run_due: RunDue
) -> None:
    chance = random.Random(seed)
    review = Review(platform, partner, chance)
    states = set()
    for _ in range(60):
        before = clock.now().astimezone(SHANGHAI)
        clock.move(timedelta(days=chance.choice((0, 1, 4, 9)), seconds=1))
        if clock.now().astimezone(SHANGHAI).month != before.month:
            following = clock.now().astimezone(SHANGHAI).replace(hour=0, minute=30, second=0)
            clock.move(max(following.astimezone(UTC) - clock.now(), timedelta()))
            await service.draw_last_month(platform)
        await run_due()
        await review.act()
        await review.hold()
        async with platform.database.connection() as connection:
            states.add(await partner_accounts.state_of(connection, partner.partner_id))
    assert len(states) >= 3, "nothing happened"
