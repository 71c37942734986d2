"""What every operation of the API says about itself: who may call it, what it does, an example, and how it can fail."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from litestar.openapi.datastructures import ResponseSpec

from backend.platform import problems
from backend.platform.problems import ProblemDetails, ProblemType
from backend.platform.roles import Permission, is_public, is_signed
from backend.platform.signature_problems import SIGNATURE_PROBLEMS

SMALL_BODY = 64 * 1024

BEARER = "accessToken"
SIGNATURE = "httpMessageSignature"


def operation(
    permission: Permission,
    summary: str,
    description: str,
    *,
    raises: Iterable[ProblemType] = (),
    example: Any = None,
    answer: Any = None,
    waits: tuple[type[Any], Any] | None = None,
    maximum_body: int = SMALL_BODY,
) -> dict[str, Any]:
    """Keyword arguments for a Litestar handler decorator.

    permission: checked by the one guard against the one table of roles; without it the application does not start.
    summary: one line, Chinese first, then English. description: what it does, and the round trips of a hot endpoint.
    raises: the problem types of this operation; those that its kind of caller can always meet are added.
    example: an example request body. answer: an example answer body. maximum_body: bytes.
    waits: what a 202 answers where the act may have to wait for somebody: the struct, and an example.
    """
    kinds = [*raises, *_always(permission)]
    by_status: dict[int, list[ProblemType]] = defaultdict(list)
    for kind in kinds:
        if kind not in by_status[kind.status]:
            by_status[kind.status].append(kind)
    waiting = {202: ResponseSpec(waits[0], generate_examples=False, description="等待本人确认 Waits")} if waits else {}
    return {
        "summary": summary,
        "description": description,
        "opt": {"permission": permission, "example": example, "answer": answer, "waits": waits},
        "responses": waiting
        | {
            status: ResponseSpec(
                data_container=ProblemDetails,
                generate_examples=False,
                media_type=problems.MEDIA_TYPE,
                description="; ".join(f"`{kind.code}` {kind.title} / {kind.title_en}" for kind in of_status),
            )
            for status, of_status in sorted(by_status.items())
        },
        "security": _security(permission),
        "request_max_body_size": maximum_body,
    }


def _always(permission: Permission) -> list[ProblemType]:
    kinds = [problems.MALFORMED_REQUEST, problems.TOO_LARGE, problems.UNSUPPORTED_MEDIA_TYPE, problems.UNAVAILABLE]
    if is_signed(permission):
        return [*kinds, *SIGNATURE_PROBLEMS, problems.NOT_ALLOWED]
    if not is_public(permission):
        return [*kinds, problems.NOT_SIGNED_IN, problems.NOT_ALLOWED]
    return kinds


def _security(permission: Permission) -> list[dict[str, list[str]]]:
    if is_public(permission):
        return []
    return [{SIGNATURE if is_signed(permission) else BEARER: []}]
