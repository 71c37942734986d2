"""Servers with one defence removed each: what the harness must notice. `python -m tests.faults.broken_servers up ...`

A worker takes its defence out before it builds the application; the application knows nothing of it.
"""

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from unittest import mock
from uuid import UUID, uuid4

from litestar import Request

from tests.faults.serving import BUILD

WORKER = "tests.faults.broken_servers:worker"


def _every_request_is_a_new_act() -> None:
    """No idempotency key: what a partner sends as its key is not looked at."""
    from backend.market import once

    as_built = once.once_of

    async def fresh(request: Request, key: str | None) -> once.Once:
        return once.Once(str(uuid4()), (await as_built(request, key)).mark)

    once.once_of = fresh


def _burned_in_the_cache_alone() -> None:
    """The code's only use is remembered by the cache, for the request that used it, and nowhere else."""
    from backend.codes import store as code_store
    from backend.codes.messages import Burning
    from backend.codes.problems import CODE_UNUSABLE
    from backend.market import verifying
    from backend.market.messages import VerificationOrder
    from backend.market.once import Answered, Once
    from backend.platform.database import Row
    from backend.platform.platform import Platform
    from backend.platform.questions import Question

    as_built = verifying.verify

    async def verify(
        platform: Platform, partner_id: UUID, order: VerificationOrder, act: Once, request_id: str
    ) -> Answered:
        used_by = await platform.cache.set(f"used:{order.code}", act.key, nx=True, get=True, ex=3600)
        if used_by is not None and used_by != act.key.encode():
            raise CODE_UNUSABLE.error()
        return await as_built(platform, partner_id, order, act, request_id)

    def looked_up(burnings: Sequence[Burning], now: datetime) -> Question[dict[bytes, Row]]:
        return Question.impersonal(
            "a broken build",
            lambda rows: {row["ticket_id"]: row for row in rows},
            ("ticket_id", "account_id", "subject_id", "issued_at", "enterprise_id"),
            "SELECT id AS ticket_id, account_id, subject_id, issued_at, enterprise_id FROM code_ticket "
            "WHERE id = ANY($1::bytea[]) AND expires_at > $2",
            [each.ticket_id for each in burnings],
            now,
        )

    verifying.verify = verify
    code_store.burns = looked_up


BUILDS: dict[str, Callable[[], None]] = {
    "no idempotency key": _every_request_is_a_new_act,
    "nonce only in the cache": _burned_in_the_cache_alone,
}


def worker() -> Any:
    """The application of one worker process, without its defence."""
    from backend.commands import serve

    BUILDS[os.environ[BUILD]]()
    return serve.worker()


def main() -> None:
    """The command `xinyi`, whose server has these workers."""
    from backend.cli import main as xinyi
    from backend.commands import http_server, serve

    with mock.patch.object(serve, "serve", lambda settings, _: http_server.serve(settings, WORKER)):
        xinyi()


if __name__ == "__main__":
    main()
