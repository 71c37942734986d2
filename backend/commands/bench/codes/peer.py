"""The same endpoint as most would write it: FastAPI, SQLAlchemy, PyJWT and http-message-signatures, in the same server.

It does what a verification of ours does: signature and nonce, idempotency, partner, benefit, one-time code burned in the
database, consent and score of its holder, uses of the month, the decision, a verification and an access row in one
transaction, a signed receipt and a signed answer. Its tables hold the minimum that this takes.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

import httpx2
import jwt
import redis.asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI, HTTPException, Request, Response
from http_message_signatures import HTTPMessageSigner, HTTPMessageVerifier, algorithms
from pydantic import BaseModel
from sqlalchemy import BigInteger, ForeignKey, Select, String, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from backend.commands.bench.codes.alone import Resolver

PATH = "/v1/partner/verifications"
SECRET = "PEER_BENCH_KEY"
URL = "PEER_BENCH_URL"
TAG = "peer-request"
COVERED = ("@method", "@target-uri", "content-type", "content-digest", "idempotency-key")
_ANSWER = ("@status", "content-type", "content-digest", '"@method";req', '"@target-uri";req', '"signature";req')


class Base(DeclarativeBase):
    """The peer's tables."""


class Partner(Base):
    """A shop."""

    __tablename__ = "peer_partner"
    id: Mapped[str] = mapped_column(String, primary_key=True)
    state: Mapped[str]


class Benefit(Base):
    """An offer."""

    __tablename__ = "peer_benefit"
    id: Mapped[str] = mapped_column(String, primary_key=True)
    minimum_rank: Mapped[int]
    per_day: Mapped[int]


class Holder(Base):
    """A person: consent and level."""

    __tablename__ = "peer_holder"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    consents: Mapped[bool]
    rank: Mapped[int]


class Ticket(Base):
    """A one-time code."""

    __tablename__ = "peer_ticket"
    id: Mapped[str] = mapped_column(String, primary_key=True)
    holder_id: Mapped[int] = mapped_column(ForeignKey("peer_holder.id"))


class Burn(Base):
    """Its only use."""

    __tablename__ = "peer_burn"
    ticket_id: Mapped[str] = mapped_column(ForeignKey("peer_ticket.id"), primary_key=True)


class Key(Base):
    """An idempotency key with its answer."""

    __tablename__ = "peer_key"
    id: Mapped[str] = mapped_column(String, primary_key=True)
    mark: Mapped[str]
    answer: Mapped[str | None]


class Verification(Base):
    """An answer that was given."""

    __tablename__ = "peer_verification"
    id: Mapped[str] = mapped_column(String, primary_key=True)
    holder_id: Mapped[int] = mapped_column(BigInteger, index=True)
    benefit_id: Mapped[str]
    result: Mapped[str]
    at: Mapped[float]


class Seen(Base):
    """A row of somebody's access log."""

    __tablename__ = "peer_seen"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=True)
    holder_id: Mapped[int] = mapped_column(BigInteger)
    who: Mapped[str]


class Order(BaseModel):
    """The request."""

    code: str
    benefit: str
    terminal: str
    partner_ref: str


class Answer(BaseModel):
    """The answer."""

    verification_id: str
    benefit: str
    result: str
    expires_at: datetime
    receipt: str


def engine_url(database_url: str) -> str:
    """The database's address as SQLAlchemy wants it."""
    return "postgresql+asyncpg://" + database_url.partition("://")[2]


def application() -> FastAPI:
    """One worker's application; key, database and cache are named by the environment."""
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(os.environ[SECRET]))
    engine = create_async_engine(engine_url(os.environ["DATABASE_URL"]), pool_size=10)
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    cache = redis.asyncio.from_url(os.environ["REDIS_URL"])
    resolver: Any = {"signature_algorithm": algorithms.ED25519, "key_resolver": Resolver(key)}
    verifier, signer = HTTPMessageVerifier(**resolver), HTTPMessageSigner(**resolver)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await engine.dispose()

    app = FastAPI(lifespan=lifespan)

    @app.get("/readyz")
    async def ready() -> dict[str, str]:
        return {"status": "ok"}

    @app.post(PATH, status_code=201)
    async def verify(request: Request, order: Order) -> Response:
        body = await request.body()
        address = f"{os.environ[URL]}{PATH}"
        message = httpx2.Request("POST", address, headers=dict(request.headers), content=body)
        try:
            [verified] = verifier.verify(message, expect_tag=TAG, require_components=COVERED, body=body)
        except Exception:
            raise HTTPException(401) from None
        if not await cache.set(f"peer:{verified.parameters['nonce']}", b"1", nx=True, ex=180):
            raise HTTPException(401)
        async with sessions() as session, session.begin():
            answer = await _decided(session, key, order, request.headers["idempotency-key"], sha256(body).hexdigest())
        content = answer.encode()
        response = httpx2.Response(201, headers={"content-type": "application/json"}, content=content, request=message)
        signer.sign(
            response, key_id="peer", created=datetime.now(UTC), label="sig", tag=TAG, include_alg=False,
            covered_component_ids=_ANSWER, body=content,
        )  # fmt: skip
        names = ("content-digest", "signature-input", "signature")
        signed = {name: response.headers[name] for name in names}
        return Response(content, status_code=201, media_type="application/json", headers=signed)

    return app


async def _decided(session: AsyncSession, key: Ed25519PrivateKey, order: Order, given: str, mark: str) -> str:
    """One transaction: the saved answer, or a new one."""
    saved = await session.get(Key, given)
    if saved is not None:
        if saved.mark != mark or saved.answer is None:
            raise HTTPException(422)
        return saved.answer
    saved = Key(id=given, mark=mark, answer=None)
    session.add(saved)
    await session.flush()
    partner, benefit = await session.get(Partner, "peer"), await session.get(Benefit, order.benefit)
    if partner is None or partner.state != "live" or benefit is None:
        raise HTTPException(404)
    try:
        claims = jwt.decode(order.code, key.private_bytes_raw(), algorithms=["HS256"])
    except jwt.InvalidTokenError:
        raise HTTPException(422) from None
    ticket = await session.get(Ticket, claims["jti"])
    if ticket is None:
        raise HTTPException(422)
    session.add(Burn(ticket_id=ticket.id))
    try:
        await session.flush()
    except IntegrityError:
        raise HTTPException(422) from None
    holder = await session.get_one(Holder, ticket.holder_id)
    now = datetime.now(UTC)
    used: Select[tuple[int]] = select(func.count()).where(
        Verification.holder_id == holder.id,
        Verification.benefit_id == benefit.id,
        Verification.at >= now.timestamp() - 86_400,
    )
    within = (await session.scalar(used) or 0) < benefit.per_day
    result = "eligible" if holder.consents and holder.rank >= benefit.minimum_rank and within else "declined"
    verification_id, expires_at = str(uuid4()), now + timedelta(minutes=15)
    session.add(
        Verification(id=verification_id, holder_id=holder.id, benefit_id=benefit.id, result=result, at=now.timestamp())
    )
    session.add(Seen(holder_id=holder.id, who=partner.id))
    said = {
        "iss": "peer",
        "sub": verification_id,
        "benefit": benefit.id,
        "result": result,
        "iat": now,
        "exp": expires_at,
    }
    receipt = jwt.encode(said, key, algorithm="EdDSA")
    answer = Answer(
        verification_id=verification_id, benefit=benefit.id, result=result, expires_at=expires_at, receipt=receipt
    )
    saved.answer = answer.model_dump_json()
    return saved.answer
