"""The states of a declaration as data: declared -> withdrawn by its agent, or expired by itself."""

from collections.abc import Mapping
from enum import StrEnum


class DeclarationState(StrEnum):
    """Where a declaration is."""

    DECLARED = "declared"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class DeclarationEvent(StrEnum):
    """What ends a declaration."""

    WITHDRAW = "withdraw"
    EXPIRE = "expire"


START = DeclarationState.DECLARED

NEXT: Mapping[tuple[DeclarationState, DeclarationEvent], DeclarationState] = {
    (DeclarationState.DECLARED, DeclarationEvent.WITHDRAW): DeclarationState.WITHDRAWN,
    (DeclarationState.DECLARED, DeclarationEvent.EXPIRE): DeclarationState.EXPIRED,
}
