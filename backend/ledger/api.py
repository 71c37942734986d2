"""The ledger over HTTP: budgets and plans for operators, the plans in force for everybody, statements for partners."""

from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from backend.ledger import service
from backend.ledger.messages import (
    BudgetOut,
    BudgetPage,
    EndPlan,
    Month,
    ProposeBudget,
    ProposedPlan,
    ProposedPlanPage,
    ProposePlan,
    PublishedPlanPage,
    StatementDetail,
    StatementPage,
)
from backend.ledger.problems import BUDGET_NOT_APPROVED, PLAN_DATES
from backend.platform.clock import local_date
from backend.platform.cursors import DEFAULT_LIMIT, Cursor, Limit
from backend.platform.http.inputs import TheCaller, ThePlatform, TheSigner
from backend.platform.http.operation import operation
from backend.platform.impartiality import SECOND_PERSON_NEEDED
from backend.platform.problems import BAD_CURSOR, NOT_FOUND, STATE_CONFLICT
from backend.platform.roles import Permission
from backend.platform.terms import LAST_DAY_UNUSABLE

_BUDGET = {
    "id": "0193a1c0-0000-7000-8000-000000000081",
    "year": 2027,
    "department": "桃花市商务局",
    "title": "2027 年信易购消费补贴",
    "amount_fen": 50_000_000,
    "spent_fen": 0,
    "state": "proposed",
    "proposed_at": "2026-11-23T08:00:00Z",
    "mine": True,
}
_WANTED = {
    "budget_id": "0193a1c0-0000-7000-8000-000000000081",
    "benefit": "bookshop-discount",
    "kind": "consumption-voucher",
    "rate_permille": 500,
    "cap_fen": 2000,
    "begins": "2027-01-01",
    "last_day": "2027-12-31",
    "handler": "商务局消费促进科",
    "legal_basis": "桃花市信易+守信激励措施清单（条例第三十条）",
}
_PLAN = {
    "id": "0193a1c0-0000-7000-8000-000000000082",
    **{name: value for name, value in _WANTED.items() if name != "budget_id"},
    "year": 2027,
    "department": "桃花市商务局",
    "title": "2027 年信易购消费补贴",
    "formula": "补贴 = 权益金额 × 50%，不足一分舍去，每次最多 20.00 元",
    "formula_en": "subsidy = worth × 50 %, rounded down to the fen, at most 20.00 yuan each",
    "approved_at": None,
    "approval": None,
}
_PUBLISHED = {**_PLAN, "approved_at": "2026-11-23T09:00:00Z", "approval": "eyJhbGciOiJFZERTQSJ9.e30.AA"}
_PROPOSED = {
    "plan": _PLAN,
    "budget_id": "0193a1c0-0000-7000-8000-000000000081",
    "state": "proposed",
    "proposed_at": "2026-11-23T08:00:00Z",
    "mine": True,
    "end_proposed": None,
    "end_mine": False,
}
_APPROVED = {**_PROPOSED, "plan": _PUBLISHED, "state": "approved", "mine": False}
_STATEMENT = {
    "month": "2026-11",
    "opening_fen": 0,
    "subsidised_fen": 600,
    "taken_back_fen": 0,
    "guaranteed_fen": 0,
    "returned_fen": 0,
    "paid_out_fen": 0,
    "closing_fen": 600,
    "lines": 1,
    "digest": "5b8e1f0f7c6c3a1b9a4f2f5a2f2d1f0e6b7a9c8d4e3f2a1b0c9d8e7f6a5b4c3d",
    "signed": "eyJhbGciOiJFZERTQSJ9.e30.AA",
    "drawn_at": "2026-11-30T19:00:00Z",
}
_LINE = {
    "booked_at": "2026-11-23T08:00:00Z",
    "happened_at": "2026-11-23T08:00:00Z",
    "cause": "redemption",
    "id": "0193a1c0-0000-7000-8000-000000000021",
    "redemption_id": "0193a1c0-0000-7000-8000-000000000021",
    "benefit": "bookshop-discount",
    "partner_ref": "order-1001",
    "plan": "0193a1c0-0000-7000-8000-000000000082",
    "worth_fen": 1200,
    "subsidy_fen": 600,
    "order_id": None,
}
_DECISION = (NOT_FOUND, STATE_CONFLICT, SECOND_PERSON_NEEDED)


