"""What goes in and out of the counters room."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from backend.devices.messages import SignatureText
from backend.market.messages import BenefitId, OfferedTier, Result
from backend.platform.symbols import Symbol
from partners.benefits.terms import Text

TOKEN = r"^[A-Za-z0-9_-]{22}(?!\n)$"
Token = Annotated[
    str,
    Meta(
        pattern=TOKEN,
        min_length=22,
        max_length=22,
        description="台码编号 token of a counter code, 16 bytes in base64url",
    ),
]


class NewCounterCode(msgspec.Struct, forbid_unknown_fields=True):
    """A sign for one benefit at one store of the partner."""

    store_id: UUID
    benefit: BenefitId


class CounterCode(msgspec.Struct):
    """A sign that hangs in a store. `text` is what its QR says; `drawing` its dark modules, for print."""

    id: UUID
    store_id: UUID
    benefit: str
    text: str
    drawing: Symbol
    made_at: datetime


class CounterCodes(msgspec.Struct):
    """The signs that hang now, newest first."""

    counter_codes: list[CounterCode]


class CounterOffer(msgspec.Struct):
    """What a sign offers: who, where, and under which terms. The phone signs `benefit_version` with its wish."""

    token: str
    server_time: datetime
    partner: str
    store: str
    benefit: str
    benefit_version: int
    name: Text
    description: Text
    kind: str
    legal_basis: str


class CounterUseOrder(msgspec.Struct, forbid_unknown_fields=True):
    """The resident's signed wish (protocol, section 14). `use` is drawn by the phone: the same once more has the same answer."""

    use: UUID
    token: Token
    benefit_version: Annotated[int, Meta(ge=1, le=1_000_000)]
    created: Annotated[int, Meta(ge=0, le=2**53, description="签名时间 when it was signed, Unix seconds")]
    device_id: UUID
    signature: SignatureText


class CounterAnswer(msgspec.Struct):
    """Yes, with the four digits that the till shows too; or no, with every reason, and the shop was told nothing."""

    use: UUID
    result: Result
    reasons: list[Text]
    tier: OfferedTier | None
    shown_as: str | None
    expires_at: datetime | None


class CounterVisit(msgspec.Struct):
    """Somebody who scanned the sign and is eligible: find them by the four digits on their phone, and redeem."""

    verification_id: UUID
    benefit: str
    shown_as: str
    tier: OfferedTier
    answered_at: datetime
    expires_at: datetime


class CounterVisits(msgspec.Struct):
    """Who waits to be served at a store, newest first."""

    visits: list[CounterVisit]
