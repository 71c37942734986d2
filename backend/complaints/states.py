"""The states of a complaint as data: filed -> accepted -> answered; refused by two officers only; taken back at any time before."""

from collections.abc import Mapping
from enum import StrEnum


class ComplaintState(StrEnum):
    """Where a complaint is."""

    FILED = "filed"
    REFUSAL_PROPOSED = "refusal-proposed"
    ACCEPTED = "accepted"
    ANSWERED = "answered"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class ComplaintEvent(StrEnum):
    """What moves a complaint. ACCEPT is an officer's, or the clock's where none acted in time."""

    ACCEPT = "accept"
    PROPOSE_REFUSAL = "propose-refusal"
    CONFIRM = "confirm"
    SEND_BACK = "send-back"
    PASS_ON = "pass-on"
    ANSWER = "answer"
    WITHDRAW = "withdraw"


_S, _E = ComplaintState, ComplaintEvent

START = _S.FILED
FINAL = frozenset({_S.ANSWERED, _S.REFUSED, _S.WITHDRAWN})
# Not yet accepted: what the clock accepts by itself.
WAITING = frozenset({_S.FILED, _S.REFUSAL_PROPOSED})

NEXT: Mapping[tuple[ComplaintState, ComplaintEvent], ComplaintState] = {
    (_S.FILED, _E.ACCEPT): _S.ACCEPTED,
    (_S.FILED, _E.PROPOSE_REFUSAL): _S.REFUSAL_PROPOSED,
    (_S.FILED, _E.WITHDRAW): _S.WITHDRAWN,
    (_S.REFUSAL_PROPOSED, _E.ACCEPT): _S.ACCEPTED,
    (_S.REFUSAL_PROPOSED, _E.CONFIRM): _S.REFUSED,
    (_S.REFUSAL_PROPOSED, _E.SEND_BACK): _S.FILED,
    (_S.REFUSAL_PROPOSED, _E.WITHDRAW): _S.WITHDRAWN,
    (_S.ACCEPTED, _E.PASS_ON): _S.ACCEPTED,
    (_S.ACCEPTED, _E.ANSWER): _S.ANSWERED,
    (_S.ACCEPTED, _E.WITHDRAW): _S.WITHDRAWN,
}
