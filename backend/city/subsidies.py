"""The city's money in the synthetic city: a budget of the year and its plans, approved the day before they begin."""

from datetime import date, timedelta
from uuid import UUID

from backend.city.materials import Subsidies
from backend.ledger import service as ledger
from backend.ledger.messages import ProposeBudget, ProposePlan
from backend.platform.clock import local_date
from backend.platform.database import Connection
from backend.platform.platform import Platform


async def give(platform: Platform, connection: Connection, subsidies: Subsidies, proposer: UUID, approver: UUID) -> int:
    """Puts the budget and the plans in force from today to the end of the year; gives the number of plans."""
    now = platform.clock.now()
    # A plan begins on a day after its approval: whoever opens the city today finds one that pays.
    yesterday, today = now - timedelta(days=1), local_date(now)
    budget = ProposeBudget(
        year=today.year,
        department=subsidies.budget.department,
        title=f"{today.year} 年{subsidies.budget.title}",
        amount_fen=subsidies.budget.amount_fen,
    )
    budget_id = await ledger.propose_budget(connection, proposer, budget, yesterday)
    await ledger.approve_budget(platform, connection, approver, budget_id, yesterday)
    for material in subsidies.plans:
        plan = ProposePlan(
            budget_id=budget_id,
            benefit=material.benefit,
            kind=material.kind,
            rate_permille=material.rate_permille,
            cap_fen=material.cap_fen,
            begins=today,
            last_day=date(today.year, 12, 31),
            handler=material.handler,
            legal_basis=material.legal_basis,
        )
        plan_id = await ledger.propose_plan(connection, proposer, plan, yesterday)
        await ledger.approve_plan(platform, connection, approver, plan_id, yesterday)
    return len(subsidies.plans)
