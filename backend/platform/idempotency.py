"""Idempotency-Key 幂等键: a retried request has one effect and gets the first answer again (protocol, section 2).

The row is claimed in the transaction of the act and holds its answer, so effect and answer commit together. A second
request with the same key waits for the first on the unique key; after 5 s of waiting it is told to ask again.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from backend.platform.database import Connection
from backend.platform.problems import declare
from backend.platform.questions import Question

IDEMPOTENCY_KEY_MISSING = declare(
    400, "idempotency-key-missing", "缺少 Idempotency-Key", "Idempotency-Key is missing",
    "请为每一次业务操作生成一个 UUID，放在 Idempotency-Key 头中。", "Send a UUID of your own for each act in the header Idempotency-Key.",
)  # fmt: skip
IDEMPOTENCY_KEY_REUSED = declare(
    422, "idempotency-key-reused", "幂等键已用于另一请求", "The idempotency key was used for another request",
    "请为新的操作换一个新的幂等键。", "Use a new key for a new act.",
)  # fmt: skip
IDEMPOTENCY_IN_PROGRESS = declare(
    409, "idempotency-in-progress", "同一幂等键的请求正在处理", "A request with this key is still being processed",
    "请稍后用同一幂等键重试。", "Try again shortly with the same key.",
)  # fmt: skip


class Saved(msgspec.Struct, frozen=True):
    """An answer given before: HTTP status and body bytes."""

    status: int
    body: bytes


def fingerprint(method: str, target: str, body: bytes) -> bytes:
    """32 bytes over method, target and body: what must be equal for a request to be the same request."""
    return hashlib.sha256(f"{method} {target}\n".encode() + body).digest()


async def claim(connection: Connection, scope: str, key: str, mark: bytes) -> Saved | None:
    """Claims `key` in the caller's transaction; gives the saved answer if the act was done before. One round trip, two on replay.

    Raises IDEMPOTENCY_KEY_REUSED if the key was used with another request.
    """
    claimed = await connection.fetch_value(
        "INSERT INTO saved_answer (scope, key, fingerprint, created_at) VALUES ($1, $2, $3, now()) "
        "ON CONFLICT (scope, key) DO NOTHING RETURNING true",
        scope,
        key,
        mark,
    )
    if claimed:
        return None
    row = await connection.fetch_one(
        "SELECT fingerprint, status, body FROM saved_answer WHERE scope = $1 AND key = $2", scope, key
    )
    if row is None or row["status"] is None:
        raise IDEMPOTENCY_IN_PROGRESS.error()
    if row["fingerprint"] != mark:
        raise IDEMPOTENCY_KEY_REUSED.error()
    return Saved(row["status"], row["body"])


def claims(asked: Sequence[tuple[str, str, bytes]]) -> Question[list[bool]]:
    """Claims the keys of many acts (scope, key, fingerprint); which of them are claimed now, in their order. Of two acts under one
    key it is the first.

    In the order of the keys: two workers that claim the same ones wait for each other in turn, never crosswise.
    """

    def claimed(rows: Sequence[Mapping[str, Any]]) -> list[bool]:
        free = {(row["scope"], row["key"]) for row in rows}
        found = []
        for scope, key, _ in asked:
            found.append((scope, key) in free)
            free.discard((scope, key))
        return found

    return Question.open(
        claimed,
        ("scope", "key"),
        "INSERT INTO saved_answer (scope, key, fingerprint, created_at) SELECT DISTINCT ON (scope, key) scope, key, fingerprint, "
        "now() FROM unnest($1::text[], $2::text[], $3::bytea[]) WITH ORDINALITY AS claim(scope, key, fingerprint, place) "
        "ORDER BY scope, key, place ON CONFLICT (scope, key) DO NOTHING RETURNING scope, key",
        [scope for scope, _, _ in asked],
        [key for _, key, _ in asked],
        [mark for _, _, mark in asked],
    )


def releasing(claimed: Sequence[tuple[str, str]]) -> Question[None]:
    """Frees keys (scope, key) that were claimed in this transaction for acts that did not come about."""
    return Question.open(
        lambda _: None,
        ("key",),
        "DELETE FROM saved_answer USING unnest($1::text[], $2::text[]) AS given(scope, key) "
        "WHERE saved_answer.scope = given.scope AND saved_answer.key = given.key AND status IS NULL RETURNING saved_answer.key",
        [scope for scope, _ in claimed],
        [key for _, key in claimed],
    )


async def save(connection: Connection, scope: str, key: str, answer: Saved) -> None:
    """Keeps the answer beside the effect, in the same transaction. One round trip."""
    await connection.execute(
        "UPDATE saved_answer SET status = $3, body = $4 WHERE scope = $1 AND key = $2",
        scope,
        key,
        answer.status,
        answer.body,
    )


def saving(answers: Sequence[tuple[str, str, Saved]]) -> Question[None]:
    """Keeps the answers of many acts (scope, key, answer) beside their effects."""
    return Question.open(
        lambda _: None,
        ("key",),
        "UPDATE saved_answer SET status = given.status, body = given.body "
        "FROM unnest($1::text[], $2::text[], $3::integer[], $4::bytea[]) AS given(scope, key, status, body) "
        "WHERE saved_answer.scope = given.scope AND saved_answer.key = given.key RETURNING saved_answer.key",
        [scope for scope, _, _ in answers],
        [key for _, key, _ in answers],
        [saved.status for _, _, saved in answers],
        [saved.body for _, _, saved in answers],
    )


async def forget_old(connection: Connection) -> int:
    """Drops answers older than 72 hours; gives their number."""
    return await connection.execute("DELETE FROM saved_answer WHERE created_at < now() - interval '72 hours'")
