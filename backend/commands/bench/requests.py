"""The requests of each measurement, made before its clock runs: bytes as they go over the socket, signed where they must be."""

import secrets
from collections.abc import Sequence
from itertools import cycle, islice
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import msgspec

from backend.commands.bench import ceilings
from backend.commands.bench.load import Window, Wrong, send
from backend.commands.bench.population import BENEFIT, SCENE, Holder, Population
from backend.identity import tokens
from backend.platform.http.signatures import REQUEST_TAG
from backend.platform.platform import Platform
from backend.platform.roles import Role
from partners import base64url
from partners.codes import ic1
from partners.signatures.requests import RequestMessage, SigningKey, sign_request

ROWS = 100
"""Rows of one delivery."""

_TICKETS = 32
_VERIFICATIONS = "/v1/partner/verifications"


class _Ticket(msgspec.Struct):
    tid: str
    k: str
    slot: int


class _Batch(msgspec.Struct):
    tickets: list[_Ticket]


class _Verified(msgspec.Struct):
    verification_id: UUID
    result: str


class _Delivered(msgspec.Struct):
    accepted: int


class Requests:
    """Makes requests to one server on behalf of a population."""

    def __init__(self, platform: Platform, population: Population, connections: int) -> None:
        self._platform = platform
        self._population = population
        self._connections = connections
        self._url = platform.settings.external_url
        self._host = urlsplit(self._url).netloc
        self._holders = cycle(population.holders)

    async def empty(self, count: int) -> list[bytes]:
        """The ceiling of the server and its middleware."""
        return [self._request("GET", ceilings.EMPTY)] * count

    async def select_and_cache(self, count: int) -> list[bytes]:
        """The ceiling of the server, one indexed select and one cache read."""
        return [self._request("GET", f"{ceilings.SELECT_AND_CACHE}/{self._population.partner.key_id}")] * count

    async def signed(self, count: int) -> list[bytes]:
        """The ceiling of the server, one verified signature and one signed answer: bodies as those of a verification."""
        body = {"code": "x" * 43, "benefit": BENEFIT, "terminal": "till-1", "partner_ref": "bench"}
        partner = self._population.partner
        return [self._signed(ceilings.SIGNED, body, partner, idempotency_key=str(uuid4())) for _ in range(count)]

    async def code_issue(self, count: int) -> list[bytes]:
        """Residents ask for their current code, one after the other."""
        path = f"/v1/me/code?scene={SCENE.name.lower()}"
        return [self._request("GET", path, self._authorization(holder)) for holder in self._next(count)]

    async def score_read(self, count: int) -> list[bytes]:
        """Residents read their score."""
        return [self._request("GET", "/v1/me/score", self._authorization(holder)) for holder in self._next(count)]

    async def verification(self, count: int) -> list[bytes]:
        """The partner verifies fresh codes of many residents."""
        tickets = await self._tickets(count)
        now = int(self._platform.clock.now().timestamp())
        return [
            self._signed(
                _VERIFICATIONS,
                {
                    "code": ic1.encode(ticket, SCENE, now),
                    "benefit": BENEFIT,
                    "terminal": "till-1",
                    "partner_ref": "bench",
                },
                self._population.partner,
                idempotency_key=str(uuid4()),
            )
            for ticket in tickets
        ]

    async def redemption(self, count: int) -> list[bytes]:
        """The partner redeems verifications that were answered just before, outside the measurement."""
        window = await self.sent(await self.verification(count), 201, self._connections)
        return self.redemptions([verified.verification_id for verified in eligible(window)])

    def redemptions(self, verification_ids: Sequence[UUID]) -> list[bytes]:
        """The partner redeems these verifications."""
        return [
            self._signed(
                "/v1/partner/redemptions",
                {"verification_id": verification_id, "partner_ref": "bench", "amount_fen": 500},
                self._population.partner,
                idempotency_key=str(uuid4()),
            )
            for verification_id in verification_ids
        ]

    async def intake(self, count: int) -> list[bytes]:
        """The source delivers new records, a hundred at a time."""
        rows = self._population.rows
        return [
            self._signed(
                "/v1/source/deliveries",
                {"delivery_ref": "bench", "rows": list(islice(rows, ROWS))},
                self._population.source,
            )
            for _ in range(count)
        ]

    async def sent(
        self, requests: Sequence[bytes], status: int, connections: int, seconds: float = float("inf")
    ) -> Window:
        """Sends these requests, for so many seconds at most. Raises Wrong."""
        host, _, port = self._host.rpartition(":")
        return await send(host, int(port), requests, connections=connections, status=status, seconds=seconds)

    async def _tickets(self, count: int) -> list[ic1.Ticket]:
        """Tickets as phones fetch them, in batches; they are shown in turn, so that neighbours in time are different people."""
        order = msgspec.json.encode({"count": _TICKETS})
        requests = [
            self._request(
                "POST",
                "/v1/me/code-tickets",
                {**self._authorization(holder), "content-type": "application/json"},
                order,
            )
            for holder in self._next(-(-count // _TICKETS))
        ]
        window = await self.sent(requests, 200, self._connections)
        batches = [msgspec.json.decode(body, type=_Batch) for body in window.bodies]
        drawn = [ticket for round_ in zip(*(batch.tickets for batch in batches), strict=True) for ticket in round_]
        return [
            ic1.Ticket(base64url.decode(ticket.tid), base64url.decode(ticket.k), ticket.slot)
            for ticket in drawn[:count]
        ]

    def _next(self, count: int) -> list[Holder]:
        """The residents whose turn it is: neighbours in time are different people."""
        return list(islice(self._holders, count))

    def _authorization(self, holder: Holder) -> dict[str, str]:
        token = tokens.issue(
            self._platform.keys,
            holder.account_id,
            uuid4(),
            holder.subject_id,
            frozenset({Role.RESIDENT}),
            self._platform.clock.now(),
        )
        return {"authorization": f"Bearer {token}"}

    def _signed(self, path: str, body: Any, key: SigningKey, *, idempotency_key: str | None = None) -> bytes:
        headers = {"content-type": "application/json"}
        if idempotency_key is not None:
            headers["idempotency-key"] = idempotency_key
        content = msgspec.json.encode(body)
        now = int(self._platform.clock.now().timestamp())
        message = RequestMessage("POST", self._url + path, headers, content)
        added = sign_request(message, key, now, secrets.token_urlsafe(16), REQUEST_TAG)
        return self._request("POST", path, {**headers, **added}, content)

    def _request(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
        lines = {"host": self._host, **(headers or {}), **({"content-length": str(len(body))} if body else {})}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def eligible(window: Window) -> list[_Verified]:
    """The verifications in the answers. Raises Wrong unless everybody was eligible: a no would be another measurement."""
    answers = [msgspec.json.decode(body, type=_Verified) for body in window.bodies]
    if any(answer.result != "eligible" for answer in answers):
        raise Wrong("有居民被答复“不符合”。", "Somebody was answered `declined`.")
    return answers


def accepted(window: Window) -> None:
    """Raises Wrong unless every delivered row was taken in."""
    if any(msgspec.json.decode(body, type=_Delivered).accepted != ROWS for body in window.bodies):
        raise Wrong("有记录被退回。", "Some rows were returned.")
