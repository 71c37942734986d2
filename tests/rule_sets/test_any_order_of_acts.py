"""Whatever three operators do in whatever order: nothing is published or revoked by one, and every answer is the table's."""

import random
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from backend.platform.callers import Caller
from backend.platform.clock import SettableClock, local_date
from backend.platform.platform import Platform
from backend.platform.problems import Problem
from backend.platform.roles import Role
from backend.rule_sets import publishing
from backend.rule_sets.messages import ProposedVersion
from backend.rule_sets.states import FINAL, NEXT, VersionEvent, VersionState
from tests.rule_sets.conftest import taohua

OPERATORS = tuple(uuid4() for _ in range(3))
ACTS: dict[VersionEvent, Any] = {
    VersionEvent.APPROVE: publishing.approve,
    VersionEvent.REFUSE: publishing.refuse,
    VersionEvent.WITHDRAW: publishing.withdraw,
    VersionEvent.PROPOSE_REVOCATION: publishing.propose_revocation,
    VersionEvent.CONFIRM_REVOCATION: publishing.confirm_revocation,
    VersionEvent.KEEP: publishing.keep,
}
WITH_REASON = {VersionEvent.REFUSE, VersionEvent.PROPOSE_REVOCATION, VersionEvent.KEEP}


def operator(account_id: UUID) -> Caller:
    """Somebody signed in as an operator."""
    return Caller(
        account_id=account_id, session_id=uuid4(), roles=frozenset({Role.OPERATOR}), subject_id=None, request_id=""
    )


def actor(version: ProposedVersion, event: str) -> UUID:
    """Who did this last."""
    return next(entry.account_id for entry in reversed(version.history) if entry.event == event)


async def attempt(act: Coroutine[Any, Any, ProposedVersion]) -> ProposedVersion | str:
    """What an act gives, or the code of its refusal."""
    try:
        return await act
    except Problem as problem:
        return problem.kind.code


def expected(version: ProposedVersion, event: VersionEvent, who: UUID) -> str | None:
    """The code of the refusal that the rules demand, dates apart."""
    if (version.state, event) not in NEXT:
        return "state-conflict"
    if event in {VersionEvent.APPROVE, VersionEvent.REFUSE} and who == actor(version, "propose"):
        return "second-person-needed"
    if event is VersionEvent.WITHDRAW and who != actor(version, "propose"):
        return "rule-set-of-another"
    if event is VersionEvent.CONFIRM_REVOCATION and who == actor(version, "propose-revocation"):
        return "second-person-needed"
    return None


@pytest.mark.parametrize("seed", range(6))
async def test_three_operators_in_any_order(seed: int, platform: Platform, clock: SettableClock) -> None:
    chance = random.Random(seed)
    known: dict[UUID, ProposedVersion] = {}
    for step in range(60):
        clock.move(timedelta(hours=chance.choice((1, 5, 30))))
        who = chance.choice(OPERATORS)
        if not known or chance.random() < 0.15:
            day = local_date(clock.now()) + timedelta(days=chance.randint(1, 6))
            source = taohua(version=f"2027.{step}", effective_from=day)
            proposed = await attempt(publishing.propose(platform, operator(who), source))
            if isinstance(proposed, ProposedVersion):
                known[proposed.id] = proposed
            else:
                assert proposed == "rule-set-dates"
            continue
        version = known[chance.choice(list(known))]
        event = chance.choice(list(ACTS))
        reason = ("理由。",) if event in WITH_REASON else ()
        due = expected(version, event, who)
        after = await attempt(ACTS[event](platform, operator(who), version.id, *reason))
        if isinstance(after, ProposedVersion):
            assert (due, after.state) == (None, NEXT[version.state, event])
            known[version.id] = after
        else:
            # What depends on the day is left to the other tests.
            assert after == due or (due is None and after in {"rule-set-dates", "rule-set-too-late"})

    for version in known.values():
        now = (await publishing.proposal(platform, operator(OPERATORS[0]), version.id)).proposal
        assert (now.state, now.history) == (version.state, version.history)
        if now.state in {VersionState.PUBLISHED, VersionState.REVOCATION_PROPOSED, VersionState.REVOKED}:
            assert actor(now, "approve") != actor(now, "propose")
        if now.state is VersionState.REVOKED:
            assert actor(now, "confirm-revocation") != actor(now, "propose-revocation")
        assert (now.state in FINAL) == (not any(before is now.state for before, _ in NEXT))
    starts = [
        v.effective_from
        for v in known.values()
        if v.state in {VersionState.PUBLISHED, VersionState.REVOCATION_PROPOSED}
    ]
    assert len(starts) == len(set(starts)), "no day on which two versions begin"
