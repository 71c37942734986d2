"""Doing a partner's act once: the idempotency key, its saved answer, and the answer's bytes."""

from collections.abc import Sequence
from typing import Annotated, TypeVar, cast
from uuid import UUID

import msgspec
from litestar import Request, Response
from litestar.params import Parameter

from backend.platform import idempotency
from backend.platform.database import Connection
from backend.platform.idempotency import IDEMPOTENCY_KEY_MISSING, Saved
from backend.platform.questions import Question

Body = TypeVar("Body")

# The status of an act whose answer has to wait for somebody.
WAITS = 202

IdempotencyKey = Annotated[
    str | None,
    Parameter(
        header="Idempotency-Key",
        required=False,
        max_length=64,
        description="每次业务操作一个 UUID。A UUID for each act.",
    ),
]


class Once(msgspec.Struct, frozen=True):
    """A request that is to have one effect: the partner's key and 32 bytes over method, target and body."""

    key: str
    mark: bytes


class Answered(msgspec.Struct, frozen=True):
    """The bytes of an answer, given now or given before."""

    status: int
    body: bytes
    replayed: bool


async def once_of(request: Request, key: str | None) -> Once:
    """The request's key and mark. Raises IDEMPOTENCY_KEY_MISSING unless the key is a UUID."""
    try:
        normalised = str(UUID(key or ""))
    except ValueError:
        raise IDEMPOTENCY_KEY_MISSING.error() from None
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return Once(normalised, idempotency.fingerprint(request.method, target, await request.body()))


async def claim(connection: Connection, partner_id: UUID, once: Once) -> Answered | None:
    """Claims the key of a partner; gives the saved answer if the act was done before. One round trip, two on replay."""
    saved = await idempotency.claim(connection, _scope(partner_id), once.key, once.mark)
    return Answered(saved.status, saved.body, True) if saved is not None else None


async def save(connection: Connection, partner_id: UUID, once: Once, body: bytes, status: int = 201) -> Answered:
    """Keeps the answer beside its effect. One round trip."""
    await idempotency.save(connection, _scope(partner_id), once.key, Saved(status, body))
    return Answered(status, body, False)


def claims(acts: Sequence[tuple[UUID, Once]]) -> Question[list[bool]]:
    """Claims the keys of many acts (partner, act); which of them were neither done before nor are under way, in their order."""
    return idempotency.claims([(_scope(partner), act.key, act.mark) for partner, act in acts])


def releasing(acts: Sequence[tuple[UUID, Once]]) -> Question[None]:
    """Frees the keys that were just claimed for acts that did not come about."""
    return idempotency.releasing([(_scope(partner), act.key) for partner, act in acts])


def saving(acts: Sequence[tuple[UUID, Once]], answers: Sequence[Answered]) -> Question[None]:
    """Keeps the answers of many acts beside their effects."""
    return idempotency.saving(
        [
            (_scope(partner), act.key, Saved(answer.status, answer.body))
            for (partner, act), answer in zip(acts, answers, strict=True)
        ]
    )


def response(answered: Answered, kind: type[Body]) -> Response[Body]:
    """The answer over HTTP; a replayed one says so. `kind` is what the bytes are, for the published contract."""
    return Response(
        cast(Body, answered.body),
        status_code=answered.status,
        media_type="application/json",
        headers={"Idempotency-Replayed": "true"} if answered.replayed else {},
    )


def _scope(partner_id: UUID) -> str:
    return f"partner:{partner_id}"
