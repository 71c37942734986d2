"""What goes in and out of the codes room."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from partners.codes.ic1 import Scene

MAXIMUM_TICKETS = 32


class TicketOrder(msgspec.Struct, forbid_unknown_fields=True):
    """How many tickets the phone wants: 1 to 32."""

    count: Annotated[int, Meta(ge=1, le=MAXIMUM_TICKETS, description="张数 number of tickets")] = MAXIMUM_TICKETS


class Ticket(msgspec.Struct):
    """A one-time ticket: id (10 bytes) and key (32 bytes) in base64url without padding, slot 0 to 15, expiry."""

    tid: str
    k: str
    slot: int
    exp: datetime


class TicketBatch(msgspec.Struct):
    """Tickets, and the server's time from which the phone counts on with a clock that only moves forward."""

    server_time: datetime
    step_seconds: int
    tickets: list[Ticket]


class ShownCode(msgspec.Struct):
    """A code to be shown now: the text of its QR, the same as digits for a keypad, and until when it is current."""

    text: str
    digits: str
    server_time: datetime
    expires_at: datetime


class Holder(msgspec.Struct, frozen=True):
    """Whose code was burned: a person's, of which `computes` says whether they consent to a score, or an enterprise's, of which no
    account is told: which agent showed it is nobody's business."""

    account_id: UUID | None
    subject_id: UUID
    computes: bool
    enterprise_id: UUID | None = None


class Scanned(msgspec.Struct, frozen=True):
    """A scanned code that is ours and fresh; whether it was used already only the burn can say."""

    ticket_id: bytes
    slot: int
    scene: Scene


class Burning(msgspec.Struct, frozen=True):
    """A ticket that is to be burned: for which verification of which partner."""

    ticket_id: bytes
    slot: int
    partner_id: UUID
    verification_id: UUID


class Burned(msgspec.Struct, frozen=True):
    """A ticket that was burned: whose it was, and since when."""

    account_id: UUID
    subject_id: UUID
    issued_at: datetime
    enterprise_id: UUID | None
