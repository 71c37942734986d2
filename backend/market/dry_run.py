"""A dry run 试算 of changed terms: who gains and who loses, by level, and the cost. A few statements that count; nobody is read."""

from datetime import timedelta

import msgspec

from backend.market import benefit_store
from backend.market.benefits import terms_of
from backend.market.messages import DryRun, LevelEffect, ObjectionTold
from backend.platform.database import Connection
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND
from backend.scores import service as scores
from partners.benefits.effects import Effect, Used, cost_after, effects
from partners.benefits.eligibility import Standing
from partners.benefits.publication import objections
from partners.benefits.terms import HolderKind, Terms
from scoring.disclosure import LEAST, rounded

_DAYS = 30
_STANDINGS: dict[int, tuple[str, str]] = {
    Standing.REGISTERED: ("已注册", "Registered"),
    Standing.COMMITTED: ("已承诺", "Committed"),
    Standing.KEPT: ("已履行", "Kept"),
}


async def dry_run(platform: Platform, connection: Connection, benefit_id: str, version: int) -> DryRun:
    """What a version would change against the one that is offered now, whoever has it at which level, and what it would cost.

    Of enterprises no people are counted. Raises NOT_FOUND. Three round trips.
    """
    row = await benefit_store.one_version(connection, benefit_id, version)
    if row is None:
        raise NOT_FOUND.error()
    after = terms_of(row)
    before = terms_of(row["offered"]) if row["offered"] is not None else None
    since = platform.clock.now() - timedelta(days=_DAYS)
    counted = await benefit_store.uses_by_tier(connection, benefit_id, since)
    used = {each["tier_value"]: Used(each["uses"], each["worth_fen"]) for each in counted}
    if after.holder is HolderKind.ENTERPRISE:
        names, people = _STANDINGS, {}
    else:
        names, people = scores.level_names(platform), await scores.people_by_rank(connection)
    changes = effects(before, after, sorted(names))
    times = sum(each.times for each in used.values())
    told = times >= LEAST
    return DryRun(
        benefit=benefit_id,
        version_before=before.version if before is not None else None,
        version_after=version,
        unit=after.unit,
        levels=[_told(change, *names[change.rank], people.get(change.rank, 0)) for change in changes],
        gain=rounded(sum(people.get(change.rank, 0) for change in changes if change.gains)),
        lose=rounded(sum(people.get(change.rank, 0) for change in changes if change.loses)),
        uses=rounded(times),
        cost_before_fen=sum(each.worth_fen for each in used.values()) if told else None,
        cost_after_fen=cost_after(changes, people, used, after.unit, after.cap_fen) if told else None,
        by_commitment=_by_commitment(after),
        objections=[msgspec.convert(each, ObjectionTold, from_attributes=True) for each in objections(after)],
    )


def _told(change: Effect, name: str, name_en: str, people: int) -> LevelEffect:
    return LevelEffect(
        rank=change.rank,
        name=name,
        name_en=name_en,
        people=rounded(people),
        before=change.before,
        after=change.after,
        effect="gains" if change.gains else "loses" if change.loses else "same",
    )


def _by_commitment(terms: Terms) -> int | None:
    """What a commitment opens, whatever the level."""
    return max((tier.value for tier in terms.tiers if tier.commitment is not None), default=None)
