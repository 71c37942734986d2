"""A campaign of tills: codes are verified, redeemed and taken back while what serves them is killed and answers are lost; then
what the tills know is compared with what the database holds."""

import asyncio
import random
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import httpx2

from backend.audit import service as audit
from backend.platform.embedded import EmbeddedServices
from backend.platform.platform import Platform
from partners.codes import ic1
from tests.builders import stage
from tests.builders.server import free_port
from tests.builders.stage import Stage
from tests.faults import parts
from tests.faults.blows import Blows
from tests.faults.cutting import Answers
from tests.faults.serving import AS_BUILT, PATIENCE_SECONDS, database_for, ready, served
from tests.faults.tills import REDEMPTIONS, VERIFICATIONS, Intention, Tills

_RESIDENTS = 48
_TICKETS_EACH = 64
_SHOPS = 3
_TILLS = 12
_LOST_ANSWERS_OF_A_THOUSAND = 10
# A captured code is presented again while its picture would still be fresh.
_CAPTURED_SECONDS = 25

OPEN, SUBSIDISED, SCARCE, PERSONAL = "open-discount", "reading-discount", "scarce-voucher", "once-a-day"
_SCARCE, _PERSONAL = 12, 2
_BUDGET_FEN = 3000


class Ended(NamedTuple):
    """How a campaign went: what is wrong, how much was done, and how much it went through."""

    wrong: list[str]
    done: Counter[str]
    refused: Counter[str]
    unanswered: int
    cut: int
    blows: Blows


class Day:
    """What the tills of one campaign do until they are told that it is over."""

    def __init__(self, tills: Tills, stage: Stage, codes: Iterator[ic1.Ticket], chance: random.Random) -> None:
        self.tills = tills
        self.over = asyncio.Event()
        self._stage = stage
        self._codes = codes
        self._chance = chance
        self._captured: deque[tuple[float, Intention]] = deque(maxlen=400)

    async def till(self) -> None:
        """One visit after the other."""
        while not self.over.is_set():
            if (ticket := next(self._codes, None)) is None:
                return
            await self._visit(stage.shown(ticket))

    async def _visit(self, code: str) -> None:
        shop = self._chance.choice(self._stage.shops)
        benefit = self._chance.choices((OPEN, SUBSIDISED, SCARCE, PERSONAL), (4, 4, 1, 2))[0]
        verified = await self.tills.settle(self.tills.verification(shop, code, benefit))
        told = verified.done
        if told is None:
            return
        self._captured.append((time.monotonic(), verified))
        await self._perhaps_again(verified)
        if told["result"] != "eligible":
            return
        # Now and then two tills, or one that has lost its key, redeem the same verification.
        wanted = {"verification_id": told["verification_id"], "amount_fen": self._chance.randint(0, 300)}
        both = [self.tills.means(shop, REDEMPTIONS, wanted) for _ in range(1 + (self._chance.random() < 0.1))]
        await asyncio.gather(*(self.tills.settle(each) for each in both))
        for redeemed in both:
            await self._perhaps_again(redeemed)
            if redeemed.done is not None and self._chance.random() < 0.3:
                await self._take_back(redeemed)

    async def _take_back(self, redeemed: Intention) -> None:
        """Some of it, or the rest; twice at once now and then."""
        assert redeemed.done is not None
        amount = int(redeemed.done["amount_fen"])
        part = {"amount_fen": self._chance.randint(1, amount)} if amount and self._chance.random() < 0.6 else {}
        path = f"{REDEMPTIONS}/{redeemed.done['redemption_id']}/reversals"
        acts = [self.tills.means(redeemed.shop, path, part) for _ in range(1 + (self._chance.random() < 0.2))]
        await asyncio.gather(*(self.tills.settle(each) for each in acts))
        for each in acts:
            await self._perhaps_again(each)

    async def _perhaps_again(self, intention: Intention) -> None:
        if self._chance.random() < 0.15:
            await self.tills.again(intention)

    async def thief(self) -> None:
        """Whoever photographed a code shows it at another shop."""
        while not self.over.is_set():
            await self.present_captured(1)
            await asyncio.sleep(0.2)

    async def present_captured(self, count: int) -> None:
        """Presents captured codes again: always refused. Recorded requests, too: nothing is done by them."""
        fresh = [each for at, each in self._captured if time.monotonic() - at < _CAPTURED_SECONDS]
        await asyncio.gather(*(self._present(each) for each in self._chance.sample(fresh, min(count, len(fresh)))))

    async def _present(self, victim: Intention) -> None:
        await self.tills.settle(self.tills.verification(self._chance.choice(self._stage.shops), victim.code, OPEN))
        if victim.last_sent is not None:
            self._judge(victim, await self.tills.replay(victim.last_sent))

    def _judge(self, victim: Intention, answer: httpx2.Response | None) -> None:
        """A recorded request is refused, or gets the answer that was given before."""
        if answer is None or answer.status_code in {401, 409, 503}:
            return
        if "idempotency-replayed" not in answer.headers or answer.content != victim.answers[0][1]:
            self.tills.strange.append(f"a recorded request was answered {answer.status_code}: {answer.text[:200]}")


