"""Who is eligible now: the one decision behind a verification at a till and behind a pass that is fetched beforehand."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from backend.commitments import service as commitments
from backend.consents import service as consents
from backend.consents.messages import ConsentKind
from backend.market import benefit_store, store
from backend.market.benefits import terms_of
from backend.market.limits import everyones_periods, group_named, persons_periods, usage_on
from backend.market.reasons import DISTINCT_BENEFITS_PER_MONTH, TOO_MANY_BENEFITS
from backend.market.states import BenefitState
from backend.platform.access import Access
from backend.platform.clock import local_date, local_time, start_of_day
from backend.platform.database import Connection, Row
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND, STATE_CONFLICT
from backend.platform.questions import Question
from backend.scores import service as scores
from backend.scores.messages import Standing
from partners.benefits.commitments import CommitmentKind
from partners.benefits.eligibility import EnterpriseHolder, Holder, decide
from partners.benefits.terms import Terms
from partners.benefits.validity import Place


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """The decision: eligible if there is no reason against it. `tier_value` is what is offered then, else 0."""

    terms: Terms
    reasons: list[str]
    tier_value: int


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be decided: for whom, what, and who asks: a partner, whose trying of many benefits is limited, or None if it
    is the person. `place` is None where nobody stands at a till yet."""

    access: Access
    subject_id: UUID
    offer: Row
    terms: Terms
    partner_id: UUID | None
    amount_fen: int | None
    place: Place | None = None


class Bearing(msgspec.Struct, frozen=True):
    """What bears on cases, as questions to be asked with the cases' accesses."""

    standings: Question[list[Standing]]
    circumstances: Question[list[Row]]
    accesses: list[Access]


async def offer_now(connection: Connection, benefit_id: str, now: datetime) -> tuple[Row, Terms]:
    """A benefit that may be given now. Raises NOT_FOUND (none in force), STATE_CONFLICT (paused). One round trip."""
    asked = offers([benefit_id], now)
    return (await connection.ask(asked))[asked][benefit_id]


def offers(
    benefit_ids: Sequence[str], now: datetime, store_ids: Sequence[UUID] = ()
) -> Question[dict[str, tuple[Row, Terms]]]:
    """`offer_now` for many benefits, with what these stores gave of them today; its answer raises for the first that may not be
    given."""

    def offered(rows: dict[str, Row]) -> dict[str, tuple[Row, Terms]]:
        for benefit_id in benefit_ids:
            if benefit_id not in rows:
                raise NOT_FOUND.error()
            if rows[benefit_id]["state"] != BenefitState.PUBLISHED:
                raise STATE_CONFLICT.error()
        return {benefit_id: (row, terms_of(row)) for benefit_id, row in rows.items()}

    periods = everyones_periods(local_date(now), store_ids)
    return benefit_store.offered_among(sorted(set(benefit_ids)), periods).then(offered)


async def decided(
    connection: Connection,
    access: Access,
    subject_id: UUID,
    offer: Row,
    *,
    partner_id: UUID | None,
    computes: bool,
    shows: bool,
    amount_fen: int | None,
    now: datetime,
    enterprise_id: UUID | None = None,
    place: Place | None = None,
) -> Decided:
    """Whether a person, or the enterprise whose subject it is, is eligible for an offer now. One round trip whatever the
    decision; two for an enterprise.

    `partner_id` is who asks, whose trying of many benefits is limited; None when it is the person.
    """
    case = Case(
        access=access,
        subject_id=subject_id,
        offer=offer,
        terms=terms_of(offer),
        partner_id=partner_id,
        amount_fen=amount_fen,
        place=place,
    )
    asked = bearing([case], now)
    if enterprise_id is not None:
        # A ticket that could be burned is of a registered enterprise; no agent's score is read.
        enterprise = EnterpriseHolder(True, await commitments.counted(connection, enterprise_id))
        found = await connection.ask(asked.circumstances, accesses=asked.accesses)
        return _decision(case, enterprise, found[asked.circumstances][0], now)
    found = await connection.ask(asked.standings, asked.circumstances, accesses=asked.accesses)
    [standing], [circumstances] = found[asked.standings], found[asked.circumstances]
    return decision_of(case, standing, circumstances, computes=computes, shows=shows, now=now)


def bearing(cases: Sequence[Case], now: datetime) -> Bearing:
    """What bears on many cases, in their order, each read under its own access."""
    today = local_date(now)
    return Bearing(
        scores.standings([case.subject_id for case in cases]),
        store.circumstances(
            [(case.subject_id, case.partner_id, case.terms.id, group_named(case.terms)) for case in cases],
            persons_periods(today),
            start_of_day(today.replace(day=1)),
        ),
        [msgspec.structs.replace(case.access, fields=("level", "offers", "usage")) for case in cases],
    )


def decision_of(
    case: Case, standing: Standing, circumstances: Row, *, computes: bool, shows: bool, now: datetime
) -> Decided:
    """The decision of a person's case, from what bears on it."""
    committed = frozenset((case.terms.id, CommitmentKind(kind)) for kind in circumstances["committed"])
    holder = Holder(computes, shows, standing.rank if computes else None, committed=committed)
    return _decision(case, holder, circumstances, now)


def _decision(case: Case, holder: Holder | EnterpriseHolder, circumstances: Row, now: datetime) -> Decided:
    terms, today = case.terms, local_date(now)
    if circumstances["closed"] is not None:
        holder = msgspec.structs.replace(holder, closed_offers=frozenset({terms.id}))
    usage = usage_on(
        today, benefit_store.used_of(case.offer), circumstances["used"],
        group=circumstances["grouped"], store_id=case.place.store_id if case.place is not None else None,
    )  # fmt: skip
    decision = decide(terms, holder, usage, local_time(now), case.amount_fen, case.place)
    reasons = [reason.value for reason in decision.reasons]
    if circumstances["tried"] >= DISTINCT_BENEFITS_PER_MONTH:
        reasons.append(TOO_MANY_BENEFITS)
    value = decision.tier.value if decision.tier is not None and not reasons else 0
    return Decided(terms=terms, reasons=reasons, tier_value=value)


async def eligibility_of(
    platform: Platform, connection: Connection, access: Access, subject_id: UUID, benefit_id: str
) -> Decided:
    """Whether a person would be eligible for a benefit now, as they ask themselves.

    Raises NOT_FOUND, STATE_CONFLICT. Three round trips.
    """
    now = platform.clock.now()
    offer, _ = await offer_now(connection, benefit_id, now)
    given = await consents.given(connection, subject_id, now)
    return await decided(
        connection,
        access,
        subject_id,
        offer,
        partner_id=None,
        computes=ConsentKind.COMPUTE in given,
        shows=ConsentKind.SHOW in given,
        amount_fen=None,
        now=now,
    )
