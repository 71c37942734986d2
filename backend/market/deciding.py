"""Who is eligible now: the one decision behind a verification at a till and behind a pass that is fetched beforehand."""

from datetime import datetime
from uuid import UUID

import msgspec

from backend.commitments import service as commitments
from backend.consents import service as consents
from backend.consents.messages import ConsentKind
from backend.market import benefit_store, store
from backend.market.benefits import terms_of
from backend.market.limits import everyones_periods, persons_periods, usage_on
from backend.market.reasons import DISTINCT_BENEFITS_PER_MONTH, TOO_MANY_BENEFITS
from backend.market.states import BenefitState
from backend.platform.access import Access
from backend.platform.clock import local_date, start_of_day
from backend.platform.database import Connection, Row
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND, STATE_CONFLICT
from backend.scores import service as scores
from partners.benefits.eligibility import EnterpriseHolder, Holder, decide
from partners.benefits.terms import Terms


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """The decision: eligible if there is no reason against it. `tier_value` is what is offered then, else 0."""

    terms: Terms
    reasons: list[str]
    tier_value: int


async def offer_now(connection: Connection, benefit_id: str, now: datetime) -> tuple[Row, Terms]:
    """A benefit that may be given now. Raises NOT_FOUND (none in force), STATE_CONFLICT (paused). One round trip."""
    offer = await benefit_store.offered(connection, benefit_id, everyones_periods(local_date(now)))
    if offer is None:
        raise NOT_FOUND.error()
    if offer["state"] != BenefitState.PUBLISHED:
        raise STATE_CONFLICT.error()
    return offer, terms_of(offer)


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
) -> Decided:
    """Whether a person, or the enterprise whose subject it is, is eligible for an offer now. Two round trips whatever the decision
    and whoever it is.

    `partner_id` is who asks, whose trying of many benefits is limited; None when it is the person.
    """
    terms, today = terms_of(offer), local_date(now)
    if enterprise_id is None:
        standing = await scores.standing(connection, msgspec.structs.replace(access, fields=("level",)), subject_id)
        holder: Holder | EnterpriseHolder = Holder(computes, shows, standing.rank if computes else None)
    else:
        # A ticket that could be burned is of a registered enterprise; no agent's score is read.
        holder = EnterpriseHolder(True, await commitments.counted(connection, enterprise_id))
    circumstances = await store.circumstances(
        connection,
        msgspec.structs.replace(access, fields=("offers", "usage")),
        subject_id,
        partner_id,
        terms.id,
        persons_periods(today),
        start_of_day(today.replace(day=1)),
    )
    if circumstances["closed"] is not None:
        holder = msgspec.structs.replace(holder, closed_offers=frozenset({terms.id}))
    usage = usage_on(today, benefit_store.used_of(offer), circumstances["used"])
    decision = decide(terms, holder, usage, today, amount_fen)
    reasons = [reason.value for reason in decision.reasons]
    if circumstances["tried"] >= DISTINCT_BENEFITS_PER_MONTH:
        reasons.append(TOO_MANY_BENEFITS)
    value = decision.tier.value if decision.tier is not None and not reasons else 0
    return Decided(terms=terms, reasons=reasons, tier_value=value)


async def eligibility_of(
    platform: Platform, connection: Connection, access: Access, subject_id: UUID, benefit_id: str
) -> Decided:
    """Whether a person would be eligible for a benefit now, as they ask themselves.

    Raises NOT_FOUND, STATE_CONFLICT. Four round trips.
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
