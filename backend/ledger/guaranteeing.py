"""The guarantee pool 担保资金池: fed from a budget by two operators, and losses shared by a rule that is on file and public.

A rule begins on a day after its approval and counts for orders opened from then on: nobody's loss is shared by a rule that
was not published when the order was opened (Reg. art. 30). What pool or city cannot bear is the merchant's.
"""

from datetime import date, datetime
from uuid import UUID

import msgspec

from backend.ledger import approvals, deciding, guarantee_store, store
from backend.ledger.guarantee_messages import (
    Funding,
    FundingPage,
    ProposedRule,
    ProposedRulePage,
    ProposeFunding,
    ProposeRule,
    PublishedRule,
    PublishedRules,
)
from backend.ledger.guarantee_store import Movement
from backend.ledger.problems import BUDGET_EXHAUSTED, BUDGET_NOT_APPROVED, LOSS_RULE_UNUSABLE
from backend.ledger.states import ProposalState
from backend.platform import cursors
from backend.platform.clock import local_date
from backend.platform.database import Connection, Row
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND
from backend.platform.row_ids import new_id
from partners.ledger.postings import Posting, came_back, funded, guaranteed
from partners.ledger.sharing import WHOLE, Borne, LossRule, Shares, minus, share_loss, share_return
from partners.ledger.statements import yuan

# Caps and the pool are sums over all orders: losses and returns are booked one after the other.
_LOCK = "guarantee pool"


class Loss(msgspec.Struct, frozen=True, kw_only=True):
    """An order that is still unpaid at the end of its reminders."""

    order_id: UUID
    partner_id: UUID
    benefit_id: str
    partner_ref: str
    opened_on: date
    loss_fen: int


async def guarantee(platform: Platform, connection: Connection, loss: Loss) -> bool:
    """Shares a loss by the rule of the day on which the order was opened; False, and nothing done, where no rule was in force
    or nobody but the merchant bears anything. Up to ten round trips; locks the pool and then the budget, last of all."""
    row = await guarantee_store.last_rule(connection, loss.opened_on)
    if row is None:
        return False
    await guarantee_store.one_at_a_time(connection, _LOCK)
    now = platform.clock.now()
    year = local_date(now).year
    partner_fen, year_fen = await guarantee_store.borne(connection, year, loss.partner_id)
    may = Borne(
        partner_year_left_fen=row["partner_year_cap_fen"] - partner_fen,
        year_left_fen=row["year_cap_fen"] - year_fen,
        pool_left_fen=await guarantee_store.pool_balance(connection),
        city_left_fen=await guarantee_store.budget_left(connection, row["budget_id"]),
    )
    shares = share_loss(rule_of(row), loss.loss_fen, may)
    if shares.pool_fen + shares.city_fen == 0:
        return False
    await guarantee_store.add_guarantee(
        connection,
        {
            "order_id": loss.order_id,
            "rule_id": row["id"],
            "partner_id": loss.partner_id,
            "budget_id": row["budget_id"],
            "benefit_id": loss.benefit_id,
            "partner_ref": loss.partner_ref,
            "year": year,
            "merchant_fen": shares.merchant_fen,
            "pool_fen": shares.pool_fen,
            "city_fen": shares.city_fen,
            "guaranteed_at": now,
        },
    )
    await guarantee_store.change_pool(connection, -shares.pool_fen)
    await guarantee_store.spend(connection, row["budget_id"], shares.city_fen)
    postings = guaranteed(loss.order_id, row["budget_id"], loss.partner_id, shares)
    about = (loss.order_id, loss.benefit_id, loss.partner_ref)
    await guarantee_store.book(connection, [_movement(posting, about, now) for posting in postings])
    return True


async def take_back_guarantee(
    platform: Platform, connection: Connection, order_id: UUID, payment_id: UUID, paid_fen: int
) -> None:
    """The holder paid after all, to the partner: pool and city get their shares of it back, to the fen.

    Up to eight round trips; locks the pool and then the budget, last of all.
    """
    await guarantee_store.one_at_a_time(connection, _LOCK)
    row = await guarantee_store.guarantee(connection, order_id)
    if row is None:
        raise NOT_FOUND.error()
    back = share_return(minus(shares_of(row), _came_back(row)), paid_fen)
    await guarantee_store.give_back(connection, order_id, back.merchant_fen, back.pool_fen, back.city_fen)
    await guarantee_store.change_pool(connection, back.pool_fen)
    await guarantee_store.spend(connection, row["budget_id"], -back.city_fen)
    now = platform.clock.now()
    postings = came_back(payment_id, row["budget_id"], row["partner_id"], back)
    about = (order_id, row["benefit_id"], row["partner_ref"])
    await guarantee_store.book(connection, [_movement(posting, about, now) for posting in postings])


