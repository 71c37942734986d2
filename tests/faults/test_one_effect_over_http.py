"""One key has one effect, and the last voucher one taker, over HTTP with real signatures and two worker processes."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import httpx2
import pytest

from backend.audit import service as audit
from backend.platform.clock import SystemClock
from backend.platform.embedded import EmbeddedServices
from backend.platform.platform import Platform
from backend.platform.settings import Settings
from partners.benefits.terms import BenefitKind, OfflineTerms, Tier
from partners.benefits.terms import Text as Name
from partners.codes import ic1
from tests.builders import stage
from tests.builders.phones import Phone
from tests.builders.stage import Shop, Stage
from tests.faults import parts
from tests.faults.serving import PATIENCE_SECONDS, database_for, ready, served, workers_of
from tests.faults.tills import REDEMPTIONS, Intention, Tills

_POSTS = 64
_TILLS, _LAST = 200, 10
_RESIDENTS, _SHOPS = 20, 4

_PLAIN, _WAIVER, _OFFLINE = "plain-discount", "library-deposit-waiver", "parking-hour"
_VOUCHER, _SUBSIDISED, _ONCE_A_DAY = "last-vouchers", "last-subsidies", "once-a-day"
# The city pays half of three yuan, one yuan at most.
_AMOUNT_FEN, _SHARE_FEN = 300, 100


class Open(NamedTuple):
    """A server that runs, and who takes part."""

    settings: Settings
    people: Stage
    server: int


@pytest.fixture(scope="module")
def opened(durable: EmbeddedServices, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """`xinyi up` with two workers, for the tests of this file together."""
    settings = asyncio.run(database_for(durable, tmp_path_factory.mktemp("opened"), "opened"))
    people = asyncio.run(_peopled(settings))
    with served(settings) as server:
        asyncio.run(ready(settings.public_url))
        yield Open(settings, people, server)


async def _peopled(settings: Settings) -> Stage:
    benefits = [
        stage.plain(_PLAIN),
        stage.plain(
            _WAIVER, kind=BenefitKind.DEPOSIT_WAIVER, unit="fen", tiers=(Tier(Name("人人", "Everyone"), 0, 3000),)
        ),
        stage.plain(_OFFLINE, offline=OfflineTerms(number=7, per_person_per_day=3)),
        stage.plain(_VOUCHER, quota_total=_LAST),
        stage.plain(_SUBSIDISED),
        stage.plain(_ONCE_A_DAY, per_person_per_day=1),
    ]
    async with parts.opened(settings) as platform:
        return await stage.peopled(
            platform, _RESIDENTS, benefits, _SHOPS, subsidised=_SUBSIDISED, budget_fen=_LAST * _SHARE_FEN
        )


class Market:
    """What a test does with the server."""

    def __init__(self, platform: Platform, http: httpx2.AsyncClient, tills: Tills, people: Stage) -> None:
        self.platform = platform
        self.http = http
        self.tills = tills
        self.people = people
        self.shop: Shop = people.shops[0]

    async def code(self, resident: int = 0) -> str:
        """What a resident shows."""
        [ticket] = await stage.tickets(self.platform, self.people.residents[resident], 1)
        return stage.shown(ticket)

    async def verified(self, benefit: str = _PLAIN) -> str:
        """An eligible verification of the first shop."""
        verified = await self.tills.settle(self.tills.verification(self.shop, await self.code(), benefit))
        assert verified.done is not None, verified.refusal
        assert verified.done["result"] == "eligible"
        return str(verified.done["verification_id"])

    async def redeemed(self) -> dict[str, Any]:
        """A redemption of three yuan."""
        body = {"verification_id": await self.verified(), "amount_fen": _AMOUNT_FEN}
        redeemed = await self.tills.settle(self.tills.means(self.shop, REDEMPTIONS, body))
        assert redeemed.done is not None, redeemed.refusal
        return redeemed.done

    async def order(self, *, begun: bool = False, billed: bool = False) -> str:
        """The path of an order: agreed; with `begun` in use, with `billed` settled and to be paid."""
        body = {"verification_id": await self.verified(_WAIVER), "agreed_fen": 1000}
        made = await self.tills.settle(self.tills.means(self.shop, "/v1/partner/orders", body))
        assert made.done is not None, made.refusal
        order = made.done["order_id"]
        holder = stage.signed_in(self.platform, self.people.residents[0])
        agreed = await self.http.post(f"/v1/me/orders/{order}/agreement", headers=holder.headers)
        assert agreed.status_code == 200, agreed.text
        path = f"/v1/partner/orders/{order}"
        for act, wanted, given in (("start", begun or billed, {}), ("settlement", billed, _BILL)):
            if wanted:
                done = await self.tills.settle(self.act(f"{path}/{act}", given))
                assert done.done is not None, done.refusal
        return path

    def act(self, path: str, body: dict[str, Any]) -> Intention:
        """An act whose body has no reference of the partner's."""
        intention = Intention(self.shop, path, body, named=False)
        self.tills.intentions.append(intention)
        return intention

    async def pass_text(self) -> str:
        """An offline pass as the phone shows it."""
        holder = stage.signed_in(self.platform, self.people.residents[1])
        phone = Phone(self.http, SystemClock(), holder, self.platform.settings.public_url)
        assert (await phone.register()).status_code == 201
        [fetched] = await phone.fetch(_OFFLINE)
        return fetched.show(self.platform.clock.now())

    async def count(self, sql: str, *arguments: Any) -> int:
        """A number out of the database."""
        async with self.platform.database.connection() as connection:
            [row] = await connection.impersonal("a test counts", sql, *arguments)
        number: int = row["number"]
        return number


