"""What can go wrong between a till and the platform, and what to do about it."""

from collections.abc import Mapping
from typing import Any


class ServerProblem(Exception):
    """The platform refused, and signed its refusal (RFC 9457): `code` is stable, `body` is the whole document."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        super().__init__(f"{status} {body.get('code')}: {body.get('detail')} {body.get('detail_en')}")
        self.status = status
        self.code = str(body.get("code"))
        self.body = body


class AnswerNotTrusted(Exception):
    """The answer is not signed by a published key for exactly this request: do not act on it. `code` says what is wrong."""

    def __init__(self, code: str) -> None:
        super().__init__(f"不要采信此应答 do not act on this answer: {code}")
        self.code = code


class OutcomeUnknown(Exception):
    """No final answer came, after every try; the cause says why. The act may have been done.

    Send the same act again with `idempotency_key`, or ask `PartnerClient.redemption_by_key`: neither does it twice.
    """

    def __init__(self, idempotency_key: str | None) -> None:
        super().__init__(f"结果不明 the outcome is unknown; idempotency key: {idempotency_key}")
        self.idempotency_key = idempotency_key