async def propose_funding(connection: Connection, account_id: UUID, wanted: ProposeFunding, now: datetime) -> UUID:
    """Proposes that a budget gives the pool funds; gives the proposal's id. Raises NOT_FOUND for the budget. Two round trips."""
    if await store.budget(connection, wanted.budget_id) is None:
        raise NOT_FOUND.error()
    funding_id = new_id(now)
    await guarantee_store.propose(
        connection,
        "pool_funding",
        {"id": funding_id, **msgspec.structs.asdict(wanted), "proposed_by": account_id, "proposed_at": now},
    )
    return funding_id


async def approve_funding(
    platform: Platform, connection: Connection, account_id: UUID, funding_id: UUID, now: datetime
) -> None:
    """A second operator approves: the budget's money is the pool's. Seven round trips.

    Raises NOT_FOUND, STATE_CONFLICT, SECOND_PERSON_NEEDED, BUDGET_NOT_APPROVED, BUDGET_EXHAUSTED.
    """
    row = await deciding.proposed(connection, "pool_funding", account_id, funding_id)
    await _require_approved_budget(connection, row["budget_id"])
    await guarantee_store.one_at_a_time(connection, _LOCK)
    await deciding.approve(
        platform, connection, "pool_funding", account_id, funding_id, approvals.FUNDING, approvals.of_funding(row), now
    )
    await guarantee_store.change_pool(connection, row["amount_fen"])
    if not await guarantee_store.spend(connection, row["budget_id"], row["amount_fen"]):
        raise BUDGET_EXHAUSTED.error()
    posting = funded(funding_id, row["budget_id"], row["amount_fen"])
    await guarantee_store.book(connection, [Movement(id=new_id(now), posting=posting, at=now)])


async def refuse_funding(connection: Connection, account_id: UUID, funding_id: UUID, now: datetime) -> None:
    """A second operator refuses funds for the pool. Raises NOT_FOUND, STATE_CONFLICT, SECOND_PERSON_NEEDED. Two round trips."""
    await deciding.refuse(connection, "pool_funding", account_id, funding_id, now)


async def funding(connection: Connection, account_id: UUID, funding_id: UUID) -> Funding:
    """One proposal of funds as an operator sees it. Raises NOT_FOUND. One round trip."""
    row = await guarantee_store.proposal(connection, "pool_funding", funding_id)
    if row is None:
        raise NOT_FOUND.error()
    return _funding(row, account_id)


async def fundings(connection: Connection, account_id: UUID, cursor: str | None, limit: int) -> FundingPage:
    """All funds for the pool, newest first. Raises BAD_CURSOR. One round trip."""
    rows = await guarantee_store.proposals(connection, "pool_funding", cursors.decode(cursor, UUID), limit + 1)
    return FundingPage([_funding(row, account_id) for row in rows[:limit]], _next(rows, limit))


async def propose_rule(connection: Connection, account_id: UUID, wanted: ProposeRule, now: datetime) -> UUID:
    """Proposes how losses are shared; gives the rule's id. Raises NOT_FOUND for the budget, LOSS_RULE_UNUSABLE. Three round trips."""
    if await store.budget(connection, wanted.budget_id) is None:
        raise NOT_FOUND.error()
    row = msgspec.structs.asdict(wanted)
    await _require_rule(connection, row, local_date(now))
    rule_id = new_id(now)
    proposed = {"id": rule_id, **row, "proposed_by": account_id, "proposed_at": now}
    await guarantee_store.propose(connection, "loss_rule", proposed)
    return rule_id


async def approve_rule(
    platform: Platform, connection: Connection, account_id: UUID, rule_id: UUID, now: datetime
) -> None:
    """A second operator approves a rule, which is public with its signed approval, and in force from its first day on.

    Raises NOT_FOUND, STATE_CONFLICT, SECOND_PERSON_NEEDED, BUDGET_NOT_APPROVED, LOSS_RULE_UNUSABLE. Five round trips.
    """
    row = await deciding.proposed(connection, "loss_rule", account_id, rule_id)
    await _require_approved_budget(connection, row["budget_id"])
    await guarantee_store.one_at_a_time(connection, _LOCK)
    await _require_rule(connection, row, local_date(now))
    await deciding.approve(
        platform, connection, "loss_rule", account_id, rule_id, approvals.RULE, approvals.of_rule(row), now
    )


async def refuse_rule(connection: Connection, account_id: UUID, rule_id: UUID, now: datetime) -> None:
    """A second operator refuses a rule. Raises NOT_FOUND, STATE_CONFLICT, SECOND_PERSON_NEEDED. Two round trips."""
    await deciding.refuse(connection, "loss_rule", account_id, rule_id, now)


async def rule(connection: Connection, account_id: UUID, rule_id: UUID) -> ProposedRule:
    """One rule as an operator sees it. Raises NOT_FOUND. One round trip."""
    row = await guarantee_store.proposal(connection, "loss_rule", rule_id)
    if row is None:
        raise NOT_FOUND.error()
    return _proposed(row, account_id)


