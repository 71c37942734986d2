"""What a person sees of who looked."""

from datetime import datetime

import msgspec


class AccessEntry(msgspec.Struct):
    """One read: who, what, why, on what ground, with which outcome (`ok` or `failed`)."""

    at: datetime
    actor_kind: str
    actor_name: str
    action: str
    purpose: str
    ground: str
    fields: list[str]
    outcome: str


class AccessLogPage(msgspec.Struct):
    """Newest first; `next` is the cursor of the following page, or null."""

    entries: list[AccessEntry]
    next: str | None