_BILL = {"charges": [{"what": "逾期两日", "fen": 300}], "discounts": [{"what": "首日免收", "fen": 100}]}


@asynccontextmanager
async def _market(opened: Open) -> AsyncIterator[Market]:
    limits = httpx2.Limits(max_connections=_TILLS, max_keepalive_connections=_TILLS)
    async with (
        parts.opened(opened.settings) as platform,
        httpx2.AsyncClient(base_url=opened.settings.public_url, timeout=PATIENCE_SECONDS, limits=limits) as http,
    ):
        # Residents may fetch as many tickets as a test needs.
        await platform.cache.flushall()
        tills = Tills(http, opened.settings.public_url, random.Random(2026))
        await tills.open()
        yield Market(platform, http, tills, opened.people)
        assert tills.strange == []
        assert await audit.examine(platform) == []


async def _verification(market: Market) -> tuple[Intention, str]:
    return market.tills.verification(market.shop, await market.code(), _PLAIN), "verification"


async def _redemption(market: Market) -> tuple[Intention, str]:
    body = {"verification_id": await market.verified(), "amount_fen": _AMOUNT_FEN}
    return market.tills.means(market.shop, REDEMPTIONS, body), "redemption"


async def _reversal(market: Market) -> tuple[Intention, str]:
    path = f"{REDEMPTIONS}/{(await market.redeemed())['redemption_id']}/reversals"
    return market.tills.means(market.shop, path, {"amount_fen": 50}), "reversal"


async def _order(market: Market) -> tuple[Intention, str]:
    body = {"verification_id": await market.verified(_WAIVER), "agreed_fen": 1000}
    return market.tills.means(market.shop, "/v1/partner/orders", body), "deposit_order"


async def _start(market: Market) -> tuple[Intention, str]:
    return market.act(f"{await market.order()}/start", {}), "start"


async def _settlement(market: Market) -> tuple[Intention, str]:
    return market.act(f"{await market.order(begun=True)}/settlement", _BILL), "settle"


async def _payment(market: Market) -> tuple[Intention, str]:
    return market.act(f"{await market.order(billed=True)}/payment", {"paid_fen": 200}), "pay"


async def _revocation(market: Market) -> tuple[Intention, str]:
    return market.act(f"{await market.order()}/revocation", {}), "revoke"


async def _upload(market: Market) -> tuple[Intention, str]:
    used = {
        "code": await market.pass_text(), "benefit": _OFFLINE, "accepted_at": market.platform.clock.now().isoformat(),
        "partner_ref": "gate-visit", "amount_fen": 100,
    }  # fmt: skip
    return market.act("/v1/partner/offline-redemptions", {"terminal": "gate-1", "redemptions": [used]}), "redemption"


async def _effects(market: Market, intention: Intention, what: str) -> int:
    """How many rows of `what`, a table, or how many events of an order of that name, the intention has made."""
    if intention.path.endswith("offline-redemptions"):
        return await market.count("SELECT count(*) AS number FROM redemption WHERE partner_ref = 'gate-visit'")
    if intention.path.startswith("/v1/partner/orders/"):
        order = intention.path.split("/")[4]
        return await market.count(
            "SELECT count(*) AS number FROM order_entry WHERE order_id = $1::text::uuid AND event = $2", order, what
        )
    return await market.count(f"SELECT count(*) AS number FROM {what} WHERE partner_ref = $1", intention.ref)


