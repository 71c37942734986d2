"""The states of a display code as data: live until it expires or is revoked; a sector code is applied for and granted first.

What an officer does against an enterprise, refusing its application or revoking its code, is proposed by one and confirmed by
another. Until then the code stays what it was, also for the public. What its own agent does stands at once.
"""

from collections.abc import Mapping
from enum import StrEnum


class DisplayKind(StrEnum):
    """What a code shows: an enterprise 企业展示码, its standing in a sector 行业诚信码, a product 产品溯源码."""

    ENTERPRISE = "enterprise"
    SECTOR = "sector"
    PRODUCT = "product"


class DisplayState(StrEnum):
    """Where a display code is."""

    APPLIED = "applied"
    REFUSAL_PROPOSED = "refusal-proposed"
    LIVE = "live"
    REVOCATION_PROPOSED = "revocation-proposed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"
    EXPIRED = "expired"


class DisplayEvent(StrEnum):
    """What moves a display code. RECALL is the agent's, of a live code; LEAVE is the enterprise's leaving."""

    GRANT = "grant"
    PROPOSE_REFUSAL = "propose-refusal"
    PROPOSE_REVOCATION = "propose-revocation"
    CONFIRM = "confirm"
    SEND_BACK = "send-back"
    WITHDRAW = "withdraw"
    RECALL = "recall"
    LEAVE = "leave"
    EXPIRE = "expire"


class EndedBy(StrEnum):
    """Who or what ended it: its own agent, two officers, the enterprise's leaving, or its last day."""

    AGENT = "agent"
    OFFICERS = "officers"
    DEPARTURE = "departure"
    TERM = "term"


_S, _E = DisplayState, DisplayEvent

START: Mapping[DisplayKind, DisplayState] = {
    DisplayKind.ENTERPRISE: _S.LIVE,
    DisplayKind.SECTOR: _S.APPLIED,
    DisplayKind.PRODUCT: _S.LIVE,
}
# What the public sees as valid: a proposal against it is nobody's business until it is confirmed.
SHOWN = frozenset({_S.LIVE, _S.REVOCATION_PROPOSED})
PROPOSED = frozenset({_S.REFUSAL_PROPOSED, _S.REVOCATION_PROPOSED})
FINAL = frozenset({_S.REFUSED, _S.WITHDRAWN, _S.REVOKED, _S.EXPIRED})

NEXT: Mapping[tuple[DisplayState, DisplayEvent], DisplayState] = {
    (_S.APPLIED, _E.GRANT): _S.LIVE,
    (_S.APPLIED, _E.PROPOSE_REFUSAL): _S.REFUSAL_PROPOSED,
    (_S.APPLIED, _E.WITHDRAW): _S.WITHDRAWN,
    (_S.APPLIED, _E.LEAVE): _S.WITHDRAWN,
    (_S.REFUSAL_PROPOSED, _E.CONFIRM): _S.REFUSED,
    (_S.REFUSAL_PROPOSED, _E.SEND_BACK): _S.APPLIED,
    (_S.REFUSAL_PROPOSED, _E.WITHDRAW): _S.WITHDRAWN,
    (_S.REFUSAL_PROPOSED, _E.LEAVE): _S.WITHDRAWN,
    (_S.LIVE, _E.PROPOSE_REVOCATION): _S.REVOCATION_PROPOSED,
    (_S.LIVE, _E.RECALL): _S.REVOKED,
    (_S.LIVE, _E.LEAVE): _S.REVOKED,
    (_S.LIVE, _E.EXPIRE): _S.EXPIRED,
    (_S.REVOCATION_PROPOSED, _E.CONFIRM): _S.REVOKED,
    (_S.REVOCATION_PROPOSED, _E.SEND_BACK): _S.LIVE,
    (_S.REVOCATION_PROPOSED, _E.RECALL): _S.REVOKED,
    (_S.REVOCATION_PROPOSED, _E.LEAVE): _S.REVOKED,
    (_S.REVOCATION_PROPOSED, _E.EXPIRE): _S.EXPIRED,
}
