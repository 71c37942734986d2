"""Benefits: proposing, publishing by a second person, pausing, ending, and what the public and a resident see of them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from backend.codes.service import scene_names
from backend.commitments import service as commitments
from backend.consents import service as consents
from backend.consents.messages import ConsentKind
from backend.enterprises import service as enterprises
from backend.market import benefit_store, store
from backend.market.limits import everyones_periods, group_named, persons_periods, usage_on
from backend.market.messages import (
    BenefitOffer,
    BenefitPage,
    BenefitVersion,
    BenefitVersionEvent,
    BenefitVersionPage,
    CommitmentAsked,
    EnterpriseBenefits,
    EnterpriseCommitments,
    MyBenefit,
    MyBenefits,
)
from backend.market.problems import BENEFIT_UNLAWFUL, SAME_PERSON
from backend.market.reasons import in_words
from backend.market.states import BENEFIT, BenefitEvent, BenefitState
from backend.platform import cursors
from backend.platform.callers import Caller
from backend.platform.clock import local_date, local_time
from backend.platform.database import Connection, Row
from backend.platform.platform import Platform
from backend.platform.problems import BAD_CURSOR, NOT_FOUND, STATE_CONFLICT, FieldError
from backend.scores import service as scores
from partners.benefits.commitments import WORDS as COMMITMENT_WORDS
from partners.benefits.commitments import CommitmentKind
from partners.benefits.eligibility import (
    EnterpriseHolder,
    Holder,
    Reason,
    Standing,
    Usage,
    commitment_tiers,
    decide,
    kind_of,
    rank_of,
)
from partners.benefits.publication import objections
from partners.benefits.terms import HolderKind, Terms
from partners.orders.machine import NotAllowed

MAXIMUM_SHOWN = 1000

_STANDINGS: Mapping[Standing, Literal["registered", "committed", "kept"]] = {
    Standing.REGISTERED: "registered",
    Standing.COMMITTED: "committed",
    Standing.KEPT: "kept",
}


async def propose_benefit(platform: Platform, connection: Connection, proposed_by: UUID, terms: Terms) -> int:
    """Proposes terms as the next version of a benefit, whatever version they name; gives its number. Nothing is in force yet."""
    now = platform.clock.now()
    version = await benefit_store.add_version(
        connection, terms.id, msgspec.to_builtins(terms), BENEFIT.start, proposed_by, now
    )
    await benefit_store.add_event(connection, terms.id, version, "propose", None, BENEFIT.start, proposed_by, now)
    return version


async def approve_benefit(
    platform: Platform, connection: Connection, approved_by: UUID, benefit_id: str, version: int
) -> None:
    """A second person publishes a proposed version; the version before it ends.

    Raises NOT_FOUND, STATE_CONFLICT, SAME_PERSON, and BENEFIT_UNLAWFUL naming ground and article (Reg. art. 26, 30).
    """
    row = await benefit_store.version_for_update(connection, benefit_id, version)
    if row is None:
        raise NOT_FOUND.error()
    after, now = _after(row["state"], BenefitEvent.APPROVE), platform.clock.now()
    if row["proposed_by"] == approved_by:
        raise SAME_PERSON.error()
    terms = terms_of(row)
    found = [FieldError(each.ground, f"{each.article}：{each.zh}", each.en) for each in objections(terms)]
    if terms.scene not in scene_names():
        found.append(FieldError("scene", "没有这个场景", "there is no such scene"))
    if terms.offline is not None and await benefit_store.number_taken(connection, benefit_id, terms.offline.number):
        found.append(FieldError("offline.number", "编号已属于另一权益", "the number belongs to another benefit"))
    if found:
        raise BENEFIT_UNLAWFUL.error(errors=found)
    followed = await benefit_store.offered_for_update(connection, benefit_id)
    await benefit_store.publish(connection, benefit_id, version, approved_by, now)
    if followed is not None:
        ended = _after(followed["state"], BenefitEvent.END)
        await benefit_store.add_event(
            connection, benefit_id, followed["version"], BenefitEvent.END, followed["state"], ended, approved_by, now
        )
    await benefit_store.add_event(
        connection, benefit_id, version, BenefitEvent.APPROVE, row["state"], after, approved_by, now
    )


async def refuse_benefit(
    platform: Platform, connection: Connection, refused_by: UUID, benefit_id: str, version: int
) -> None:
    """A proposed version will not be published; whoever proposed it may take it back so. Raises NOT_FOUND, STATE_CONFLICT."""
    row = await benefit_store.version_for_update(connection, benefit_id, version)
    if row is None:
        raise NOT_FOUND.error()
    after, now = _after(row["state"], BenefitEvent.REFUSE), platform.clock.now()
    await benefit_store.set_state(connection, benefit_id, version, after, now)
    await benefit_store.add_event(
        connection, benefit_id, version, BenefitEvent.REFUSE, row["state"], after, refused_by, now
    )


async def move_benefit(
    platform: Platform, connection: Connection, moved_by: UUID, benefit_id: str, event: BenefitEvent
) -> BenefitState:
    """Pauses, resumes or ends the benefit in force. Raises NOT_FOUND, STATE_CONFLICT."""
    row = await benefit_store.offered_for_update(connection, benefit_id)
    if row is None:
        raise NOT_FOUND.error()
    after = _after(row["state"], event)
    now = platform.clock.now()
    ended_at = now if after is BenefitState.ENDED else None
    await benefit_store.set_state(connection, benefit_id, row["version"], after, ended_at)
    await benefit_store.add_event(connection, benefit_id, row["version"], event, row["state"], after, moved_by, now)
    return after


async def versions(
    connection: Connection, account_id: UUID, benefit_id: str, cursor: str | None, limit: int
) -> BenefitVersionPage:
    """Every version of a benefit, newest first, with its events. Raises BAD_CURSOR. One round trip."""
    rows = await benefit_store.versions(connection, benefit_id, cursors.decode(cursor, cursors.RowNumber), limit + 1)
    shown = [
        BenefitVersion(
            version=row["version"],
            state=BenefitState(row["state"]),
            terms=terms_of(row),
            mine=row["proposed_by"] == account_id,
            proposed_at=row["proposed_at"],
            approved_at=row["approved_at"],
            ended_at=row["ended_at"],
            events=msgspec.convert(row["events"], list[BenefitVersionEvent]),
        )
        for row in rows[:limit]
    ]
    return BenefitVersionPage(shown, cursors.encode(shown[-1].version) if len(rows) > limit else None)


async def listing(platform: Platform, scene: str | None, cursor: str | None, limit: int) -> BenefitPage:
    """The benefits in force or paused, by id. Raises BAD_CURSOR. One round trip."""
    after = cursors.decode(cursor, str) or ""
    if "\x00" in after:
        raise BAD_CURSOR.error()
    async with platform.database.connection() as connection:
        rows = await benefit_store.offered_page(connection, scene, after, (), limit + 1)
    offers = [_offer(row) for row in rows[:limit]]
    return BenefitPage(offers, cursors.encode(offers[-1].id) if len(rows) > limit else None)


async def offer(platform: Platform, benefit_id: str) -> BenefitOffer:
    """One benefit in force or paused. Raises NOT_FOUND. One round trip."""
    async with platform.database.connection() as connection:
        row = await benefit_store.offered(connection, benefit_id, ())
    if row is None:
        raise NOT_FOUND.error()
    return _offer(row)


async def is_for_enterprises(connection: Connection, benefit_id: str) -> bool:
    """Whether the benefit that is in force or paused is one for enterprises; False if there is none. One round trip."""
    row = await benefit_store.offered(connection, benefit_id, ())
    return row is not None and terms_of(row).holder is HolderKind.ENTERPRISE


async def mine(platform: Platform, caller: Caller) -> MyBenefits:
    """Every benefit for persons in force as it stands for the caller: yours, yours by a commitment, at the next level, or not now
    and why.

    Four round trips, two of them reads of the caller that stand in the access log.
    """
    subject_id, now = caller.proven_subject(), platform.clock.now()
    today = local_date(now)
    async with platform.database.transaction() as connection:
        rows = await benefit_store.offered_page(connection, None, "", everyones_periods(today), MAXIMUM_SHOWN)
        given = await consents.given(connection, subject_id, now)
        standing = await scores.standing(connection, caller.access("查看我的权益", "level"), subject_id)
        circumstances = await store.all_circumstances(
            connection,
            caller.access("查看我的权益", "offers", "usage", "commitments"),
            subject_id,
            persons_periods(today),
        )
    holder = Holder(
        computes=ConsentKind.COMPUTE in given,
        shows=ConsentKind.SHOW in given,
        rank=standing.rank if ConsentKind.COMPUTE in given else None,
        closed_offers=frozenset(circumstances["closed"]),
        committed=frozenset((benefit_id, CommitmentKind(kind)) for benefit_id, kind in circumstances["committed"]),
    )
    return MyBenefits(_as_they_stand(rows, holder, circumstances["used"], now))


async def of_enterprise(platform: Platform, caller: Caller, enterprise_id: UUID) -> EnterpriseBenefits:
    """Every benefit for enterprises in force, as it stands for one that the caller acts for, and the commitments it rests on.

    Raises NOT_FOUND. Four round trips.
    """
    now = platform.clock.now()
    today = local_date(now)
    async with platform.database.transaction() as connection:
        enterprise = await enterprises.acting_for(connection, caller, enterprise_id)
        rows = await benefit_store.offered_page(connection, None, "", everyones_periods(today), MAXIMUM_SHOWN)
        counted = await commitments.counted(connection, enterprise_id)
        access = enterprises.access_for(caller, enterprise, "查看本企业的权益", "offers", "usage")
        circumstances = await store.all_circumstances(connection, access, enterprise.subject_id, persons_periods(today))
    holder = EnterpriseHolder(True, counted, frozenset(circumstances["closed"]))
    told = EnterpriseCommitments(
        made=counted.made, kept=counted.kept, broken=counted.broken, standing=_STANDINGS[counted.standing]
    )
    return EnterpriseBenefits(told, _as_they_stand(rows, holder, circumstances["used"], now))


def terms_of(row: Row) -> Terms:
    """The terms of a version's row."""
    return msgspec.convert({**row["terms"], "version": row["version"]}, Terms)


