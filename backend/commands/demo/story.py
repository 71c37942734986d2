"""The story itself, step by step. Whatever differs from what a step says ends it with a non-zero exit."""

import asyncio
import secrets
import sys
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx2
from redis.asyncio import Redis

from backend.city import sign_ins
from backend.commands.demo.actors import Differs, Person, institution, new_phone
from backend.commands.demo.rows import AUTHORITY, volunteering
from backend.commands.services import find_running
from backend.platform.clock import SystemClock, local_date
from backend.platform.delivery import watch
from backend.platform.identifiers import make_unified_social_credit_code
from backend.platform.refusal import Refusal
from backend.platform.settings import Settings
from partners.sdk import (
    STATUS_LIST,
    AnswerNotTrusted,
    OfflineStore,
    OfflineTill,
    OutcomeUnknown,
    ServerProblem,
    Settled,
    Verification,
    refresh,
    upload,
)

Answer = TypeVar("Answer")

_Found = dict[str, Any]
_NEEDED = ("source", "partner", "lender", "case-officer")


def run(settings: Settings, url: str | None) -> int:
    """Walks the path against a running server; gives the exit code. Raises Refusal if there is nothing to walk on."""
    running = find_running(settings)
    redis_url = settings.redis_url or (running.redis_url if running else "")
    address = url or (running.url if running else settings.external_url)
    known = sign_ins.read(settings.data_directory)
    if not redis_url or any(actor not in known for actor in _NEEDED):
        raise Refusal(
            "没有找到正在运行的信易，请先运行 python3 dev.py up。",
            "No running Xinyi was found: run `python3 dev.py up` first.",
        )
    try:
        asyncio.run(_Story(address, redis_url, known).tell())
    except (Differs, ServerProblem, AnswerNotTrusted, OutcomeUnknown, httpx2.HTTPError) as error:
        print(f"\n✗ 与所述不符：{error}\n  It differs from what was said.", file=sys.stderr)
        return 1
    return 0