async def wage(
    services: EmbeddedServices, directory: Path, name: str, seed: int, *, build: str = AS_BUILT, rounds: int = 1
) -> Ended:
    """One campaign against a build of the server, on a new database `name`. In each round every part is killed once."""
    chance = random.Random(seed)
    public_port = free_port()
    settings = await database_for(services, directory, name, public_port)
    wire = Answers(settings.port, chance, lost=_LOST_ANSWERS_OF_A_THOUSAND)
    async with parts.opened(settings) as platform:
        benefits = [
            stage.plain(OPEN),
            stage.plain(SUBSIDISED),
            stage.plain(SCARCE, quota_total=_SCARCE),
            stage.plain(PERSONAL, per_person_per_day=_PERSONAL),
        ]
        people = await stage.peopled(
            platform, _RESIDENTS, benefits, _SHOPS, subsidised=SUBSIDISED, budget_fen=_BUDGET_FEN
        )
        stock = [await stage.tickets(platform, each, _TICKETS_EACH) for each in people.residents]
    with served(settings, build) as server:
        async with (
            wire.laid(public_port),
            httpx2.AsyncClient(base_url=settings.public_url, timeout=PATIENCE_SECONDS / 4) as http,
        ):
            blows = Blows(services, server, f"http://127.0.0.1:{settings.port}")
            await ready(settings.public_url)
            tills = Tills(http, settings.public_url, chance)
            await tills.open()
            day = Day(tills, people, stage.passing_around(stock), chance)
            async with asyncio.TaskGroup() as group:
                for _ in range(_TILLS):
                    group.create_task(day.till())
                group.create_task(day.thief())
                await _blow(blows, day, chance, rounds)
                wire.repair()
                day.over.set()
    async with parts.opened(settings) as platform:
        wrong = [*tills.strange, *await found_wrong(platform, tills.intentions)]
    done: Counter[str] = Counter(_kind(each) for each in tills.intentions if each.done is not None)
    refused = Counter(f"{_kind(each)} {each.refusal}" for each in tills.intentions if each.refusal)
    return Ended(wrong, done, refused, tills.unanswered, wire.cuts, blows)


async def _blow(blows: Blows, day: Day, chance: random.Random, rounds: int) -> None:
    """Kills every part once a round, in any order, with some time of work before each and after the last."""
    for _ in range(rounds):
        acts = [blows.kill_worker, blows.kill_database, blows.kill_cache]
        chance.shuffle(acts)
        for act in acts:
            await asyncio.sleep(chance.uniform(0.8, 1.6))
            await act()
            if act == blows.kill_cache:
                await day.present_captured(8)
    await asyncio.sleep(1)