@pytest.mark.parametrize(
    "meant",
    [_verification, _redemption, _reversal, _order, _start, _settlement, _payment, _revocation, _upload],
    ids=lambda meant: meant.__name__[1:],
)
async def test_one_key_posted_64_times_at_once_has_one_effect_and_64_equal_answers(opened: Open, meant: Any) -> None:
    async with _market(opened) as market:
        assert len(workers_of(opened.server)) == 2
        intention, what = await meant(market)
        await asyncio.gather(*(market.tills.settle(intention) for _ in range(_POSTS)))
        assert intention.done is not None, intention.refusal
        assert len(intention.answers) == _POSTS
        assert len(set(intention.answers)) == 1
        assert await _effects(market, intention, what) == 1
        changed = Intention(intention.shop, intention.path, {}, named=False)
        changed.key, changed.content = intention.key, _changed(intention.content)
        assert (await market.tills.settle(changed)).refusal == "idempotency-key-reused"
        assert await _effects(market, intention, what) == 1


def _changed(content: bytes) -> bytes:
    """Another body that is allowed in its place; of one that says nothing, the same in other bytes."""
    body = json.loads(content)
    for name, value in (("partner_ref", "another"), ("paid_fen", 1), ("charges", []), ("terminal", "gate-2")):
        if name in body:
            return json.dumps({**body, name: value}).encode()
    return content + b" "


async def _eligible(market: Market, benefit: str, phones: list[list[ic1.Ticket]]) -> list[tuple[Shop, str]]:
    """A verification for each ticket, by different shops, before anything was redeemed."""

    async def one(number: int, ticket: ic1.Ticket) -> tuple[Shop, str]:
        shop = market.people.shops[number % _SHOPS]
        verified = await market.tills.settle(market.tills.verification(shop, stage.shown(ticket), benefit))
        assert verified.done is not None, verified.refusal
        assert verified.done["result"] == "eligible"
        return shop, verified.done["verification_id"]

    return list(await asyncio.gather(*(one(*each) for each in enumerate(stage.passing_around(phones)))))


async def _raced(market: Market, eligible: list[tuple[Shop, str]]) -> list[Intention]:
    """All redeem at once."""
    tills = [
        market.tills.means(shop, REDEMPTIONS, {"verification_id": verification, "amount_fen": _AMOUNT_FEN})
        for shop, verification in eligible
    ]
    await asyncio.gather(*(market.tills.settle(each) for each in tills))
    return tills


@pytest.mark.parametrize("benefit", [_VOUCHER, _SUBSIDISED])
async def test_two_hundred_tills_race_for_the_last_ten(opened: Open, benefit: str) -> None:
    async with _market(opened) as market:
        each = _TILLS // _RESIDENTS
        phones = [await stage.tickets(market.platform, resident, each) for resident in market.people.residents]
        raced = await _raced(market, await _eligible(market, benefit, phones))
        assert Counter(till.refusal for till in raced) == {"": _LAST, "quota-exhausted": _TILLS - _LAST}
        assert await market.count("SELECT count(*) AS number FROM redemption WHERE benefit_id = $1", benefit) == _LAST
        if benefit == _VOUCHER:
            counted = "SELECT used AS number FROM benefit_use WHERE benefit_id = $1 AND period = 'total'"
            assert await market.count(counted, benefit) == _LAST
        else:
            spent = "SELECT spent_fen AS number FROM budget WHERE id = $1"
            assert await market.count(spent, market.people.budget_id) == _LAST * _SHARE_FEN


async def test_one_person_with_two_phones_at_two_shops_is_served_once(opened: Open) -> None:
    async with _market(opened) as market:
        phones = [await stage.tickets(market.platform, resident, 2) for resident in market.people.residents]
        raced = await _raced(market, await _eligible(market, _ONCE_A_DAY, phones))
        assert Counter(till.refusal for till in raced) == {"": _RESIDENTS, "quota-exhausted": _RESIDENTS}
        served_each = await market.count(
            "SELECT count(DISTINCT subject_id) AS number FROM redemption WHERE benefit_id = $1", _ONCE_A_DAY
        )
        assert served_each == _RESIDENTS
