"""What the city pays on a simulated day: a budget so small that it is used up before evening."""

from datetime import date, timedelta

from backend.city.create import STAFF
from backend.identity import service as identity
from backend.ledger import service as ledger
from backend.ledger.messages import ProposeBudget, ProposePlan
from backend.platform.clock import start_of_day
from backend.platform.database import Connection
from backend.platform.platform import Platform
from backend.platform.roles import Role

BENEFIT = "park-ticket-discount"

_FEN_A_VISIT = 5
_CAP_FEN = 1000
_HALF = 500


async def give(platform: Platform, connection: Connection, day: date, visits: int) -> None:
    """Puts a budget and a plan in force for this one day, proposed and approved by two operators the day before."""
    proposer, approver = [await identity.register_phone(platform, connection, phone) for phone in STAFF[Role.OPERATOR]]
    before = start_of_day(day) - timedelta(hours=12)
    budget = ProposeBudget(
        year=day.year,
        department="桃花市文化和旅游局",
        title=f"{day} 景区门票补贴（模拟一日）",
        amount_fen=max(_FEN_A_VISIT * visits, _CAP_FEN),
    )
    budget_id = await ledger.propose_budget(connection, proposer, budget, before)
    await ledger.approve_budget(platform, connection, approver, budget_id, before)
    plan = ProposePlan(
        budget_id=budget_id,
        benefit=BENEFIT,
        kind="culture-and-tourism",
        rate_permille=_HALF,
        cap_fen=_CAP_FEN,
        begins=day,
        last_day=day,
        handler="文化和旅游局资源开发科",
        legal_basis="桃花市信易+守信激励措施清单（2026年公布，条例第三十条）",
    )
    plan_id = await ledger.propose_plan(connection, proposer, plan, before)
    await ledger.approve_plan(platform, connection, approver, plan_id, before)
