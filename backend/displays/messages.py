"""What goes in and out of the room of display codes."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from backend.catalogue.catalogue import LegalBasis
from backend.commitments.messages import PublishedCommitment, Reason
from backend.declarations.messages import DeclarationKind
from backend.displays.states import DisplayKind, DisplayState, EndedBy
from backend.enterprises.states import EnterpriseState
from backend.platform.texts import ShortText
from backend.records.messages import DisclosedRecord

SectorCode = Annotated[
    str,
    Meta(min_length=1, max_length=40, pattern=r"^[a-z-]+(?!\n)$", description="行业代码 sector", examples=["tourism"]),
]


class ApplyForSector(msgspec.Struct, forbid_unknown_fields=True):
    """Asks for a sector's code on the ground of a public commitment of the enterprise."""

    sector: SectorCode
    commitment_id: UUID


class Product(msgspec.Struct, forbid_unknown_fields=True):
    """What the enterprise itself says of one batch of a product; nobody verified it."""

    name: ShortText
    batch: ShortText
    origin: ShortText
    made_on: date
    best_before: date
    report_number: ShortText
    report_body: ShortText


class DeclareProduct(msgspec.Struct, forbid_unknown_fields=True):
    """A trace code for one batch; `valid_until` is its last day, at the latest the best-before day."""

    product: Product
    valid_until: date


class EndCode(msgspec.Struct, forbid_unknown_fields=True):
    """Why the agent ends a code or takes an application back; of a live code the public reads it."""

    reason: Reason


class Grant(msgspec.Struct, forbid_unknown_fields=True):
    """Grants an application until a last day."""

    valid_until: date


class Proposal(msgspec.Struct, forbid_unknown_fields=True):
    """Refuses an application or revokes a code, once a second officer confirms it; the enterprise reads the reason."""

    proposal: Literal["refuse", "revoke"]
    reason: Reason


class Decision(msgspec.Struct, forbid_unknown_fields=True):
    """A second officer's word on a proposal; `note` says why it is sent back."""

    confirm: bool
    note: Reason | None = None


class DisplayEntry(msgspec.Struct):
    """One event of a display code; `actor_kind` is `agent`, `officer` or `system`."""

    at: datetime
    event: str
    before: DisplayState | None
    after: DisplayState
    actor_kind: str
    note: str | None


class Display(msgspec.Struct, kw_only=True):
    """A display code as its enterprise and the authority see it. `history` is oldest first.

    url: what the QR says, while the code is valid. reason: of a proposal that waits, or of the end. how_to_object: said
    wherever officers act against the enterprise.
    """

    id: UUID
    enterprise_id: UUID
    enterprise_name: str
    enterprise_code: str
    kind: DisplayKind
    sector: str | None
    commitment_id: UUID | None
    product: Product | None
    state: DisplayState
    made_at: datetime
    issued_on: date | None
    valid_until: date | None
    url: str | None
    reason: str | None
    ended_at: datetime | None
    ended_by: EndedBy | None
    how_to_object: str | None
    history: list[DisplayEntry]


class DisplayPage(msgspec.Struct):
    """Newest first; `next` is the cursor of the following page, or null."""

    codes: list[Display]
    next: str | None


class SectorOut(msgspec.Struct):
    """A sector as everybody reads it."""

    code: str
    name: str
    name_en: str
    authority: str
    authority_en: str
    legal_basis: tuple[LegalBasis, ...]
    months: int


class ShownEnterprise(msgspec.Struct):
    """The enterprise that a code is of."""

    name: str
    code: str
    state: EnterpriseState


class ShownDeclaration(msgspec.Struct):
    """What the enterprise says about itself; nobody verified it."""

    kind: DeclarationKind
    content: str
    evidence: str
    valid_until: date


class ShownDisplay(msgspec.Struct, kw_only=True):
    """A valid code as everybody reads it.

    records: what the law makes public of the enterprise, inside the publicity period. commitments, declarations: public ones;
    of a sector's code the commitment it was granted on comes first. more: there are further ones that are not listed here.
    """

    kind: DisplayKind
    url: str
    issued_on: date
    valid_until: date
    checked_at: datetime
    enterprise: ShownEnterprise
    sector: SectorOut | None
    product: Product | None
    records: list[DisclosedRecord]
    commitments: list[PublishedCommitment]
    declarations: list[ShownDeclaration]
    more: bool


class EndedDisplay(msgspec.Struct, kw_only=True):
    """A code that is genuine and no longer valid: which, since when, and why."""

    kind: DisplayKind
    sector: SectorOut | None
    product: Product | None
    enterprise: ShownEnterprise
    issued_on: date
    valid_until: date
    expired: bool
    ended_on: date
    ended_by: EndedBy
    reason: str | None
