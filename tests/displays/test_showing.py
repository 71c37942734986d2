"""What everybody reads who scans a display code: facts that are public, nothing about a person, and a plain word once it has ended."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest

from backend.displays.showing import MOST_COMMITMENTS, MOST_RECORDS
from backend.platform.access import Ground
from backend.platform.callers import system_access
from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from backend.records import service as records
from tests.builders.displays import Exhibitor, exhibitor, token_of
from tests.builders.enterprises import credit_code, finding, negative_finding
from tests.builders.people import PersonBuilder
from tests.builders.records import add_source, deliver
from tests.conftest import RunDue
from tests.records.rows import PERSON, penalty, permit

NAME = "桃花市示例装饰有限公司"


def fined(number: int = 1, **changes: Any) -> dict[str, object]:
    """A penalty of the enterprise that is published for a year."""
    named = {"CF_XDR_SHXYM": credit_code(), "CF_WSH": f"桃市监罚〔2026〕{number}号", "CF_CFLB": "没收违法所得"}
    return penalty(organisation=True, **{**named, "CF_NR_FK": None, "CF_NR_WFFF": "0.5", **changes})


async def body_of(shop: Exhibitor, code: dict[str, Any]) -> dict[str, Any]:
    """What an app reads of a valid code."""
    answer = await shop.shown(code)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_it_shows_which_code_until_when_and_whose(shop: Exhibitor) -> None:
    made = await shop.made()
    shown = await body_of(shop, made)
    assert (shown["kind"], shown["url"]) == ("enterprise", made["url"])
    assert (shown["issued_on"], shown["valid_until"]) == ("2026-11-23", "2027-11-23")
    assert shown["enterprise"] == {"name": NAME, "code": credit_code(), "state": "registered"}
    page = (await shop.page(made)).text
    for word in ("有效", "Valid", "企业展示码", NAME, credit_code(), "2027-11-23", "已注册", "https://xinyi.test/"):
        assert word in page, word


async def test_it_shows_what_the_law_makes_public_and_no_more(
    shop: Exhibitor, platform: Platform, clock: SettableClock
) -> None:
    await add_source(platform)
    await deliver(platform, "permit", permit(XK_XDR_SHXYM=credit_code(), XK_FRDB="欧阳锋", XK_BZ="联系人欧阳锋"))
    await deliver(platform, "penalty", fined(CF_FRDB="欧阳锋", CF_SY="店员欧阳锋无证经营。", CF_BZ="欧阳锋已到场"))
    made = await shop.made()
    shown = await body_of(shop, made)
    assert {record["item"] for record in shown["records"]} == {"permit", "penalty"}
    columns = {field["name"] for record in shown["records"] for field in record["fields"]}
    assert {"XK_NR", "XK_XKJG", "CF_WSH", "CF_WFXW", "CF_CFLB", "CF_NR_WFFF", "CF_CFJG"} <= columns
    assert not columns & {"CF_SY", "CF_BZ", "XK_BZ", "XK_FRDB", "CF_FRDB", "CF_FR_SFZH", "XK_XDR_MC"}
    for text in ((await shop.shown(made)).text, (await shop.page(made)).text):
        assert "没收违法所得" in text
        assert "准予从事预包装食品销售" in text
        assert "欧阳锋" not in text


async def test_a_penalty_leaves_with_its_publicity_period_and_a_minor_one_never_comes(
    shop: Exhibitor, platform: Platform, clock: SettableClock, run_due: RunDue
) -> None:
    await add_source(platform)
    await deliver(platform, "penalty", fined())
    await deliver(platform, "penalty", penalty(organisation=True, CF_XDR_SHXYM=credit_code()))
    made = await shop.made()
    [record] = (await body_of(shop, made))["records"]
    assert (record["occurred_on"], record["published_until"]) == ("2026-05-08", "2027-05-08")
    assert "2027-05-07" in (await shop.page(made)).text, "its last day"
    clock.move(timedelta(days=165))
    assert len((await body_of(shop, made))["records"]) == 1, "2027-05-07 is its last day"
    clock.move(timedelta(days=1))
    assert (await body_of(shop, made))["records"] == [], "also before it was archived"
    await run_due()
    assert (await body_of(shop, made))["records"] == []


async def test_a_record_under_objection_says_so_and_one_that_was_withdrawn_is_gone(
    shop: Exhibitor, platform: Platform
) -> None:
    access = system_access("test", "测试", "测试", Ground.LEGAL_DUTY)
    await add_source(platform)
    await deliver(platform, "penalty", fined())
    made = await shop.made()
    async with platform.database.transaction() as connection:
        [row] = await connection.impersonal("the test needs the id", "SELECT id FROM record")
        await records.mark(platform, connection, access, row["id"])
    [record] = (await body_of(shop, made))["records"]
    assert record["objected"] is True
    assert "异议处理中" in (await shop.page(made)).text
    async with platform.database.transaction() as connection:
        await records.withdraw(platform, connection, access, row["id"])
    assert (await body_of(shop, made))["records"] == []


async def test_no_record_of_a_natural_person_is_ever_disclosed(shop: Exhibitor, platform: Platform) -> None:
    await add_source(platform)
    await deliver(platform, "permit", permit(organisation=False, XK_XDR_SHXYM=None))
    async with platform.database.connection() as connection:
        [row] = await connection.impersonal("the test needs the id", "SELECT subject_id FROM record")
        # Even if somebody had published it, and asked under the right subject.
        await connection.execute("UPDATE record SET published_until = '2099-01-01'")
        assert await records.disclosed_of_enterprise(platform, connection, row["subject_id"], 10) == []
        await connection.execute("UPDATE record SET subject_kind = 'legal'")
        assert len(await records.disclosed_of_enterprise(platform, connection, row["subject_id"], 10)) == 1


async def test_commitments_stand_with_how_they_were_kept_once_two_persons_have_found_so(
    shop: Exhibitor, client: httpx2.AsyncClient
) -> None:
    kept, broken = await shop.promised(content="按时开业"), await shop.promised(content="垃圾日清")
    await shop.promised(content="不给外人看", openness="closed")
    for commitment_id in (kept, broken):
        await shop.post(f"/commitments/{commitment_id}/report", {"evidence": "YS-1"})
    path = "/v1/staff/commitments"
    await client.post(f"{path}/{kept}/check", json=finding(), headers=shop.officer.headers)
    await client.post(f"{path}/{broken}/check", json=negative_finding(), headers=shop.officer.headers)
    made = await shop.made()
    found = {each["content"]: each["performance"] for each in (await body_of(shop, made))["commitments"]}
    assert found == {"按时开业": "full", "垃圾日清": None}, "one officer alone has said it"
    await client.post(f"{path}/{broken}/confirm", headers=shop.colleague.headers)
    found = {each["content"]: each["performance"] for each in (await body_of(shop, made))["commitments"]}
    assert found == {"按时开业": "full", "垃圾日清": "partial"}
    page = (await shop.page(made)).text
    assert "全部履行" in page
    assert "部分履行" in page
    assert "不给外人看" not in page


async def test_declarations_are_the_enterprises_own_word_and_end_with_their_term(
    shop: Exhibitor, clock: SettableClock
) -> None:
    body = {"kind": "qualification", "content": "持有二级资质。", "evidence": "D-1", "valid_until": "2026-12-31"}
    assert (await shop.post("/declarations", body)).status_code == 201
    withdrawn = await shop.post("/declarations", {**body, "content": "已经撤回的话。"})
    await shop.client.delete(f"{shop.path}/declarations/{withdrawn.json()['id']}", headers=shop.agent.headers)
    made = await shop.made()
    shown = await body_of(shop, made)
    assert [each["content"] for each in shown["declarations"]] == ["持有二级资质。"]
    page = (await shop.page(made)).text
    assert "企业自行申报，未经核验" in page
    clock.move(timedelta(days=40))
    assert (await body_of(shop, made))["declarations"] == []


async def test_a_sector_code_says_who_granted_it_on_which_ground_and_leads_with_its_commitment(
    shop: Exhibitor, clock: SettableClock
) -> None:
    granted = await shop.granted()
    for number in range(3):
        clock.move(timedelta(milliseconds=1))
        await shop.promised(content=f"后来的承诺{number}")
    shown = await body_of(shop, granted)
    assert shown["sector"]["name"] == "旅游诚信码"
    assert shown["commitments"][0]["content"] == "建筑垃圾当日清运。"
    assert [each["content"] for each in shown["commitments"][1:]] == ["后来的承诺2", "后来的承诺1", "后来的承诺0"]
    page = (await shop.page(granted)).text
    for word in ("旅游诚信码", "Tourism integrity code", "文化和旅游主管部门", "《中华人民共和国旅游法》第一百零八条"):
        assert word in page, word


async def test_a_product_shows_its_facts_as_the_enterprises_own_word(shop: Exhibitor) -> None:
    made = await shop.declared()
    page = (await shop.page(made)).text
    words = (
        "产品溯源码",
        "桃花蜜 500 克",
        "20261101-A",
        "桃花市云岭县",
        "2026-11-01",
        "2028-10-31",
        "桃检字〔2026〕7号",
    )
    for word in (*words, "企业自行申报，未经核验"):
        assert word in page, word
    await shop.end(made["id"], "包装密封不良")
    gone = await shop.page(made)
    assert gone.status_code == 410
    for word in ("已召回", "Recalled", "包装密封不良", "20261101-A"):
        assert word in gone.text, word


async def test_numbers_that_somebody_wrote_into_a_text_are_masked(shop: Exhibitor) -> None:
    text = f"联系电话 13812345678，证件 {PERSON}"
    await shop.promised(content=text)
    await shop.post("/declarations", {"kind": "other", "content": text, "evidence": "D-1", "valid_until": "2026-12-31"})
    own, trace = await shop.made(), await shop.declared(origin=text)
    for code in (own, trace):
        for answer in (await shop.shown(code), await shop.page(code)):
            assert "13812345678" not in answer.text
            assert PERSON not in answer.text
            assert "138****5678" in answer.text
    await shop.end(trace["id"], text)
    for answer in (await shop.shown(trace), await shop.page(trace)):
        assert "13812345678" not in answer.text


@pytest.mark.parametrize(
    ("name", "shown_name"),
    [("张三", "张*"), ("欧阳小三", "欧**三"), ("张三小吃店", "张三小吃店"), ("老王面馆", "老王面馆")],
)
async def test_an_individual_business_that_is_registered_under_a_persons_name_is_masked(
    client: httpx2.AsyncClient, person: PersonBuilder, name: str, shown_name: str
) -> None:
    trader = await exhibitor(client, person, code=credit_code(3, register="92"), name=name)
    await trader.promised()
    made = await trader.made()
    shown = await body_of(trader, made)
    assert shown["enterprise"]["name"] == shown_name
    assert {each["subject_name"] for each in shown["commitments"]} == {shown_name}
    page, sheet = (
        (await trader.page(made)).text,
        await trader.client.get(f"{trader.path}/display-codes/{made['id']}/print", headers=trader.agent.headers),
    )
    assert shown_name in page
    assert shown_name in sheet.text
    if name != shown_name:
        assert name not in page
        assert name not in sheet.text


async def test_nothing_of_the_agent_or_the_officers_is_in_any_byte(shop: Exhibitor) -> None:
    codes = [await shop.made(), await shop.granted(), await shop.declared()]
    ended = await shop.declared(batch="二")
    await shop.revoked(ended["id"])
    for code in (*codes, ended):
        for answer in (await shop.shown(code), await shop.page(code)):
            for someone in (shop.agent, shop.officer, shop.colleague):
                for secret in (someone.name, someone.phone, someone.identity_number, str(someone.account_id)):
                    assert secret not in answer.text
            assert "score" not in answer.text.replace("no score", "")


async def test_what_is_listed_is_bounded_and_says_that_there_is_more(shop: Exhibitor, platform: Platform) -> None:
    await add_source(platform)
    for number in range(MOST_RECORDS + 1):
        await deliver(platform, "permit", permit(XK_XDR_SHXYM=credit_code(), XK_WSH=f"桃许〔2026〕{number}号"))
    for _ in range(MOST_COMMITMENTS + 1):
        await shop.promised()
    made = await shop.made()
    shown = await body_of(shop, made)
    assert (len(shown["records"]), len(shown["commitments"]), shown["more"]) == (MOST_RECORDS, MOST_COMMITMENTS, True)
    page = await shop.page(made)
    assert "另有更多公开信息" in page.text
    assert len(page.content) < 200_000


async def test_a_forged_altered_or_foreign_token_is_unknown_in_both_languages(
    shop: Exhibitor, client: httpx2.AsyncClient
) -> None:
    token = token_of(await shop.made())
    altered = [token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :] for place in range(120)]
    hostile = ["x", "A" * 120, token + "A", token[:-1], token.lower(), "'; DROP TABLE display_code; --", "%00", "%F0%9F%91%BB",
               "<script>alert(1)</script>", "IC1:0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ012", "A" * 5000]  # fmt: skip
    for each in (*altered, *hostile):
        page = await client.get(f"/c/{each.replace('<', '%3C').replace('/', '%2F')}")
        assert page.status_code == 404, each
        if page.headers["content-type"].startswith("text/html"):
            assert "不是本市签发的展示码" in page.text
            assert "Not a code of this city" in page.text
            assert "alert(1)" not in page.text
    for each in altered[::10]:
        answer = await client.get(f"/v1/public/display-codes/{each}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


async def test_what_an_enterprise_writes_is_text_and_never_markup(shop: Exhibitor) -> None:
    hostile = "<script>alert(1)</script>"
    trace = await shop.declared(name=hostile, origin='" onload="x')
    page = (await shop.page(trace)).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert hostile not in page
    assert '" onload="x' not in page
    await shop.end(trace["id"], hostile)
    assert hostile not in (await shop.page(trace)).text


async def test_the_page_admits_no_script_and_is_not_kept(shop: Exhibitor) -> None:
    page = await shop.page(await shop.made())
    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-cache"
    assert "JavaScript" not in page.text
