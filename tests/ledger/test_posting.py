"""记账: the subsidy is paid in the redemption's transaction, taken back to the fen, and never over the budget."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from backend.ledger import service as ledger
from backend.ledger.messages import ProposeBudget, ProposePlan
from backend.platform.clock import SettableClock, local_date
from backend.platform.platform import Platform
from tests.builders.partners import PartnerCaller
from tests.builders.people import Person, PersonBuilder
from tests.ledger.conftest import Office, Verified


async def test_a_redemption_is_subsidised_by_rate_and_cap(
    office: Office, budget_id: str, partner: PartnerCaller, verified: Verified
) -> None:
    for amount, spent in ((301, 150), (3000, 650), (0, 650)):
        redeemed = await partner.redeem(await verified(), amount_fen=amount)
        assert redeemed.status_code == 201, redeemed.text
        assert await office.spent(budget_id) == spent


async def test_a_partner_is_told_nothing_of_a_subsidy(partner: PartnerCaller, verified: Verified) -> None:
    with_plan = (await partner.redeem(await verified(), amount_fen=300)).json()
    without = (await partner.redeem(await verified("poetry-discount"), amount_fen=300)).json()
    assert with_plan.keys() == without.keys()


async def test_a_benefit_without_a_plan_costs_the_city_nothing(
    office: Office, budget_id: str, partner: PartnerCaller, verified: Verified
) -> None:
    assert (await partner.redeem(await verified("poetry-discount"), amount_fen=3000)).status_code == 201
    assert await office.spent(budget_id) == 0


async def test_a_benefit_without_a_plan_waits_for_no_budget(
    platform: Platform, budget_id: str, partner: PartnerCaller, verified: Verified
) -> None:
    verification = await verified("poetry-discount")
    async with platform.database.transaction() as connection:
        await connection.fetch("SELECT id FROM budget FOR UPDATE")
        assert (await partner.redeem(verification, amount_fen=3000)).status_code == 201


async def test_reversals_take_the_subsidy_back_to_the_fen(
    office: Office, budget_id: str, partner: PartnerCaller, verified: Verified
) -> None:
    redemption = (await partner.redeem(await verified(), amount_fen=1003)).json()["redemption_id"]
    assert await office.spent(budget_id) == 500
    path = f"/v1/partner/redemptions/{redemption}/reversals"
    # 1003 is capped at 500; 1002, 701 and 0 are worth 500, 350 and nothing.
    for amount, spent in ((1, 500), (301, 350), (None, 0)):
        body = {"partner_ref": "refund-1"} | ({} if amount is None else {"amount_fen": amount})
        assert (await partner.post(path, body)).status_code == 201
        assert await office.spent(budget_id) == spent


async def test_a_retry_is_subsidised_once(
    office: Office, budget_id: str, partner: PartnerCaller, verified: Verified
) -> None:
    verification, key = await verified(), str(uuid4())
    answers = await asyncio.gather(*(partner.redeem(verification, key, amount_fen=800) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert await office.spent(budget_id) == 400


async def test_tills_at_once_never_exceed_the_budget(
    office: Office, budget_id: str, partner: PartnerCaller, verified: Verified
) -> None:
    verifications = [await verified() for _ in range(24)]
    answers = await asyncio.gather(*(partner.redeem(each, amount_fen=1000) for each in verifications))
    refused = [answer.json()["code"] for answer in answers if answer.status_code != 201]
    # As if any quota were used up: why is nothing to a partner.
    assert refused == ["quota-exhausted"] * 4
    assert await office.spent(budget_id) == 10_000


async def test_a_plan_pays_until_its_last_day_and_takes_back_after_it(
    office: Office,
    budget_id: str,
    partner: PartnerCaller,
    verified: Verified,
    clock: SettableClock,
    person: PersonBuilder,
    resident: Person,
) -> None:
    redemption = (await partner.redeem(await verified(), amount_fen=600)).json()["redemption_id"]
    clock.move(timedelta(days=38))
    for someone in (office.proposer, resident):
        await person.sign_in(someone)
    assert local_date(clock.now()).isoformat() == "2027-01-01"
    assert (await partner.redeem(await verified(), amount_fen=600)).status_code == 201
    assert await office.spent(budget_id) == 300
    await partner.post(f"/v1/partner/redemptions/{redemption}/reversals", {"partner_ref": "refund-1"})
    assert await office.spent(budget_id) == 0


async def test_what_was_posted_stands(partner: PartnerCaller, verified: Verified, platform: Platform) -> None:
    await partner.redeem(await verified(), amount_fen=600)
    async with platform.database.connection() as connection:
        for statement in ("UPDATE ledger_posting SET amount_fen = 1", "DELETE FROM ledger_posting"):
            with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="stays"):
                await connection.execute(statement)
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute("UPDATE budget SET spent_fen = amount_fen + 1")


async def test_uploads_with_two_budgets_in_any_order_do_not_wait_for_each_other(platform: Platform) -> None:
    now = platform.clock.now()
    benefits = ("first-benefit", "second-benefit")
    async with platform.database.transaction() as connection:
        for benefit in benefits:
            wanted = ProposeBudget(year=2026, department="局", title="预算", amount_fen=100_000)
            budget = await ledger.propose_budget(connection, uuid4(), wanted, now)
            await ledger.approve_budget(platform, connection, uuid4(), budget, now)
            day = local_date(now)
            plan = ProposePlan(
                budget_id=budget,
                benefit=benefit,
                kind="subsidy",
                rate_permille=1000,
                begins=day,
                last_day=day,
                handler="科",
                legal_basis="依据",
            )
            yesterday = now - timedelta(days=1)
            plan_id = await ledger.propose_plan(connection, uuid4(), plan, yesterday)
            await ledger.approve_plan(platform, connection, uuid4(), plan_id, yesterday)

    async def upload(order: tuple[str, ...]) -> None:
        uses = [
            ledger.Use(
                redemption_id=uuid4(),
                partner_id=uuid4(),
                benefit_id=benefit,
                partner_ref="x",
                worth_fen=100,
                happened_at=now,
            )
            for benefit in order
        ]
        async with platform.database.transaction() as connection:
            assert await ledger.subsidise(platform, connection, uses) == [True] * len(uses)
            raise RuntimeError

    results = await asyncio.gather(
        *(upload(order) for order in (benefits, benefits[::-1]) * 10), return_exceptions=True
    )
    assert {type(result) for result in results} == {RuntimeError}