def _as_they_stand(
    rows: Iterable[Row], holder: Holder | EnterpriseHolder, used: Mapping[str, Mapping[str, int]], now: datetime
) -> list[MyBenefit]:
    """The benefits for holders of this kind: yours first."""
    shown = []
    for row in rows:
        terms = terms_of(row)
        if terms.holder is kind_of(holder):
            usage = usage_on(
                local_date(now), benefit_store.used_of(row), used.get(terms.id, {}),
                group=used.get(group_named(terms) or ""),
            )  # fmt: skip
            shown.append(_mine(terms, row["state"], holder, usage, now))
    order = {"yours": 0, "by-commitment": 1, "next-level": 2, "not-now": 3}
    return sorted(shown, key=lambda benefit: (order[benefit.standing], benefit.id))


def _after(state: str, event: BenefitEvent) -> BenefitState:
    try:
        return BENEFIT.after(BenefitState(state), event)
    except NotAllowed:
        raise STATE_CONFLICT.error() from None


def _mine(terms: Terms, state: str, holder: Holder | EnterpriseHolder, usage: Usage, now: datetime) -> MyBenefit:
    decision = decide(terms, holder, usage, local_time(now))
    reasons = [reason.value for reason in decision.reasons]
    if state == BenefitState.PAUSED and Reason.NOT_IN_FORCE not in decision.reasons:
        reasons.append(Reason.NOT_IN_FORCE.value)
    rank = rank_of(holder)
    by_level = [tier for tier in terms.tiers if tier.commitment is None]
    above = [tier for tier in by_level if rank is not None and tier.minimum_rank > rank]
    following = min(above, key=lambda tier: tier.minimum_rank, default=None)
    next_level = (
        reasons in ([Reason.LEVEL_BELOW], [Reason.STANDING_BELOW])
        and following is not None
        and rank is not None
        and following.minimum_rank == rank + 1
    )
    by_commitment = reasons == [Reason.COMMITMENT_OPEN]
    return MyBenefit(
        id=terms.id,
        scene=terms.scene,
        kind=terms.kind,
        unit=terms.unit,
        name=terms.names,
        standing="by-commitment"
        if by_commitment
        else "next-level"
        if next_level
        else "not-now"
        if reasons
        else "yours",
        value=decision.tier.value if decision.tier is not None and not reasons else None,
        tier=decision.tier.name if decision.tier is not None and not reasons else None,
        next_value=following.value if following is not None else None,
        next_tier=following.name if following is not None else None,
        reasons=in_words(reasons),
        version=terms.version,
        commitment=_commitment(terms, holder),
        where=terms.where,
        when=terms.when,
    )


