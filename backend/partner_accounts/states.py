"""The states of a partner as data: applied -> approved -> live -> under review -> rectify -> re-checked -> live or delisted."""

from collections.abc import Mapping
from enum import StrEnum


class PartnerState(StrEnum):
    """Where a partner is in its life."""

    APPLIED = "applied"
    APPROVED = "approved"
    LIVE = "live"
    UNDER_REVIEW = "under-review"
    RECTIFYING = "rectifying"
    RECHECKED = "rechecked"
    DELISTED = "delisted"


class PartnerEvent(StrEnum):
    """What moves a partner from one state to the next."""

    APPROVE = "approve"
    GO_LIVE = "go-live"
    REVIEW = "review"
    CLEAR = "clear"
    ORDER_RECTIFICATION = "order-rectification"
    RECHECK = "recheck"
    DELIST = "delist"
    REINSTATE = "reinstate"


# Public review (Yulin): bad results -> rectify by a date -> re-check -> live again, or delisted. Whoever passes the re-check is cleared
# by it; RECHECKED is where one waits who did not.
NEXT: Mapping[tuple[PartnerState, PartnerEvent], PartnerState] = {
    (PartnerState.APPLIED, PartnerEvent.APPROVE): PartnerState.APPROVED,
    (PartnerState.APPLIED, PartnerEvent.DELIST): PartnerState.DELISTED,
    (PartnerState.APPROVED, PartnerEvent.GO_LIVE): PartnerState.LIVE,
    (PartnerState.LIVE, PartnerEvent.REVIEW): PartnerState.UNDER_REVIEW,
    (PartnerState.UNDER_REVIEW, PartnerEvent.CLEAR): PartnerState.LIVE,
    (PartnerState.UNDER_REVIEW, PartnerEvent.ORDER_RECTIFICATION): PartnerState.RECTIFYING,
    (PartnerState.RECTIFYING, PartnerEvent.CLEAR): PartnerState.LIVE,
    (PartnerState.RECTIFYING, PartnerEvent.RECHECK): PartnerState.RECHECKED,
    (PartnerState.RECHECKED, PartnerEvent.CLEAR): PartnerState.LIVE,
    (PartnerState.RECHECKED, PartnerEvent.DELIST): PartnerState.DELISTED,
    # Upheld objections only (`backend.reviews`): a refused applicant never was live.
    (PartnerState.DELISTED, PartnerEvent.REINSTATE): PartnerState.LIVE,
}

# Who serves people: a partner under review goes on, because its guests should not lose by it, until it is delisted.
SERVING = frozenset({PartnerState.LIVE, PartnerState.UNDER_REVIEW, PartnerState.RECTIFYING, PartnerState.RECHECKED})
# What an application can still be decided about; what comes later is the public review's.
JOINING = frozenset({PartnerState.APPLIED, PartnerState.APPROVED})

# Who may use the sandbox: from approval until the end.
TESTING = frozenset(PartnerState) - {PartnerState.APPLIED, PartnerState.DELISTED}
