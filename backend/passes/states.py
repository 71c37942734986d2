"""The states of a risk case 风险核查 as data: open -> proposed -> cleared or stopped, by two persons; or sent back."""

from collections.abc import Mapping
from enum import StrEnum


class RiskState(StrEnum):
    """Where a risk case is. Until it is cleared, its device gets no offline passes; nothing else follows from it."""

    OPEN = "open"
    CLEARING_PROPOSED = "clearing-proposed"
    STOPPING_PROPOSED = "stopping-proposed"
    CLEARED = "cleared"
    STOPPED = "stopped"


class RiskEvent(StrEnum):
    """What moves a risk case."""

    PROPOSE_CLEARING = "propose-clearing"
    PROPOSE_STOPPING = "propose-stopping"
    CONFIRM = "confirm"
    SEND_BACK = "send-back"


_S, _E = RiskState, RiskEvent

START = _S.OPEN
FINAL = frozenset({_S.CLEARED, _S.STOPPED})

NEXT: Mapping[tuple[RiskState, RiskEvent], RiskState] = {
    (_S.OPEN, _E.PROPOSE_CLEARING): _S.CLEARING_PROPOSED,
    (_S.OPEN, _E.PROPOSE_STOPPING): _S.STOPPING_PROPOSED,
    (_S.CLEARING_PROPOSED, _E.CONFIRM): _S.CLEARED,
    (_S.CLEARING_PROPOSED, _E.SEND_BACK): _S.OPEN,
    (_S.STOPPING_PROPOSED, _E.CONFIRM): _S.STOPPED,
    (_S.STOPPING_PROPOSED, _E.SEND_BACK): _S.OPEN,
}