class _Story:
    """The actors and what they have done so far."""

    def __init__(self, url: str, redis_url: str, known: dict[str, sign_ins.SignIn]) -> None:
        self._url = url
        self._redis_url = redis_url
        self._known = known
        self._step = 0

    async def tell(self) -> None:
        """All steps in order."""
        cache = Redis.from_url(self._redis_url)
        try:
            async with (
                httpx2.AsyncClient(base_url=self._url, timeout=30) as http,
                watch(cache) as inbox,
            ):
                self.http, self.inbox = http, inbox
                self.resident = Person(http, inbox, new_phone())
                self.officer = Person(http, inbox, self._known["case-officer"].phone)
                self.source = institution(self._url, self._known["source"])
                self.partner = institution(self._url, self._known["partner"])
                self.lender = institution(self._url, self._known["lender"])
                await self._joins()
                await self._is_scored()
                await self._uses_a_code()
                await self._borrows_without_deposit()
                await self._shops_without_a_network()
                await self._enterprise_keeps_its_word()
                await self._objects()
                await self._reads_who_looked()
        finally:
            await cache.aclose()

    def _say(self, chinese: str, english: str) -> None:
        self._step += 1
        print(f"{self._step:2}. {chinese}\n    {english}", flush=True)

    def _check(self, holds: bool, what: str) -> None:
        if not holds:
            raise Differs(what)

    async def _signed(self, call: Callable[[], Answer]) -> Answer:
        return await asyncio.to_thread(call)

    async def _refused(self, call: Callable[[], Any], code: str) -> None:
        try:
            await self._signed(call)
        except ServerProblem as problem:
            self._check(problem.code == code, f"refused with {problem.code} instead of {code}")
        else:
            raise Differs(f"it should have been refused with {code}")

    async def _joins(self) -> None:
        await self.resident.sign_in()
        await self.resident.prove_identity("陶小信")
        for kind in ("compute", "show"):
            await self.resident.call("POST", "/v1/me/consents", {"kind": kind, "text_version": 1})
        self._say(
            "居民用手机号注册、实名，并分别同意“计算”和“出示”。",
            "A resident registers by phone, proves who they are, and gives the two consents one by one.",
        )
        score = await self._score_when(lambda found: found["points"] == "600")
        self._say(
            f"还没有任何记录，信用分是基础分 {score['points']}，等级“{score['level']['name']}”。",
            f"No record yet: the score is the base of {score['points']}, level {score['level']['name_en']}.",
        )

    async def _is_scored(self) -> None:
        serial = secrets.token_hex(6).upper()
        wrong = volunteering(self.resident, f"{serial}-X")
        wrong["fields"]["ZY_XDR_ZJHM"] = self.resident.identity_number[:-1] + (
            "0" if self.resident.identity_number[-1] != "0" else "1"
        )
        rows = [volunteering(self.resident, serial), volunteering(self.resident, f"{serial}-2"), wrong]
        out = await self._signed(
            lambda: self.source.post("/v1/source/deliveries", {"delivery_ref": f"demo-{serial}", "rows": rows}, _Found)
        )
        self._check((out["accepted"], out["returned"]) == (2, 1), f"the delivery: {out}")
        reason = out["returned_rows"][0]["reasons"][0]
        self._say(
            f"民政局签名报送三条志愿记录：接收两条，退回一条——{reason['zh']}",
            f"A public body delivers three rows, signed: two accepted, one returned. {reason['en']}",
        )
        again = await self._signed(
            lambda: self.source.post(
                "/v1/source/deliveries", {"delivery_ref": f"demo-{serial}", "rows": rows[:2]}, _Found
            )
        )
        self._check(again["unchanged"] == 2, f"delivering again: {again}")
        score = await self._score_when(lambda found: found["points"] != "600")
        found = await self.resident.call("GET", "/v1/me/score/explanation")
        total = found["base_millipoints"] + sum(line["millipoints"] for line in found["lines"])
        self._check(total == found["score"]["millipoints"], "the lines do not add up to the score")
        self._say(
            f"信用分变为 {score['points']}：基础 {found['base']}，"
            + "，".join(line["text"] for line in found["lines"]),
            f"The score is now {score['points']}; base and lines add up exactly. Delivering again changed nothing.",
        )

    async def _uses_a_code(self) -> None:
        code = (await self.resident.call("GET", "/v1/me/code?scene=shopping"))["text"]
        self._say(f"居民出示诚信码：{code}", "The resident shows the integrity code: 30 seconds, one use.")

        def verify() -> Verification:
            return self.partner.verify(code, "bookshop-discount", terminal="till-1", partner_ref="demo")

        verified = await self._signed(verify)
        self._check(verified.eligible, f"the verdict: {verified}")
        shown = repr(verified)
        for secret in (self.resident.name, self.resident.identity_number, self.resident.phone):
            self._check(secret not in shown, "the partner learned who it was")
        redeemed = await self._signed(
            lambda: self.partner.redeem(verified.verification_id, partner_ref="demo", amount_fen=500)
        )
        self._say(
            f"书店核验并核销：{verified.result}，临时编号 {verified.ref}；不知道是谁，也不知道多少分。",
            f"The bookshop verifies and redeems ({redeemed.state}): it learns yes or no, not who, not how many points.",
        )
        await self._refused(verify, "code-unusable")
        await self._refused(
            lambda: self.partner.redeem(verified.verification_id, partner_ref="demo", amount_fen=500),
            "state-conflict",
        )
        plans = (await self.resident.call("GET", "/v1/subsidy-plans"))["plans"]
        for plan in [each for each in plans if each["benefit"] == "bookshop-discount"]:
            self._say(
                f"这 5 元优惠由市里补贴一部分（{plan['department']}，{plan['formula']}），计划公开、两人批准、有签名。",
                f"The city pays a part of these 5 yuan ({plan['formula_en']}): a public plan, approved by two and signed.",
            )
        self._say(
            "同一个码再扫一次、同一笔再核销一次：都被拒绝。", "A second scan and a second redemption are both refused."
        )

    async def _borrows_without_deposit(self) -> None:
        await self.resident.register_device(self._url)
        code = (await self.resident.call("GET", "/v1/me/code?scene=library"))["text"]
        verified, asked = await asyncio.gather(
            self._signed(
                lambda: self.lender.verify(
                    code, "library-deposit-waiver", terminal="desk-1", partner_ref="loan", amount_fen=10_000
                )
            ),
            self.resident.confirm(self._url),
        )
        self._check(verified.eligible, f"the verdict: {verified}")
        self._say(
            f"{asked['partner']}核验“{asked['name']['zh']}”，免押 100 元：先在居民手机上显示，本人签名确认后图书馆才得到答复。",
            "The library asks to waive a deposit of 100 yuan: the phone shows who asks for what, and signs, before it is answered.",
        )
        order = await self._signed(
            lambda: self.lender.post(
                "/v1/partner/orders",
                {"verification_id": verified.verification_id, "agreed_fen": 10_000, "partner_ref": "loan"},
                _Found,
            )
        )
        path = f"/v1/partner/orders/{order['order_id']}"
        self._check(order["agreed"], "the order of the confirmed amount is not agreed")
        await self._signed(lambda: self.lender.post(f"{path}/start", {}, _Found))
        settlement = {"charges": [{"what": "逾期一日", "fen": 50}], "discounts": [{"what": "首次免收", "fen": 50}]}
        settled = await self._signed(lambda: self.lender.post(f"{path}/settlement", settlement, _Found))
        self._check(settled["state"] == "done", f"the settlement: {settled}")
        self._say(
            "确认即同意，订单随即开始：使用，归还，应付 0 元，结清。",
            "Confirmed is agreed, so the order begins: used, returned, nothing due, done.",
        )

    async def _shops_without_a_network(self) -> None:
        shown = (await self.resident.fetch_pass("shop-allowance")).shown()

        def visit() -> tuple[str, str, list[Settled]]:
            with tempfile.TemporaryDirectory(prefix="xinyi-demo-") as folder:
                till = OfflineTill(OfflineStore(Path(folder) / "till.db"), self.partner.url + STATUS_LIST)
                refresh(till, self.partner)
                # From here on until the upload the till asks nobody.
                first = till.verify(shown, "shop-allowance")
                if first.use is not None:
                    till.redeem(first.use, partner_ref="offline", amount_fen=500)
                second = till.verify(shown, "shop-allowance")
                return first.outcome.value, second.outcome.value, upload(till, self.partner, terminal="till-1")

        first, second, settled = await asyncio.to_thread(visit)
        outcomes = [each.outcome for each in settled]
        self._check(
            (first, second, outcomes) == ("valid", "seen", ["settled"]), f"offline: {first} {second} {outcomes}"
        )
        self._say(
            "书店断网：居民出示事先领取的离线码，收银台只凭本地的公钥和状态列表判断；同一个码第二次被拒绝；联网后上传，只结算一次。",
            "The shop has no network: the till judges an offline code by keys and a list it holds, refuses it a second time, and uploads later: settled once.",
        )

    async def _enterprise_keeps_its_word(self) -> None:
        code = make_unified_social_credit_code(f"{secrets.randbelow(10**8):08d}")
        enterprise = await self.resident.call(
            "POST",
            "/v1/enterprises",
            {
                "code": code,
                "name": "桃花示例商贸有限公司",
                "authorisation": "SQ-DEMO-1",
                "agent_role": "authorised-agent",
            },
        )
        base = f"/v1/enterprises/{enterprise['id']}"
        today = local_date(SystemClock().now())
        await self.resident.call(
            "POST",
            f"{base}/declarations",
            {
                "kind": "operation",
                "content": "经营地址：桃源区示范路 1 号",
                "evidence": "SB-DEMO-1",
                "valid_until": (today + timedelta(days=365)).isoformat(),
            },
        )
        commitment = await self.resident.call(
            "POST",
            f"{base}/commitments",
            {
                "type": "voluntary",
                "reason": "主动公示服务承诺",
                "content": "七日无理由退货",
                "liability": "违反承诺的，接受公示",
                "valid_until": (today + timedelta(days=30)).isoformat(),
                "accepting_unit": "桃花市市场监督管理局",
                "accepting_unit_code": AUTHORITY,
                "openness": "public",
            },
        )
        self._say(
            f"企业自愿登记（{code}），自主申报，并作出承诺 {commitment['code']}。",
            "An enterprise registers by choice, declares, and makes a commitment with its 20-digit code.",
        )
        await self.resident.call(
            "POST",
            f"{base}/commitments/{commitment['id']}/report",
            {"evidence": "LX-DEMO-1", "statement": "已全部履行"},
        )
        await self.officer.sign_in()
        await self.officer.call(
            "POST",
            f"/v1/staff/commitments/{commitment['id']}/check",
            {"performance": "full", "unit": "桃花市市场监督管理局", "unit_code": AUTHORITY},
        )
        kept = await self.resident.call("GET", f"{base}/commitments/{commitment['id']}")
        self._check(kept["state"] == "kept", f"the commitment: {kept['state']}")
        self._say(
            "企业报告履约，主管部门核实：全部履行。",
            "It reports that it kept its word; the authority checks: fully performed.",
        )

    async def _objects(self) -> None:
        before = (await self.resident.call("GET", "/v1/me/score"))["points"]
        serial = secrets.token_hex(6).upper()
        row = volunteering(self.resident, serial, hours="1")
        await self._signed(
            lambda: self.source.post("/v1/source/deliveries", {"delivery_ref": f"demo-{serial}", "rows": [row]}, _Found)
        )
        records = (await self.resident.call("GET", "/v1/me/records"))["records"]
        record = next(each for each in records if each["amount"] == 1)
        objection = await self.resident.call(
            "POST",
            "/v1/me/objections",
            {"kind": "wrong", "statement": "服务时长应为 60 小时，被误记为 1 小时。", "record_id": record["id"]},
        )
        path = f"/v1/staff/objections/{objection['id']}"
        await self.officer.call("POST", f"{path}/mark")
        marked = await self.resident.call("GET", f"/v1/me/records/{record['id']}")
        self._check(marked["state"] == "marked", f"the record: {marked['state']}")
        self._say(
            f"居民对一条记错的记录提出异议，办案人员当日标注；须在 {objection['clock']['decide_by']} 前答复。",
            f"The resident objects to a wrong record; it is marked at once, to be decided by {objection['clock']['decide_by']}.",
        )
        await self.officer.call(
            "POST",
            f"{path}/decide",
            {"outcome": "upheld", "reason": "经核实时长有误。", "correction": {"fields": {"ZY_SC": "60"}}},
        )
        score = await self._score_when(lambda found: found["points"] != before)
        self._say(
            f"异议成立，记录更正为 60 小时，信用分由 {before} 变为 {score['points']}。",
            f"Upheld: the record is corrected to 60 hours, and the score follows from {before} to {score['points']}.",
        )

    async def _reads_who_looked(self) -> None:
        entries = (await self.resident.call("GET", "/v1/me/access-log?limit=200"))["entries"]
        kinds = {entry["actor_kind"] for entry in entries}
        self._check({"self", "system", "partner", "staff"} <= kinds, f"the access log names only {sorted(kinds)}")
        shown = sorted(
            {f"{entry['actor_name']}：{entry['action']}" for entry in entries if entry["actor_kind"] != "self"}
        )
        self._say(
            f"居民查看“谁看过我”，共 {len(entries)} 条：" + "；".join(shown),
            f"The resident reads who looked: {len(entries)} entries, by the system, partners, staff and themselves.",
        )

    async def _score_when(self, ready: Callable[[Any], bool]) -> Any:
        """The score as soon as it is as expected; it follows a change within moments."""
        for _ in range(200):
            try:
                found = await self.resident.call("GET", "/v1/me/score")
            except Differs:
                found = None
            if found is not None and not found["pending"] and ready(found):
                return found
            await asyncio.sleep(0.05)
        raise Differs("the score did not follow within ten seconds")
