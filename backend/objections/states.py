"""The states of an objection as data: filed -> marked -> deciding -> (assisting) -> upheld, or rejected by two persons."""

from collections.abc import Mapping
from enum import StrEnum


class ObjectionState(StrEnum):
    """Where an objection is."""

    FILED = "filed"
    MARKED = "marked"
    DECIDING = "deciding"
    ASSISTING = "assisting"
    REJECTION_PROPOSED = "rejection-proposed"
    UPHELD = "upheld"
    REJECTED = "rejected"


class ObjectionEvent(StrEnum):
    """What moves an objection."""

    MARK = "mark"
    ASSIST = "assist"
    RESUME = "resume"
    UPHOLD = "uphold"
    PROPOSE_REJECTION = "propose-rejection"
    CONFIRM = "confirm"
    SEND_BACK = "send-back"


_S, _E = ObjectionState, ObjectionEvent

START = _S.FILED
FINAL = frozenset({_S.UPHELD, _S.REJECTED})

NEXT: Mapping[tuple[ObjectionState, ObjectionEvent], ObjectionState] = {
    (_S.FILED, _E.MARK): _S.MARKED,
    (_S.MARKED, _E.ASSIST): _S.ASSISTING,
    (_S.MARKED, _E.UPHOLD): _S.UPHELD,
    (_S.MARKED, _E.PROPOSE_REJECTION): _S.REJECTION_PROPOSED,
    (_S.ASSISTING, _E.RESUME): _S.DECIDING,
    (_S.DECIDING, _E.ASSIST): _S.ASSISTING,
    (_S.DECIDING, _E.UPHOLD): _S.UPHELD,
    (_S.DECIDING, _E.PROPOSE_REJECTION): _S.REJECTION_PROPOSED,
    (_S.REJECTION_PROPOSED, _E.CONFIRM): _S.REJECTED,
    (_S.REJECTION_PROPOSED, _E.SEND_BACK): _S.DECIDING,
}
