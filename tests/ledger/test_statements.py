"""月度结算单: drawn when the month is over, signed, equal to the postings, and never changed."""

import csv
import hashlib
import re
from datetime import timedelta
from io import BytesIO, StringIO
from pathlib import Path

import asyncpg
import httpx2
import jwt
import pytest
from pypdf import PdfReader

from backend.ledger import service as ledger
from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from tests.builders.partners import PartnerCaller, make_partner
from tests.ledger.conftest import BENEFIT, Verified


async def a_month(clock: SettableClock, partner: PartnerCaller, verified: Verified) -> None:
    """Two redemptions of 301 and 800 fen, half of each from the city, and 300 fen of the second taken back."""
    await partner.redeem(await verified(), amount_fen=301)
    clock.move(timedelta(seconds=1))
    redemption = (await partner.redeem(await verified(), amount_fen=800)).json()["redemption_id"]
    clock.move(timedelta(seconds=1))
    body = {"partner_ref": "refund-1", "amount_fen": 300}
    await partner.post(f"/v1/partner/redemptions/{redemption}/reversals", body)


async def test_a_month_is_drawn_once_when_it_is_over(
    clock: SettableClock, platform: Platform, partner: PartnerCaller, verified: Verified
) -> None:
    await a_month(clock, partner, verified)
    assert await ledger.draw_statements(platform, "2026-11") == 0
    clock.move(timedelta(days=7))
    assert await ledger.draw_last_month(platform) == 1
    assert await ledger.draw_last_month(platform) == 0
    [shown] = (await partner("GET", "/v1/partner/statements")).json()["statements"]
    amounts = ("opening_fen", "subsidised_fen", "taken_back_fen", "closing_fen", "lines")
    assert [shown[name] for name in amounts] == [0, 550, 150, 400, 3]
    detail = (await partner("GET", "/v1/partner/statements/2026-11")).json()
    assert detail["statement"] == shown
    assert [line["subsidy_fen"] for line in detail["lines"]] == [150, 400, -150]
    assert [line["worth_fen"] for line in detail["lines"]] == [301, 800, -300]


async def test_the_signature_covers_every_sum_and_the_csv(
    clock: SettableClock, platform: Platform, partner: PartnerCaller, verified: Verified
) -> None:
    await a_month(clock, partner, verified)
    clock.move(timedelta(days=7))
    await ledger.draw_last_month(platform)
    shown = (await partner("GET", "/v1/partner/statements/2026-11")).json()["statement"]
    answer = await partner("GET", "/v1/partner/statements/2026-11/csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    kid = jwt.get_unverified_header(shown["signed"])["kid"]
    key = next(each for each in platform.keys.key_set() if each["kid"] == kid)
    claims = jwt.decode(
        shown["signed"], jwt.PyJWK(key).key, algorithms=["EdDSA"], audience=str(partner.partner_id), leeway=10**9
    )
    assert claims["csv_sha256"] == shown["digest"] == hashlib.sha256(answer.content).hexdigest()
    assert (claims["month"], claims["closing_fen"], claims["lines"]) == ("2026-11", 400, 3)
    rows = list(csv.reader(StringIO(answer.content.decode("utf-8-sig"))))
    assert [row[-1] for row in rows[1:]] == ["0.00", "1.50", "5.50", "4.00", "4.00"]


async def test_on_paper_it_says_the_same_to_the_fen_and_carries_its_signature(
    clock: SettableClock, platform: Platform, partner: PartnerCaller, verified: Verified, tmp_path: Path
) -> None:
    await a_month(clock, partner, verified)
    assert (await partner("GET", "/v1/partner/statements/2026-11/pdf")).status_code == 404
    clock.move(timedelta(days=7))
    await ledger.draw_last_month(platform)
    shown = (await partner("GET", "/v1/partner/statements/2026-11")).json()["statement"]
    answer = await partner("GET", "/v1/partner/statements/2026-11/pdf")
    assert answer.headers["content-type"] == "application/pdf"
    (tmp_path / "statement.pdf").write_bytes(answer.content)
    pages = PdfReader(BytesIO(answer.content)).pages
    said = "".join(page.extract_text() for page in pages)
    for words in (
        "月度结算单",
        partner.name,
        "期末余额",
        "4.00 元",
        "5.50 元",
        "-1.50 元",
        "核销",
        "冲正",
        shown["digest"],
    ):
        assert words in said, words
    amounts = re.findall(r"(核销|冲正)\n.*\n.*\n(-?\d+\.\d\d)\n(-?\d+\.\d\d)\n(-?\d+\.\d\d)\n", said)
    assert amounts == [
        ("核销", "3.01", "1.50", "1.50"),
        ("核销", "8.00", "4.00", "5.50"),
        ("冲正", "-3.00", "-1.50", "4.00"),
    ]
    assert shown["signed"] in said.replace("\n", "").replace(" ", "")
    assert (await partner("GET", "/v1/partner/statements/2026-11/pdf")).content == answer.content


async def test_the_next_month_opens_where_the_last_one_closed(
    clock: SettableClock, platform: Platform, partner: PartnerCaller, verified: Verified
) -> None:
    await a_month(clock, partner, verified)
    clock.move(timedelta(days=38))
    assert await ledger.draw_statements(platform, "2026-12") == 1
    shown = (await partner("GET", "/v1/partner/statements/2026-12")).json()["statement"]
    assert (shown["opening_fen"], shown["closing_fen"], shown["lines"]) == (400, 400, 0)


async def test_a_month_begins_at_midnight_in_shanghai(
    clock: SettableClock, platform: Platform, partner: PartnerCaller, verified: Verified, client: httpx2.AsyncClient
) -> None:
    verification = await verified()
    await partner.redeem(verification, amount_fen=800)
    clock.move(timedelta(days=7) - timedelta(hours=16) + timedelta(minutes=9))
    # 00:09 on the first of December in Shanghai: acts that began before midnight may still be under way.
    assert await ledger.draw_last_month(platform) == 0
    clock.move(timedelta(minutes=1))
    assert await ledger.draw_last_month(platform) == 1


async def test_another_partners_statement_is_not_there(
    client: httpx2.AsyncClient, clock: SettableClock, platform: Platform, partner: PartnerCaller, verified: Verified
) -> None:
    await a_month(clock, partner, verified)
    clock.move(timedelta(days=7))
    await ledger.draw_last_month(platform)
    other = await make_partner(client, platform, clock, BENEFIT, name="另一商户")
    assert (await other("GET", "/v1/partner/statements")).json()["statements"] == []
    for path in ("/v1/partner/statements/2026-11", "/v1/partner/statements/2026-11/csv"):
        assert (await other("GET", path)).status_code == 404
    assert (await partner("GET", "/v1/partner/statements/2026-13")).status_code == 400


async def test_a_statement_stays_as_it_was_signed(
    clock: SettableClock, platform: Platform, partner: PartnerCaller, verified: Verified
) -> None:
    await a_month(clock, partner, verified)
    clock.move(timedelta(days=7))
    await ledger.draw_last_month(platform)
    async with platform.database.connection() as connection:
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="stays"):
            await connection.execute("UPDATE settlement_statement SET closing_fen = 0")