@get(
    "/v1/subsidy-plans",
    **operation(
        Permission.PUBLIC_READ,
        "补贴计划 Subsidy plans in force and announced",
        "未公布的措施无效（《条例》第三十条）：哪个部门以哪一年的预算、按什么公式补贴哪项权益，附签名批准。"
        "Which department pays what of which benefit, by which formula, with its signed approval. One database round trip.",
        raises=(BAD_CURSOR,),
        answer={"plans": [_PUBLISHED], "next": None},
    ),
)
async def list_published_plans(
    platform: ThePlatform, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> PublishedPlanPage:
    today = local_date(platform.clock.now())
    async with platform.database.connection() as connection:
        return await service.published(connection, today, cursor, limit)


@post(
    "/v1/staff/budgets",
    **operation(
        Permission.SUBSIDIES_DECIDE,
        "提出预算 Propose a budget",
        "一个部门一年可用于补贴的金额（分）；由另一人批准。What a department may spend in a year; somebody else approves it.",
        example={name: _BUDGET[name] for name in ("year", "department", "title", "amount_fen")},
        answer=_BUDGET,
    ),
)
async def propose_budget(platform: ThePlatform, caller: TheCaller, data: JSONBody[ProposeBudget]) -> BudgetOut:
    async with platform.database.transaction() as connection:
        budget_id = await service.propose_budget(connection, caller.account_id, data, platform.clock.now())
        return await service.budget(connection, caller.account_id, budget_id)


@get(
    "/v1/staff/budgets",
    **operation(
        Permission.SUBSIDIES_DECIDE,
        "预算 Budgets",
        "最新在前，含已用金额。Newest first, with what was spent of each. One database round trip.",
        raises=(BAD_CURSOR,),
        answer={"budgets": [_BUDGET], "next": None},
    ),
)
async def list_budgets(
    platform: ThePlatform, caller: TheCaller, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> BudgetPage:
    async with platform.database.connection() as connection:
        return await service.budgets(connection, caller.account_id, cursor, limit)


@post(
    "/v1/staff/budgets/{budget_id:uuid}/approve",
    status_code=HTTP_200_OK,
    **operation(
        Permission.SUBSIDIES_DECIDE,
        "批准预算 Approve a budget",
        "须由提出人以外的人批准，并留下签名。By somebody other than the proposer; the approval is signed.",
        raises=_DECISION,
        answer={**_BUDGET, "state": "approved", "mine": False},
    ),
)
async def approve_budget(platform: ThePlatform, caller: TheCaller, budget_id: FromPath[UUID]) -> BudgetOut:
    async with platform.database.transaction() as connection:
        await service.approve_budget(platform, connection, caller.account_id, budget_id, platform.clock.now())
        return await service.budget(connection, caller.account_id, budget_id)


@post(
    "/v1/staff/budgets/{budget_id:uuid}/refuse",
    status_code=HTTP_200_OK,
    **operation(
        Permission.SUBSIDIES_DECIDE,
        "退回预算 Refuse a budget",
        "由提出人以外的人退回。By somebody other than the proposer.",
        raises=_DECISION,
        answer={**_BUDGET, "state": "refused", "mine": False},
    ),
)
async def refuse_budget(platform: ThePlatform, caller: TheCaller, budget_id: FromPath[UUID]) -> BudgetOut:
    async with platform.database.transaction() as connection:
        await service.refuse_budget(connection, caller.account_id, budget_id, platform.clock.now())
        return await service.budget(connection, caller.account_id, budget_id)


@post(
    "/v1/staff/subsidy-plans",
    **operation(
        Permission.SUBSIDIES_DECIDE,
        "提出补贴计划 Propose a subsidy plan",
        "按比例（千分之几）补贴一项权益，可设每次上限；自批准次日起、在预算年度内生效。"
        "A rate in permille of what a redemption was worth, with a cap for each; from a day after its approval on.",
        raises=(NOT_FOUND, PLAN_DATES),
        example=_WANTED,
        answer=_PROPOSED,
    ),
)
async def propose_plan(platform: ThePlatform, caller: TheCaller, data: JSONBody[ProposePlan]) -> ProposedPlan:
    async with platform.database.transaction() as connection:
        plan_id = await service.propose_plan(connection, caller.account_id, data, platform.clock.now())
        return await service.plan(connection, caller.account_id, plan_id)


@get(
    "/v1/staff/subsidy-plans",
    **operation(
        Permission.SUBSIDIES_DECIDE,
        "全部补贴计划 All subsidy plans",
        "最新在前，含待批准的。Newest first, with those that wait for approval. One database round trip.",
        raises=(BAD_CURSOR,),
        answer={"plans": [_PROPOSED], "next": None},
    ),
)
async def list_plans(
    platform: ThePlatform, caller: TheCaller, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> ProposedPlanPage:
    async with platform.database.connection() as connection:
        return await service.plans(connection, caller.account_id, cursor, limit)


@post(
    "/v1/staff/subsidy-plans/{plan_id:uuid}/approve",
    status_code=HTTP_200_OK,
    **operation(
        Permission.SUBSIDIES_DECIDE,
        "批准并公布补贴计划 Approve and publish a subsidy plan",
        "须由提出人以外的人批准；签名批准随计划公布。By somebody other than the proposer; the signed approval is published.",
        raises=(*_DECISION, BUDGET_NOT_APPROVED, PLAN_DATES),
        answer=_APPROVED,
    ),
)
async def approve_plan(platform: ThePlatform, caller: TheCaller, plan_id: FromPath[UUID]) -> ProposedPlan:
    async with platform.database.transaction() as connection:
        await service.approve_plan(platform, connection, caller.account_id, plan_id, platform.clock.now())
        return await service.plan(connection, caller.account_id, plan_id)


@post(
    "/v1/staff/subsidy-plans/{plan_id:uuid}/refuse",
    status_code=HTTP_200_OK,
    **operation(
        Permission.SUBSIDIES_DECIDE,
        "退回补贴计划 Refuse a subsidy plan",
        "由提出人以外的人退回。By somebody other than the proposer.",
        raises=_DECISION,
        answer={**_PROPOSED, "state": "refused", "mine": False},
    ),
)
async def refuse_plan(platform: ThePlatform, caller: TheCaller, plan_id: FromPath[UUID]) -> ProposedPlan:
    async with platform.database.transaction() as connection:
        await service.refuse_plan(connection, caller.account_id, plan_id, platform.clock.now())
        return await service.plan(connection, caller.account_id, plan_id)


@post(
    "/v1/staff/subsidy-plans/{plan_id:uuid}/end",
    status_code=HTTP_200_OK,
    **operation(
        Permission.SUBSIDIES_DECIDE,
        "提出提前结束补贴计划 Propose to end a subsidy plan early",
        "最后一天须在今天之后；由另一人批准后生效，此前照常补贴。The last day lies after today; somebody else approves it, and until then it pays "
        "as published.",
        raises=(NOT_FOUND, STATE_CONFLICT, LAST_DAY_UNUSABLE, PLAN_DATES),
        example={"last_day": "2027-06-30"},
        answer={**_APPROVED, "end_proposed": "2027-06-30", "end_mine": True},
    ),
)
async def propose_end(
    platform: ThePlatform, caller: TheCaller, plan_id: FromPath[UUID], data: JSONBody[EndPlan]
) -> ProposedPlan:
    async with platform.database.transaction() as connection:
        await service.propose_end(connection, caller.account_id, plan_id, data.last_day, platform.clock.now())
        return await service.plan(connection, caller.account_id, plan_id)


@post(
    "/v1/staff/subsidy-plans/{plan_id:uuid}/end/approve",
    status_code=HTTP_200_OK,
    **operation(
        Permission.SUBSIDIES_DECIDE,
        "批准提前结束补贴计划 Approve that a subsidy plan ends early",
        "须由提出人以外的人批准，并留下签名；最后一天及以前的核销照常补贴。By somebody other than the proposer; signed. Until its last day it pays as "
        "published.",
        raises=(*_DECISION, LAST_DAY_UNUSABLE, PLAN_DATES),
        answer={
            **_APPROVED,
            "plan": {**_PUBLISHED, "last_day": "2027-06-30"},
            "end_proposed": "2027-06-30",
        },
    ),
)
async def approve_end(platform: ThePlatform, caller: TheCaller, plan_id: FromPath[UUID]) -> ProposedPlan:
    async with platform.database.transaction() as connection:
        await service.approve_end(platform, connection, caller.account_id, plan_id, platform.clock.now())
        return await service.plan(connection, caller.account_id, plan_id)


@post(
    "/v1/staff/subsidy-plans/{plan_id:uuid}/end/refuse",
    status_code=HTTP_200_OK,
    **operation(
        Permission.SUBSIDIES_DECIDE,
        "退回提前结束补贴计划 Refuse that a subsidy plan ends early",
        "由提出人以外的人退回。By somebody other than the proposer.",
        raises=_DECISION,
        answer=_APPROVED,
    ),
)
async def refuse_end(platform: ThePlatform, caller: TheCaller, plan_id: FromPath[UUID]) -> ProposedPlan:
    async with platform.database.transaction() as connection:
        await service.refuse_end(connection, caller.account_id, plan_id)
        return await service.plan(connection, caller.account_id, plan_id)


@get(
    "/v1/partner/statements",
    **operation(
        Permission.PARTNER_STATEMENTS,
        "月度结算单 Own statements",
        "每月一张，最新在前；次月 1 日凌晨出具。One for each month, newest first. One database round trip.",
        raises=(BAD_CURSOR,),
        answer={"statements": [_STATEMENT], "next": None},
    ),
)
async def list_statements(
    platform: ThePlatform, signer: TheSigner, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> StatementPage:
    return await service.listing(platform, signer.owner_id, cursor, limit)


@get(
    "/v1/partner/statements/{month:str}",
    **operation(
        Permission.PARTNER_STATEMENTS,
        "一张结算单 One statement",
        "期初、每笔变动（核销、冲正、担保、退回、拨付）、期末；signed 为平台签名。Every movement; `signed` is a JWS. "
        "Two database round trips.",
        raises=(NOT_FOUND,),
        answer={"statement": _STATEMENT, "lines": [_LINE]},
    ),
)
async def get_statement(platform: ThePlatform, signer: TheSigner, month: FromPath[Month]) -> StatementDetail:
    return await service.one(platform, signer.owner_id, month)


@get(
    "/v1/partner/statements/{month:str}/csv",
    media_type="text/csv",
    **operation(
        Permission.PARTNER_STATEMENTS,
        "结算单表格 A statement as CSV",
        "UTF-8（带 BOM），可直接用表格软件打开；其 SHA-256 即结算单的 digest。UTF-8 with a byte order mark; its SHA-256 is `digest`. "
        "Two database round trips.",
        raises=(NOT_FOUND,),
        answer="入账时间 booked,…\r\n",
    ),
)
async def get_statement_csv(platform: ThePlatform, signer: TheSigner, month: FromPath[Month]) -> Response[bytes]:
    text = await service.one_as_csv(platform, signer.owner_id, month)
    return Response(
        text,
        headers={
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": f'attachment; filename="statement-{month}.csv"',
        },
    )


HANDLERS = (
    list_published_plans, propose_budget, list_budgets, approve_budget, refuse_budget, propose_plan, list_plans,
    approve_plan, refuse_plan, propose_end, approve_end, refuse_end, list_statements, get_statement, get_statement_csv,
)  # fmt: skip
