"""Tills that ask with one key until they know, and remember what they meant and what they were told."""

import asyncio
import json
import random
import secrets
import time
from collections import Counter
from typing import Any
from uuid import uuid4

import httpx2

from backend.platform.http.signatures import REQUEST_TAG
from partners.signatures.base import combined
from partners.signatures.key_sets import read_key_set
from partners.signatures.keys import PublicKey
from partners.signatures.requests import RequestMessage, sign_request
from partners.signatures.responses import ResponseMessage, verify_response
from tests.builders.stage import Shop
from tests.faults.serving import PATIENCE_SECONDS

VERIFICATIONS, REDEMPTIONS = "/v1/partner/verifications", "/v1/partner/redemptions"

_DONE = frozenset({200, 201})
# Nobody was answered, or by somebody who could not know: the same again.
_LATER = frozenset({429, 503})
_IN_PROGRESS = "idempotency-in-progress"

Sent = tuple[str, str, bytes, dict[str, str]]


class Untrusted(AssertionError):
    """An answer that is not the platform's own."""


class Intention:
    """One act that a till means to do once: its key, what the till calls it, and every final answer that it got."""

    def __init__(self, shop: Shop, path: str, body: dict[str, Any], code: str = "", *, named: bool = True) -> None:
        self.shop = shop
        self.path = path
        self.key = str(uuid4())
        self.ref = f"intention-{uuid4()}"
        self.code = code
        self.content = json.dumps({**body, "partner_ref": self.ref} if named else body).encode()
        self.amount_fen: int | None = body.get("amount_fen")
        self.answers: list[tuple[int, bytes]] = []
        self.found: dict[str, Any] | None = None
        self.last_sent: Sent | None = None
        self.unsettled: list[str] = []

    @property
    def done(self) -> dict[str, Any] | None:
        """What was told of it if it was done: the first answer, or what was found under its key."""
        if self.answers and self.answers[0][0] in _DONE:
            told: dict[str, Any] = json.loads(self.answers[0][1])
            return told
        return self.found

    @property
    def refusal(self) -> str:
        """Why it was refused for good; empty if it was done, or is not known."""
        if self.done is not None or not self.answers:
            return ""
        return str(json.loads(self.answers[0][1])["code"])

    @property
    def known(self) -> bool:
        """Whether its outcome is known."""
        return bool(self.answers) or self.found is not None


class Tills:
    """All tills of the shops: they share connections and a memory."""

    def __init__(self, http: httpx2.AsyncClient, public_url: str, chance: random.Random) -> None:
        self._http = http
        self._url = public_url
        self._chance = chance
        self._published: dict[str, PublicKey] = {}
        self.intentions: list[Intention] = []
        self.strange: list[str] = []
        self.unanswered = 0

    async def open(self) -> None:
        """Fetches the platform's keys."""
        self._published = dict(read_key_set((await self._http.get("/.well-known/jwks.json")).content).answer)

    def means(self, shop: Shop, path: str, body: dict[str, Any], code: str = "") -> Intention:
        """A new intention, remembered."""
        intention = Intention(shop, path, body, code)
        self.intentions.append(intention)
        return intention

    def verification(self, shop: Shop, code: str, benefit: str) -> Intention:
        """To verify a code."""
        return self.means(shop, VERIFICATIONS, {"code": code, "benefit": benefit, "terminal": "till-1"}, code)

    async def send(
        self, shop: Shop, method: str, path: str, content: bytes = b"", key: str | None = None
    ) -> tuple[httpx2.Response, Sent]:
        """One sending under a fresh nonce, and its answer, which is the platform's own. Raises httpx2.TransportError, Untrusted."""
        headers = {"content-type": "application/json"} if content else {}
        if key is not None:
            headers["idempotency-key"] = key
        target = self._url + path
        message = RequestMessage(method, target, headers, content)
        now = int(time.time())
        headers |= sign_request(message, shop.key, now, secrets.token_urlsafe(16), REQUEST_TAG)
        answer = await self._http.request(method, path, content=content, headers=headers)
        received = ResponseMessage(answer.status_code, combined(answer.headers.multi_items()), answer.content)
        refused = verify_response(
            received, RequestMessage(method, target, headers, content), self._published.get, int(time.time())
        )
        if refused is not None:
            raise Untrusted(f"{refused.code}: {answer.status_code} {answer.text[:200]}")
        return answer, (method, path, content, headers)

    async def once(self, intention: Intention) -> bool:
        """Sends it once; whether the outcome is known now."""
        try:
            answer, sent = await self.send(intention.shop, "POST", intention.path, intention.content, intention.key)
        except httpx2.TransportError as error:
            self.unanswered += 1
            intention.unsettled.append(type(error).__name__)
            return False
        if answer.status_code in _LATER or answer.json().get("code") == _IN_PROGRESS:
            intention.unsettled.append(str(answer.json().get("code")))
            return False
        if answer.status_code >= 500:
            self.strange.append(f"{intention.path} was answered {answer.status_code}: {answer.text[:200]}")
            return False
        intention.answers.append((answer.status_code, answer.content))
        intention.last_sent = sent
        return True

    async def settle(self, intention: Intention) -> Intention:
        """Sends it until its outcome is known; of a redemption whose answer was lost it may ask by the key first.

        Raises AssertionError if it does not become known.
        """
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not await self.once(intention):
                    await asyncio.sleep(self._chance.uniform(0.02, 0.3))
                    if intention.path == REDEMPTIONS and self._chance.random() < 0.4 and await self._look_up(intention):
                        break
        except TimeoutError:
            raise AssertionError(f"{intention.path} is not known after {Counter(intention.unsettled)}") from None
        return intention

    async def _look_up(self, intention: Intention) -> bool:
        """Whether something was done under the key."""
        path = f"{REDEMPTIONS}?idempotency_key={intention.key}"
        try:
            answer, _ = await self.send(intention.shop, "GET", path)
        except httpx2.TransportError:
            return False
        if answer.status_code == 200:
            intention.found = answer.json()
        elif answer.status_code not in {404, *_LATER}:
            self.strange.append(f"{path} was answered {answer.status_code}: {answer.text[:200]}")
        return intention.found is not None

    async def again(self, intention: Intention) -> None:
        """Sends what was done once more, as a till does that forgot the answer."""
        if intention.done is not None:
            await self.settle(intention)

    async def replay(self, sent: Sent) -> httpx2.Response | None:
        """A recorded request, sent again byte for byte by whoever recorded it; None if nobody answered."""
        method, path, content, headers = sent
        try:
            return await self._http.request(method, path, content=content, headers=headers)
        except httpx2.TransportError:
            return None
