"""What a receiver of webhooks does first: believe nothing that is not signed for it, just now.

    message = verify_webhook(secret, request.headers, request.body)
    if message.type == "order.agreed":
        ...

A message may come more than once, always under the same `id`; it carries ids, never a person: ask for the rest.
"""

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from partners import webhooks


class WebhookNotTrusted(Exception):
    """The message is not signed with this secret for exactly this content, just now: answer 400. `code` says what is wrong."""

    def __init__(self, code: str) -> None:
        super().__init__(f"不要采信此通知 do not act on this message: {code}")
        self.code = code


class WebhookMessage(msgspec.Struct, frozen=True):
    """An event: `id` is the same at every delivery of it, `data` holds ids."""

    id: str
    type: str
    timestamp: datetime
    data: dict[str, Any]


class _Body(msgspec.Struct):
    type: str
    timestamp: datetime
    data: dict[str, Any]


def verify_webhook(
    secret: str, headers: Mapping[str, str], body: bytes, *, now: Callable[[], float] = time.time
) -> WebhookMessage:
    """The event in a message that the platform signed with `secret` within the last five minutes.

    `headers` whatever the case of their names; `body` as it came, before anything parsed it. Raises WebhookNotTrusted, and
    ValueError for a secret that is none.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    distrust = webhooks.verify([webhooks.secret_key(secret)], lowered, body, int(now()))
    if distrust is not None:
        raise WebhookNotTrusted(distrust.value)
    try:
        read = msgspec.json.decode(body, type=_Body)
    except msgspec.DecodeError:
        raise WebhookNotTrusted("body-unreadable") from None
    return WebhookMessage(lowered[webhooks.ID], read.type, read.timestamp, read.data)
