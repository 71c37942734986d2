"""What goes in and out of the passes room."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from backend.devices.messages import PublicKeyText, SignatureText
from backend.market.messages import BenefitId, Fen
from backend.passes.states import RiskState
from backend.platform.texts import LongText, Reference
from partners.benefits.terms import Text

PassState = Literal["usable", "used", "revoked", "ended"]

MAXIMUM_KEYS = 10
MAXIMUM_ITEMS = 500


class PassKey(msgspec.Struct, forbid_unknown_fields=True):
    """A fresh key for one pass, and the registered device's signature for it (docs/protocol.md, section 11)."""

    key: PublicKeyText
    signature: SignatureText


class PassOrder(msgspec.Struct, forbid_unknown_fields=True):
    """Passes for a benefit: one for each key."""

    benefit: BenefitId
    device_id: UUID
    keys: Annotated[list[PassKey], Meta(min_length=1, max_length=MAXIMUM_KEYS)]


class IssuedPass(msgspec.Struct):
    """An attestation for one key: 109 bytes in base64url. It is the only "yes", and says nothing else."""

    id: UUID
    key: str
    attestation: str
    usable_until: datetime
    needs_challenge: bool


class IssuedPasses(msgspec.Struct):
    """The passes that were issued, and every reason why there are no more."""

    server_time: datetime
    passes: list[IssuedPass]
    reasons: list[Text]


class MyPass(msgspec.Struct):
    """A pass as its holder sees it."""

    id: UUID
    benefit: str
    device_id: UUID
    issued_at: datetime
    usable_until: datetime
    state: PassState


class MyRiskCase(msgspec.Struct):
    """A risk case as the person concerned sees it."""

    id: UUID
    device_id: UUID
    benefit: str
    state: RiskState
    opened_at: datetime
    decided_at: datetime | None
    reason: str | None


class MyPasses(msgspec.Struct):
    """The passes of the last days, newest first, and what is being looked into."""

    passes: list[MyPass]
    risk_cases: list[MyRiskCase]


class OfflineItem(msgspec.Struct, forbid_unknown_fields=True):
    """What a till gave without a network: the code as scanned, the benefit, when it said yes, and the partner's reference."""

    code: Annotated[str, Meta(min_length=1, max_length=512, description="离线码文本 text of the scanned code")]
    benefit: BenefitId
    accepted_at: Annotated[datetime, Meta(tz=True, description="受理时间 when the till said yes")]
    partner_ref: Reference
    amount_fen: Fen = 0


class OfflineUpload(msgspec.Struct, forbid_unknown_fields=True):
    """The offline redemptions of one till, up to 500."""

    terminal: Reference
    redemptions: Annotated[list[OfflineItem], Meta(min_length=1, max_length=MAXIMUM_ITEMS)]


class Settlement(StrEnum):
    """What became of an offline redemption. The same words for everybody: none tells why a limit was reached, or whose."""

    SETTLED = "settled"
    DOUBLE_USE = "double-use"
    LIMIT_REACHED = "limit-reached"
    AMOUNT_OVER_CAP = "amount-over-cap"
    BENEFIT_NOT_GRANTED = "benefit-not-granted"
    UNKNOWN_PASS = "unknown-pass"
    TOO_LATE = "too-late"
    MALFORMED = "malformed"
    UNKNOWN_KEY = "unknown-key"
    BAD_ISSUER_SIGNATURE = "bad-issuer-signature"
    WRONG_BENEFIT = "wrong-benefit"
    OUT_OF_WINDOW = "out-of-window"
    REVOKED = "revoked"
    BAD_HOLDER_SIGNATURE = "bad-holder-signature"
    STALE = "stale"
    WRONG_CHALLENGE = "wrong-challenge"


class SettledItem(msgspec.Struct):
    """The outcome of one item; `use` names the use (base64url), null if the code is none."""

    partner_ref: str
    use: str | None
    outcome: Settlement
    redemption_id: UUID | None


class UploadAnswer(msgspec.Struct):
    """One outcome for each item, in their order."""

    received_at: datetime
    outcomes: list[SettledItem]


class RiskCase(msgspec.Struct):
    """A risk case as the authority sees it: two acceptances of one use, and where it stands. No name and no number."""

    id: UUID
    benefit: str
    state: RiskState
    first_partner: str
    first_terminal: str
    first_accepted_at: datetime
    second_partner: str
    second_terminal: str
    second_accepted_at: datetime
    reason: str | None
    opened_at: datetime
    decided_at: datetime | None


class RiskCasePage(msgspec.Struct):
    """Cases not yet decided, oldest first; `next` is the cursor of the following page, or null."""

    cases: list[RiskCase]
    next: str | None


class RiskProposal(msgspec.Struct, forbid_unknown_fields=True):
    """What an officer proposes, with the reason that the person will read."""

    proposal: Literal["clear", "stop"]
    reason: LongText


class RiskDecision(msgspec.Struct, forbid_unknown_fields=True):
    """Whether a second officer confirms the proposal or sends it back."""

    confirm: bool
