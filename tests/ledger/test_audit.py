"""审计: the books are derived anew from the events; a build that is broken on purpose, and an insider, are found out."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from backend.audit import service as audit
from backend.ledger import service as ledger
from backend.ledger import store
from backend.ledger.posting import Subsidising
from backend.ledger.store import Booked
from backend.market import redeeming
from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from backend.platform.questions import Question
from tests.builders.books import require_agreeing_books
from tests.builders.partners import PartnerCaller, make_terms, publish
from tests.ledger.conftest import BENEFIT, Verified

pytestmark = pytest.mark.books_broken


async def found(platform: Platform) -> list[str]:
    """What the audit finds; and whether the end of any other test would have failed for it."""
    differences = await audit.examine(platform)
    if differences:
        with pytest.raises(AssertionError):
            await require_agreeing_books(platform)
    return [difference.what for difference in differences]


async def act(partner: PartnerCaller, verified: Verified) -> tuple[str, str]:
    """A redemption that is wholly taken back, and one that stands; gives the ids of the first and its reversal."""
    redemption = (await partner.redeem(await verified(), amount_fen=801)).json()["redemption_id"]
    path = f"/v1/partner/redemptions/{redemption}/reversals"
    first = await partner.post(path, {"partner_ref": "refund-1", "amount_fen": 300})
    assert first.status_code == 201, first.text
    rest = await partner.post(path, {"partner_ref": "refund-2"})
    assert (await partner.redeem(await verified(), amount_fen=500)).status_code == 201
    return redemption, rest.json()["reversal_id"]


async def test_sound_books_have_no_difference(
    clock: SettableClock, platform: Platform, partner: PartnerCaller, verified: Verified
) -> None:
    await act(partner, verified)
    clock.move(timedelta(days=7))
    await ledger.draw_last_month(platform)
    assert await found(platform) == []


async def test_a_build_that_forgets_to_subsidise_is_found_out(
    monkeypatch: pytest.MonkeyPatch, platform: Platform, partner: PartnerCaller, verified: Verified
) -> None:
    async def nothing(*_: object) -> Subsidising:
        return Subsidising(platform, (), {})

    monkeypatch.setattr(ledger, "subsidising", nothing)
    redemption, reversal = await act(partner, verified)
    differences = await found(platform)
    assert f"posting of redemption {redemption}" in differences
    assert f"posting of reversal {reversal}" in differences


async def test_a_build_that_keeps_the_subsidy_of_what_is_reversed_is_found_out(
    monkeypatch: pytest.MonkeyPatch, platform: Platform, partner: PartnerCaller, verified: Verified, budget_id: str
) -> None:
    async def nothing(*_: object) -> None: ...

    monkeypatch.setattr(ledger, "take_back", nothing)
    _, reversal = await act(partner, verified)
    differences = await found(platform)
    assert f"posting of reversal {reversal}" in differences
    assert f"budget {budget_id}: spent" in differences


async def test_a_build_that_posts_and_does_not_count_the_budget_is_found_out(
    monkeypatch: pytest.MonkeyPatch, platform: Platform, partner: PartnerCaller, verified: Verified, budget_id: str
) -> None:
    spending = store.spending

    def posting_alone(booked: Sequence[Booked]) -> tuple[Question[None], ...]:
        return spending(booked)[1:]

    monkeypatch.setattr(store, "spending", posting_alone)
    await partner.redeem(await verified(), amount_fen=500)
    assert await found(platform) == [f"budget {budget_id}: spent"]


async def test_a_build_that_gives_no_place_back_is_found_out(
    monkeypatch: pytest.MonkeyPatch, platform: Platform, partner: PartnerCaller, verified: Verified
) -> None:
    async def nothing(*_: object) -> None: ...

    await publish(platform, make_terms(BENEFIT, cap_fen=3000, quota_total=9, per_person_per_month=9))
    monkeypatch.setattr(redeeming, "_give_back", nothing)
    await act(partner, verified)
    assert await found(platform) == [
        f"quota of {BENEFIT}, total",
        f"one person's limit of {BENEFIT}, month 2026-11",
    ]


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE subsidy_plan SET rate_permille = 1000", "rate_permille"),
        ("UPDATE subsidy_plan SET cap_fen = NULL", "cap_fen"),
        ("UPDATE subsidy_plan SET last_day = '2026-12-30'", "last_day"),
        ("UPDATE subsidy_plan SET approval = 'eyJhbGciOiJub25lIn0.e30.'", "approval"),
        ("UPDATE budget SET amount_fen = 20000", "amount_fen"),
        ("UPDATE redemption SET amount_fen = 900 WHERE amount_fen = 500", "posting of redemption"),
        ("UPDATE redemption SET reversed_fen = 1, state = 'partly-reversed' WHERE amount_fen = 500", "reversed"),
        ("UPDATE verification SET state = 'redeemed' WHERE state = 'answered'", "verification"),
    ],
)
async def test_an_insider_who_writes_into_the_database_is_found_out(
    platform: Platform, partner: PartnerCaller, verified: Verified, statement: str, what: str
) -> None:
    await act(partner, verified)
    await verified()
    assert await found(platform) == []
    async with platform.database.connection() as connection:
        await connection.execute(statement)
    assert any(what in each for each in await found(platform))


async def test_a_posting_under_the_trigger_is_found_out_in_the_statement_too(
    clock: SettableClock, platform: Platform, partner: PartnerCaller, verified: Verified
) -> None:
    await act(partner, verified)
    clock.move(timedelta(days=7))
    await ledger.draw_last_month(platform)
    async with platform.database.transaction() as connection:
        await connection.execute("ALTER TABLE ledger_posting DISABLE TRIGGER USER")
        await connection.execute(
            "UPDATE ledger_posting SET amount_fen = 251 WHERE amount_fen = 250 AND cause = 'redemption'"
        )
    differences = await found(platform)
    assert any(each.startswith("posting of redemption") for each in differences)
    assert any(each.startswith("statement 2026-11") and each.endswith("digest") for each in differences)
