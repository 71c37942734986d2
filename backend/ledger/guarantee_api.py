"""The guarantee pool, the rules by which losses are shared, and payments to partners, over HTTP."""

from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from backend.ledger import service
from backend.ledger.guarantee_messages import (
    Balance,
    Funding,
    FundingPage,
    PaymentOut,
    PaymentPage,
    ProposedRule,
    ProposedRulePage,
    ProposeFunding,
    ProposePayment,
    ProposeRule,
    PublishedRules,
)
from backend.ledger.problems import BUDGET_EXHAUSTED, BUDGET_NOT_APPROVED, LOSS_RULE_UNUSABLE, PAYMENT_UNUSABLE
from backend.platform.cursors import DEFAULT_LIMIT, Cursor, Limit
from backend.platform.http.inputs import TheCaller, ThePlatform, TheSigner
from backend.platform.http.operation import operation
from backend.platform.impartiality import SECOND_PERSON_NEEDED
from backend.platform.problems import BAD_CURSOR, NOT_FOUND, STATE_CONFLICT
from backend.platform.roles import Permission

_BUDGET_ID = "0193a1c0-0000-7000-8000-000000000081"
_FUNDING = {
    "id": "0193a1c0-0000-7000-8000-000000000083",
    "budget_id": _BUDGET_ID,
    "amount_fen": 1_000_000,
    "reason": "2027 年担保资金池注资",
    "state": "proposed",
    "proposed_at": "2026-11-23T08:00:00Z",
    "mine": True,
}
_WANTED_RULE = {
    "budget_id": _BUDGET_ID,
    "merchant_permille": 200,
    "pool_permille": 500,
    "city_permille": 300,
    "order_cap_fen": 50_000,
    "partner_year_cap_fen": 1_000_000,
    "year_cap_fen": 10_000_000,
    "begins": "2027-01-01",
    "handler": "商务局信用科",
    "legal_basis": "桃花市信易+守信激励措施清单（条例第三十条）",
}
_RULE = {
    "id": "0193a1c0-0000-7000-8000-000000000084",
    **{name: value for name, value in _WANTED_RULE.items() if name != "budget_id"},
    "text": "催告期满仍未付的损失，商户承担 200‰，担保资金池 500‰，财政 300‰……",
    "text_en": "Of a loss that is left after the reminders the merchant bears 200 ‰, the pool 500 ‰, the city 300 ‰; ...",
    "approved_at": None,
    "approval": None,
}
_PUBLISHED_RULE = {**_RULE, "approved_at": "2026-11-23T09:00:00Z", "approval": "eyJhbGciOiJFZERTQSJ9.e30.AA"}
_PROPOSED_RULE = {
    "rule": _RULE,
    "budget_id": _BUDGET_ID,
    "state": "proposed",
    "proposed_at": "2026-11-23T08:00:00Z",
    "mine": True,
}
_WANTED_PAYMENT = {
    "partner_id": "0193a1c0-0000-7000-8000-000000000010",
    "amount_fen": 60_000,
    "bank_reference": "GK-2026-12-000381",
    "paid_on": "2026-12-03",
}
_PAYMENT = {
    "id": "0193a1c0-0000-7000-8000-000000000085",
    **_WANTED_PAYMENT,
    "state": "proposed",
    "proposed_at": "2026-12-03T08:00:00Z",
    "mine": True,
}
_BALANCE = {
    "balance_fen": 600,
    "payments": [
        {
            "id": "0193a1c0-0000-7000-8000-000000000085",
            "amount_fen": 60_000,
            "bank_reference": "GK-2026-12-000381",
            "paid_on": "2026-12-03",
            "booked_at": "2026-12-03T09:00:00Z",
        }
    ],
    "next": None,
}
_DECISION = (NOT_FOUND, STATE_CONFLICT, SECOND_PERSON_NEEDED)


