"""The peer's server: granian with the options of ours, its tables and people, and the requests that it is measured with."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count as counting
from itertools import islice
from uuid import uuid4

import httpx2
import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import HTTPMessageSigner, algorithms
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import create_async_engine

from backend.commands.bench.codes import peer
from backend.commands.bench.codes.alone import Resolver
from backend.commands.bench.server import free_port, served
from backend.commands.http_server import obey_parent_only, serve
from backend.platform.settings import Settings, read_settings

_RESIDENTS = 1000


class Peer:
    """A peer that runs, and makes requests to itself."""

    def __init__(self, settings: Settings) -> None:
        self._settings = msgspec.structs.replace(settings, port=free_port())
        self._key = Ed25519PrivateKey.generate()
        self._signer = HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=Resolver(self._key))
        self._tickets = counting()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._settings.port

    @contextmanager
    def served(self) -> Iterator[None]:
        """Serves for as long as the block lasts. Raises Refusal."""
        secret = self._key.private_bytes_raw().hex()
        with served(self._settings, __name__, {peer.SECRET: secret, peer.URL: self._settings.external_url}):
            yield

    async def prepare(self) -> None:
        """Makes its tables, a partner, a benefit and people."""
        engine = create_async_engine(peer.engine_url(self._settings.database_url or ""))
        async with engine.begin() as connection:
            await connection.run_sync(peer.Base.metadata.create_all)
            await connection.execute(insert(peer.Partner).values(id="peer", state="live"))
            await connection.execute(insert(peer.Benefit).values(id="bench", minimum_rank=2, per_day=1_000_000))
            people = [{"id": number, "consents": True, "rank": 3} for number in range(_RESIDENTS)]
            await connection.execute(insert(peer.Holder), people)
        await engine.dispose()

    async def verification(self, count: int) -> list[bytes]:
        """Requests with fresh codes of many people, signed by the package."""
        numbers = list(islice(self._tickets, count))
        engine = create_async_engine(peer.engine_url(self._settings.database_url or ""))
        async with engine.begin() as connection:
            tickets = [{"id": str(number), "holder_id": number % _RESIDENTS} for number in numbers]
            await connection.execute(insert(peer.Ticket), tickets)
        await engine.dispose()
        return [self._request(str(number)) for number in numbers]

    def _request(self, ticket: str) -> bytes:
        now = datetime.now(UTC)
        code = jwt.encode({"jti": ticket, "exp": now + timedelta(minutes=5)}, self._key.private_bytes_raw(), "HS256")
        order = {"code": code, "benefit": "bench", "terminal": "till-1", "partner_ref": "bench"}
        body, address = msgspec.json.encode(order), f"{self._settings.external_url}{peer.PATH}"
        headers = {"content-type": "application/json", "idempotency-key": str(uuid4())}
        request = httpx2.Request("POST", address, content=body, headers=headers)
        self._signer.sign(
            request, key_id="peer", created=now, nonce=secrets.token_urlsafe(16), label="sig", tag=peer.TAG,
            include_alg=False, covered_component_ids=peer.COVERED, body=body,
        )  # fmt: skip
        head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
        return f"POST {peer.PATH} HTTP/1.1\r\n{head}\r\n".encode() + body


def main() -> None:
    """Serves until told to stop."""
    obey_parent_only()
    serve(read_settings(), "backend.commands.bench.codes.peer:application")


if __name__ == "__main__":
    main()