def _commitment(terms: Terms, holder: Holder | EnterpriseHolder) -> CommitmentAsked | None:
    """The best tier that a commitment opens, and whether it was made."""
    for tier in commitment_tiers(terms):
        if tier.commitment is not None and isinstance(holder, Holder):
            made = (terms.id, tier.commitment) in holder.committed
            return CommitmentAsked(tier.commitment, COMMITMENT_WORDS[tier.commitment], tier.name, tier.value, made)
    return None


def _offer(row: Row) -> BenefitOffer:
    terms = terms_of(row)
    return BenefitOffer(
        id=terms.id,
        version=terms.version,
        scene=terms.scene,
        kind=terms.kind,
        unit=terms.unit,
        name=terms.names,
        description=terms.description,
        legal_basis=terms.legal_basis,
        state=row["state"],
        holder=terms.holder,
        open_to_all=terms.open_to_all,
        tiers=list(terms.tiers),
        cap_fen=terms.cap_fen,
        quota_total=terms.quota_total,
        quota_per_day=terms.quota_per_day,
        per_person_per_day=terms.per_person_per_day,
        per_person_per_month=terms.per_person_per_month,
        valid_from=terms.valid_from,
        valid_until=terms.valid_until,
        published_at=row["approved_at"],
        offline=terms.offline,
        quota_per_store_per_day=terms.quota_per_store_per_day,
        stacking_group=terms.stacking_group,
        where=terms.where,
        when=terms.when,
        reservation_minutes=terms.reservation_minutes,
    )