def _kind(intention: Intention) -> str:
    return "reversal" if intention.path.endswith("reversals") else intention.path.rpartition("/")[2]


_HELD: Mapping[str, tuple[str, str]] = {
    "verifications": ("verification_id", "SELECT id, partner_ref, amount_fen FROM verification"),
    "redemptions": ("redemption_id", "SELECT id, partner_ref, amount_fen FROM redemption"),
    "reversal": ("reversal_id", "SELECT id, partner_ref, amount_fen FROM reversal"),
}


async def found_wrong(platform: Platform, intentions: list[Intention]) -> list[str]:
    """What was lost, doubled or came from nowhere; keys with two answers; limits that were passed; what the audit finds."""
    wrong = [f"{each.path}: its outcome is not known" for each in intentions if not each.known]
    for each in intentions:
        if len(set(each.answers)) > 1:
            wrong.append(f"{each.path}: one key has the answers {sorted(set(each.answers))}")
        if each.answers and each.found is not None and each.done is not None and not _same(each.done, each.found):
            wrong.append(f"{each.path}: found under its key is {each.found}, told was {each.done}")
    async with platform.database.transaction(snapshot=True) as connection:
        for kind, (name, sql) in _HELD.items():
            rows = await connection.impersonal("a test looks", sql)
            of_kind = {each.ref: each for each in intentions if _kind(each) == kind}
            wrong += _differences(kind, name, of_kind, rows)
        standing = await connection.impersonal(
            "a test looks",
            "SELECT benefit_id, subject_id, count(*) AS number FROM redemption WHERE state <> 'reversed' "
            "GROUP BY benefit_id, subject_id",
        )
    wrong += _over_limits(standing)
    codes = Counter(each.code for each in intentions if each.path == VERIFICATIONS and each.done is not None)
    wrong += [f"doubled: a code was answered {times} times" for times in codes.values() if times > 1]
    return wrong + [f"audit: {each}" for each in await audit.examine(platform)]


def _same(told: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """What is found later may have been taken back meanwhile; what it is does not change."""
    return all(told[name] == found[name] for name in ("redemption_id", "verification_id", "amount_fen", "receipt"))


def _differences(kind: str, name: str, intentions: Mapping[str, Intention], rows: list[Any]) -> list[str]:
    """Between what tills know of their acts of one kind and what is held of them."""
    wrong: list[str] = []
    held: dict[str, list[Any]] = {}
    for row in rows:
        held.setdefault(row["partner_ref"], []).append(row)
    for ref, found in held.items():
        intention = intentions.get(ref)
        if intention is None:
            wrong.append(f"phantom: nobody meant {kind} {ref}")
        elif len(found) > 1:
            wrong.append(f"doubled: {kind} {ref} is there {len(found)} times")
        elif intention.done is None:
            wrong.append(f"phantom: {kind} {ref} is there, told was {intention.refusal}")
        elif UUID(intention.done[name]) != found[0]["id"]:
            wrong.append(f"phantom: {kind} {ref} is {found[0]['id']}, told was {intention.done[name]}")
        elif kind == "redemptions" and intention.done["amount_fen"] != found[0]["amount_fen"]:
            wrong.append(f"{kind} {ref}: {found[0]['amount_fen']} fen, told were {intention.done['amount_fen']}")
    wrong += [
        f"lost: {kind} {ref} was acknowledged"
        for ref, intention in intentions.items()
        if intention.done is not None and ref not in held
    ]
    return wrong


def _over_limits(standing: list[Any]) -> list[str]:
    """Limits that more redemptions stand under than they allow."""
    scarce = sum(row["number"] for row in standing if row["benefit_id"] == SCARCE)
    wrong = [f"{scarce} of {_SCARCE} vouchers were given"] if scarce > _SCARCE else []
    return wrong + [
        f"somebody has {row['number']} of {_PERSONAL} a day"
        for row in standing
        if row["benefit_id"] == PERSONAL and row["number"] > _PERSONAL
    ]
