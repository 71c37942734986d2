"""The delivery port 消息送达: how a one-time code reaches a phone. A city plugs its own message operator in here."""

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from redis.asyncio import Redis

_CHANNEL = "xinyi:development-messages"


class MessageDelivery(Protocol):
    """Sends one short message to a phone number and keeps nothing."""

    async def send_code(self, phone: str, code: str) -> None:
        """Delivers a one-time sign-in code. `phone` is 11 digits."""
        ...


class TerminalDelivery:
    """Development: shows the code on the server's terminal, and to whoever watches at that moment; keeps nothing."""

    def __init__(self, cache: "Redis") -> None:
        self._cache = cache

    async def send_code(self, phone: str, code: str) -> None:
        print(f"[验证码 one-time code] {phone}: {code}", file=sys.stderr, flush=True)
        await self._cache.publish(_CHANNEL, json.dumps({"phone": phone, "code": code}))


class SilentDelivery:
    """Sends nothing: for load tests and for a server without a message operator."""

    async def send_code(self, phone: str, code: str) -> None:
        return None


def delivery_named(name: str, cache: "Redis") -> MessageDelivery:
    """The sender of a setting's name; `terminal` or `silent`."""
    return TerminalDelivery(cache) if name == "terminal" else SilentDelivery()


class Inbox:
    """The development phones: what `TerminalDelivery` sends while somebody watches."""

    def __init__(self, messages: AsyncIterator[dict[str, str]]) -> None:
        self._messages = messages

    async def next_code(self, phone: str) -> str:
        """Waits for the next code sent to `phone`."""
        async for message in self._messages:
            if message["phone"] == phone:
                return message["code"]
        raise LookupError(phone)


@asynccontextmanager
async def watch(cache: "Redis") -> AsyncIterator[Inbox]:
    """Watches the development phones from now on: for the demonstration and for tests that run another process."""
    async with cache.pubsub() as subscription:
        await subscription.subscribe(_CHANNEL)

        async def messages() -> AsyncIterator[dict[str, str]]:
            async for message in subscription.listen():
                if message["type"] == "message":
                    yield json.loads(message["data"])

        yield Inbox(messages())