async def rules(connection: Connection, account_id: UUID, cursor: str | None, limit: int) -> ProposedRulePage:
    """All rules, newest first. Raises BAD_CURSOR. One round trip."""
    rows = await guarantee_store.proposals(connection, "loss_rule", cursors.decode(cursor, UUID), limit + 1)
    return ProposedRulePage([_proposed(row, account_id) for row in rows[:limit]], _next(rows, limit))


async def published_rules(connection: Connection, cursor: str | None, limit: int) -> PublishedRules:
    """Every approved rule and what the pool holds, for everybody. Raises BAD_CURSOR. Two round trips."""
    rows = await guarantee_store.published_rules(connection, cursors.decode(cursor, date), limit + 1)
    following = cursors.encode(rows[limit - 1]["begins"]) if len(rows) > limit else None
    pool_fen = await guarantee_store.pool_balance(connection)
    return PublishedRules([_published(row) for row in rows[:limit]], pool_fen, following)


def rule_of(row: Row) -> LossRule:
    """The rule of a row. Raises ValueError for shares that do not sum to 1000."""
    return LossRule(
        merchant_permille=row["merchant_permille"],
        pool_permille=row["pool_permille"],
        city_permille=row["city_permille"],
        order_cap_fen=row["order_cap_fen"],
        partner_year_cap_fen=row["partner_year_cap_fen"],
        year_cap_fen=row["year_cap_fen"],
    )


def shares_of(row: Row) -> Shares:
    """The shares of a guarantee's row."""
    return Shares(merchant_fen=row["merchant_fen"], pool_fen=row["pool_fen"], city_fen=row["city_fen"])


def _came_back(row: Row) -> Shares:
    return Shares(merchant_fen=row["merchant_back_fen"], pool_fen=row["pool_back_fen"], city_fen=row["city_back_fen"])


def _movement(posting: Posting, about: tuple[UUID, str, str], now: datetime) -> Movement:
    order_id, benefit_id, partner_ref = about
    return Movement(
        id=new_id(now), posting=posting, at=now, order_id=order_id, benefit_id=benefit_id, partner_ref=partner_ref
    )


async def _require_approved_budget(connection: Connection, budget_id: UUID) -> None:
    budget = await store.budget(connection, budget_id)
    if budget is None or budget["state"] != ProposalState.APPROVED:
        raise BUDGET_NOT_APPROVED.error()


async def _require_rule(connection: Connection, row: Row, today: date) -> None:
    """Shares that sum to the whole, from a day after today and after every rule that was approved."""
    newest = await guarantee_store.newest_rule(connection)
    sums = row["merchant_permille"] + row["pool_permille"] + row["city_permille"] == WHOLE
    if not sums or row["begins"] <= today or (newest is not None and row["begins"] <= newest):
        raise LOSS_RULE_UNUSABLE.error()


def _next(rows: list[Row], limit: int) -> str | None:
    return cursors.encode(rows[limit - 1]["id"]) if len(rows) > limit else None


def _funding(row: Row, account_id: UUID) -> Funding:
    return Funding(
        id=row["id"],
        budget_id=row["budget_id"],
        amount_fen=row["amount_fen"],
        reason=row["reason"],
        state=ProposalState(row["state"]),
        proposed_at=row["proposed_at"],
        mine=row["proposed_by"] == account_id,
    )


def _proposed(row: Row, account_id: UUID) -> ProposedRule:
    return ProposedRule(
        rule=_published(row),
        budget_id=row["budget_id"],
        state=ProposalState(row["state"]),
        proposed_at=row["proposed_at"],
        mine=row["proposed_by"] == account_id,
    )


def _published(row: Row) -> PublishedRule:
    merchant, pool, city = (row[f"{who}_permille"] for who in ("merchant", "pool", "city"))
    order, partner, year = (yuan(row[f"{what}_cap_fen"]) for what in ("order", "partner_year", "year"))
    return PublishedRule(
        id=row["id"],
        merchant_permille=merchant,
        pool_permille=pool,
        city_permille=city,
        order_cap_fen=row["order_cap_fen"],
        partner_year_cap_fen=row["partner_year_cap_fen"],
        year_cap_fen=row["year_cap_fen"],
        begins=row["begins"],
        handler=row["handler"],
        legal_basis=row["legal_basis"],
        text=f"催告期满仍未付的损失，商户承担 {merchant}‰，担保资金池 {pool}‰，财政 {city}‰；每单以 {order} 元为限分担，"
        f"池与财政对一家商户每年以 {partner} 元、合计每年以 {year} 元为限，超出部分由商户承担",
        text_en=f"Of a loss that is left after the reminders the merchant bears {merchant} ‰, the pool {pool} ‰, the city {city} ‰; "
        f"at most {order} yuan of an order are shared, pool and city bear at most {partner} yuan of a partner's year and {year} "
        "yuan of the year, and the rest is the merchant's",
        approved_at=row["decided_at"] if row["approval"] else None,
        approval=row["approval"],
    )
