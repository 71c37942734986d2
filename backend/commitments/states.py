"""The states of a commitment as data: made -> published -> due -> reported -> kept, or rectified by a date -> kept or broken.

A finding that something was not kept is proposed by one member of staff and confirmed by another. Before a breach stands
there is always one term to rectify (domain: 全部/部分/全部未履行 -> rectify by a date -> kept or broken).
"""

from collections.abc import Mapping
from enum import StrEnum


class CommitmentState(StrEnum):
    """Where a commitment is; those from DUE on wait for the authority unless they are final."""

    MADE = "made"
    PUBLISHED = "published"
    DUE = "due"
    REPORTED = "reported"
    FINDING_PROPOSED = "finding-proposed"
    RECTIFYING = "rectifying"
    RECTIFICATION_REPORTED = "rectification-reported"
    RECTIFICATION_ENDED = "rectification-ended"
    BREACH_PROPOSED = "breach-proposed"
    KEPT = "kept"
    BROKEN = "broken"


class CommitmentEvent(StrEnum):
    """What moves a commitment."""

    PUBLISH = "publish"
    FALL_DUE = "fall-due"
    REPORT = "report"
    FIND_KEPT = "find-kept"
    PROPOSE_FINDING = "propose-finding"
    CONFIRM = "confirm"
    SEND_BACK = "send-back"
    TERM_ENDS = "term-ends"


_S, _E = CommitmentState, CommitmentEvent

START = _S.MADE

NEXT: Mapping[tuple[CommitmentState, CommitmentEvent], CommitmentState] = {
    (_S.MADE, _E.PUBLISH): _S.PUBLISHED,
    (_S.MADE, _E.FALL_DUE): _S.DUE,
    (_S.MADE, _E.REPORT): _S.REPORTED,
    (_S.PUBLISHED, _E.FALL_DUE): _S.DUE,
    (_S.PUBLISHED, _E.REPORT): _S.REPORTED,
    (_S.DUE, _E.REPORT): _S.REPORTED,
    (_S.DUE, _E.FIND_KEPT): _S.KEPT,
    (_S.DUE, _E.PROPOSE_FINDING): _S.FINDING_PROPOSED,
    (_S.REPORTED, _E.FIND_KEPT): _S.KEPT,
    (_S.REPORTED, _E.PROPOSE_FINDING): _S.FINDING_PROPOSED,
    (_S.FINDING_PROPOSED, _E.CONFIRM): _S.RECTIFYING,
    (_S.FINDING_PROPOSED, _E.SEND_BACK): _S.DUE,
    (_S.RECTIFYING, _E.REPORT): _S.RECTIFICATION_REPORTED,
    (_S.RECTIFYING, _E.TERM_ENDS): _S.RECTIFICATION_ENDED,
    (_S.RECTIFICATION_ENDED, _E.REPORT): _S.RECTIFICATION_REPORTED,
    (_S.RECTIFICATION_ENDED, _E.FIND_KEPT): _S.KEPT,
    (_S.RECTIFICATION_ENDED, _E.PROPOSE_FINDING): _S.BREACH_PROPOSED,
    (_S.RECTIFICATION_REPORTED, _E.FIND_KEPT): _S.KEPT,
    (_S.RECTIFICATION_REPORTED, _E.PROPOSE_FINDING): _S.BREACH_PROPOSED,
    (_S.BREACH_PROPOSED, _E.CONFIRM): _S.BROKEN,
    (_S.BREACH_PROPOSED, _E.SEND_BACK): _S.RECTIFICATION_ENDED,
}