@get(
    "/v1/loss-rules",
    **operation(
        Permission.PUBLIC_READ,
        "损失分担规则 How losses of deposit orders are shared",
        "未公布的措施无效（《条例》第三十条）：免押订单催告期满仍未付的损失由谁承担、上限多少、担保资金池现有多少，附签名批准。"
        "Who bears what of a loss that is left after the reminders, up to how much, and what the pool holds; with signed approvals. "
        "Two database round trips.",
        raises=(BAD_CURSOR,),
        answer={"rules": [_PUBLISHED_RULE], "pool_fen": 1_000_000, "next": None},
    ),
)
async def list_published_rules(
    platform: ThePlatform, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> PublishedRules:
    async with platform.database.connection() as connection:
        return await service.published_rules(connection, cursor, limit)


@post(
    "/v1/staff/pool-fundings",
    **operation(
        Permission.GUARANTEE_DECIDE,
        "提出担保资金池注资 Propose funds for the guarantee pool",
        "从一笔预算划入；由另一人批准后入账。Out of a budget; somebody else approves it.",
        raises=(NOT_FOUND,),
        example={name: _FUNDING[name] for name in ("budget_id", "amount_fen", "reason")},
        answer=_FUNDING,
    ),
)
async def propose_funding(platform: ThePlatform, caller: TheCaller, data: JSONBody[ProposeFunding]) -> Funding:
    async with platform.database.transaction() as connection:
        funding_id = await service.propose_funding(connection, caller.account_id, data, platform.clock.now())
        return await service.funding(connection, caller.account_id, funding_id)


@get(
    "/v1/staff/pool-fundings",
    **operation(
        Permission.GUARANTEE_DECIDE,
        "担保资金池注资 Funds for the guarantee pool",
        "最新在前。Newest first. One database round trip.",
        raises=(BAD_CURSOR,),
        answer={"fundings": [_FUNDING], "next": None},
    ),
)
async def list_fundings(
    platform: ThePlatform, caller: TheCaller, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> FundingPage:
    async with platform.database.connection() as connection:
        return await service.fundings(connection, caller.account_id, cursor, limit)


@post(
    "/v1/staff/pool-fundings/{funding_id:uuid}/approve",
    status_code=HTTP_200_OK,
    **operation(
        Permission.GUARANTEE_DECIDE,
        "批准注资 Approve funds for the pool",
        "须由提出人以外的人批准，并留下签名。By somebody other than the proposer; signed.",
        raises=(*_DECISION, BUDGET_NOT_APPROVED, BUDGET_EXHAUSTED),
        answer={**_FUNDING, "state": "approved", "mine": False},
    ),
)
async def approve_funding(platform: ThePlatform, caller: TheCaller, funding_id: FromPath[UUID]) -> Funding:
    async with platform.database.transaction() as connection:
        await service.approve_funding(platform, connection, caller.account_id, funding_id, platform.clock.now())
        return await service.funding(connection, caller.account_id, funding_id)


@post(
    "/v1/staff/pool-fundings/{funding_id:uuid}/refuse",
    status_code=HTTP_200_OK,
    **operation(
        Permission.GUARANTEE_DECIDE,
        "退回注资 Refuse funds for the pool",
        "由提出人以外的人退回。By somebody other than the proposer.",
        raises=_DECISION,
        answer={**_FUNDING, "state": "refused", "mine": False},
    ),
)
async def refuse_funding(platform: ThePlatform, caller: TheCaller, funding_id: FromPath[UUID]) -> Funding:
    async with platform.database.transaction() as connection:
        await service.refuse_funding(connection, caller.account_id, funding_id, platform.clock.now())
        return await service.funding(connection, caller.account_id, funding_id)


@post(
    "/v1/staff/loss-rules",
    **operation(
        Permission.GUARANTEE_DECIDE,
        "提出损失分担规则 Propose how losses are shared",
        "三方比例合计 1000‰，设每单、每商户每年、每年上限；自批准次日起、适用于此后开立的订单。"
        "Three shares of 1000 permille and three caps; for orders opened from a day after its approval on.",
        raises=(NOT_FOUND, LOSS_RULE_UNUSABLE),
        example=_WANTED_RULE,
        answer=_PROPOSED_RULE,
    ),
)
async def propose_rule(platform: ThePlatform, caller: TheCaller, data: JSONBody[ProposeRule]) -> ProposedRule:
    async with platform.database.transaction() as connection:
        rule_id = await service.propose_rule(connection, caller.account_id, data, platform.clock.now())
        return await service.rule(connection, caller.account_id, rule_id)


@get(
    "/v1/staff/loss-rules",
    **operation(
        Permission.GUARANTEE_DECIDE,
        "全部损失分担规则 All rules about losses",
        "最新在前，含待批准的。Newest first, with those that wait for approval. One database round trip.",
        raises=(BAD_CURSOR,),
        answer={"rules": [_PROPOSED_RULE], "next": None},
    ),
)
async def list_rules(
    platform: ThePlatform, caller: TheCaller, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> ProposedRulePage:
    async with platform.database.connection() as connection:
        return await service.rules(connection, caller.account_id, cursor, limit)


@post(
    "/v1/staff/loss-rules/{rule_id:uuid}/approve",
    status_code=HTTP_200_OK,
    **operation(
        Permission.GUARANTEE_DECIDE,
        "批准并公布损失分担规则 Approve and publish a rule about losses",
        "须由提出人以外的人批准；签名批准随规则公布。By somebody other than the proposer; the signed approval is published.",
        raises=(*_DECISION, BUDGET_NOT_APPROVED, LOSS_RULE_UNUSABLE),
        answer={**_PROPOSED_RULE, "rule": _PUBLISHED_RULE, "state": "approved", "mine": False},
    ),
)
async def approve_rule(platform: ThePlatform, caller: TheCaller, rule_id: FromPath[UUID]) -> ProposedRule:
    async with platform.database.transaction() as connection:
        await service.approve_rule(platform, connection, caller.account_id, rule_id, platform.clock.now())
        return await service.rule(connection, caller.account_id, rule_id)


@post(
    "/v1/staff/loss-rules/{rule_id:uuid}/refuse",
    status_code=HTTP_200_OK,
    **operation(
        Permission.GUARANTEE_DECIDE,
        "退回损失分担规则 Refuse a rule about losses",
        "由提出人以外的人退回。By somebody other than the proposer.",
        raises=_DECISION,
        answer={**_PROPOSED_RULE, "state": "refused", "mine": False},
    ),
)
async def refuse_rule(platform: ThePlatform, caller: TheCaller, rule_id: FromPath[UUID]) -> ProposedRule:
    async with platform.database.transaction() as connection:
        await service.refuse_rule(connection, caller.account_id, rule_id, platform.clock.now())
        return await service.rule(connection, caller.account_id, rule_id)


@post(
    "/v1/staff/partner-payments",
    **operation(
        Permission.PAYMENTS_DECIDE,
        "登记拨付 Record a payment to a partner",
        "按银行或国库凭证号登记，不收账号；由另一人确认后入账。Under the bank's reference, no account number; somebody else confirms it.",
        raises=(PAYMENT_UNUSABLE,),
        example=_WANTED_PAYMENT,
        answer=_PAYMENT,
    ),
)
async def propose_payment(platform: ThePlatform, caller: TheCaller, data: JSONBody[ProposePayment]) -> PaymentOut:
    async with platform.database.transaction() as connection:
        payment_id = await service.propose_payment(connection, caller.account_id, data, platform.clock.now())
        return await service.payment(connection, caller.account_id, payment_id)


@get(
    "/v1/staff/partner-payments",
    **operation(
        Permission.PAYMENTS_DECIDE,
        "拨付登记 Payments to partners",
        "最新在前，含待确认的。Newest first, with those that wait. One database round trip.",
        raises=(BAD_CURSOR,),
        answer={"payments": [_PAYMENT], "next": None},
    ),
)
async def list_payments(
    platform: ThePlatform, caller: TheCaller, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> PaymentPage:
    async with platform.database.connection() as connection:
        return await service.payments(connection, caller.account_id, cursor, limit)


@post(
    "/v1/staff/partner-payments/{payment_id:uuid}/approve",
    status_code=HTTP_200_OK,
    **operation(
        Permission.PAYMENTS_DECIDE,
        "确认拨付 Confirm a payment",
        "须由登记人以外的人确认，并留下签名。By somebody other than the one who recorded it; signed.",
        raises=(*_DECISION, PAYMENT_UNUSABLE),
        answer={**_PAYMENT, "state": "approved", "mine": False},
    ),
)
async def approve_payment(platform: ThePlatform, caller: TheCaller, payment_id: FromPath[UUID]) -> PaymentOut:
    async with platform.database.transaction() as connection:
        await service.approve_payment(platform, connection, caller.account_id, payment_id, platform.clock.now())
        return await service.payment(connection, caller.account_id, payment_id)


@post(
    "/v1/staff/partner-payments/{payment_id:uuid}/refuse",
    status_code=HTTP_200_OK,
    **operation(
        Permission.PAYMENTS_DECIDE,
        "退回拨付 Refuse a payment",
        "由登记人以外的人退回。By somebody other than the one who recorded it.",
        raises=_DECISION,
        answer={**_PAYMENT, "state": "refused", "mine": False},
    ),
)
async def refuse_payment(platform: ThePlatform, caller: TheCaller, payment_id: FromPath[UUID]) -> PaymentOut:
    async with platform.database.transaction() as connection:
        await service.refuse_payment(connection, caller.account_id, payment_id, platform.clock.now())
        return await service.payment(connection, caller.account_id, payment_id)


@get(
    "/v1/staff/partner-balances/{partner_id:uuid}",
    **operation(
        Permission.PAYMENTS_DECIDE,
        "商户应付余额 What a partner is owed",
        "应付余额与历次拨付。What it is owed now, and what it was paid. Three database round trips.",
        raises=(NOT_FOUND, BAD_CURSOR),
        answer=_BALANCE,
    ),
)
async def partner_balance(
    platform: ThePlatform, partner_id: FromPath[UUID], cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Balance:
    async with platform.database.connection() as connection:
        return await service.balance(connection, partner_id, cursor, limit)


@get(
    "/v1/partner/balance",
    **operation(
        Permission.PARTNER_STATEMENTS,
        "应收余额 What you are owed",
        "现在的余额（负数为应退）与历次拨付。What you are owed now (negative: what you owe) and what you were paid, newest first. Three "
        "database round trips.",
        raises=(BAD_CURSOR,),
        answer=_BALANCE,
    ),
)
async def own_balance(
    platform: ThePlatform, signer: TheSigner, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Balance:
    async with platform.database.connection() as connection:
        return await service.balance(connection, signer.owner_id, cursor, limit)


HANDLERS: tuple[Any, ...] = (
    list_published_rules, propose_funding, list_fundings, approve_funding, refuse_funding, propose_rule, list_rules,
    approve_rule, refuse_rule, propose_payment, list_payments, approve_payment, refuse_payment, partner_balance, own_balance,
)  # fmt: skip
