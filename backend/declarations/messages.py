"""What goes in and out of the declarations room."""

from datetime import date, datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

import msgspec

from backend.declarations.states import DeclarationState
from backend.platform.texts import LongText, Reference


class DeclarationKind(StrEnum):
    """What a declaration is about: qualification 资质, operation 经营, contract 合同履约, public welfare 公益,
    intellectual property 知识产权, or other 其他."""

    QUALIFICATION = "qualification"
    OPERATION = "operation"
    CONTRACT = "contract"
    PUBLIC_WELFARE = "public-welfare"
    INTELLECTUAL_PROPERTY = "intellectual-property"
    OTHER = "other"


class MakeDeclaration(msgspec.Struct, forbid_unknown_fields=True):
    """`evidence` is the number of the supporting document; `valid_until` the last day on which the statement holds."""

    kind: DeclarationKind
    content: LongText
    evidence: Reference
    valid_until: date


class Declaration(msgspec.Struct):
    """A declaration; `self_declared` and `notice` tell every reader that nobody verified it."""

    id: UUID
    enterprise_id: UUID
    kind: DeclarationKind
    content: str
    evidence: str
    valid_until: date
    state: DeclarationState
    declared_at: datetime
    ended_at: datetime | None
    self_declared: Literal[True] = True
    notice: str = "企业自主申报，未经核验。Self-declared by the enterprise, not verified."


class DeclarationPage(msgspec.Struct):
    """Newest first; `next` is the cursor of the following page, or null."""

    declarations: list[Declaration]
    next: str | None
