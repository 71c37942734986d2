"""The states of a version of a rule set as data: proposed -> published, by two persons; announced ones can be revoked by two."""

from collections.abc import Mapping
from enum import StrEnum


class VersionState(StrEnum):
    """Where a version is. It takes effect by its date alone: a published one is announced before that day and in force from
    then on, also while its revocation waits for the second person."""

    PROPOSED = "proposed"
    PUBLISHED = "published"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    REVOCATION_PROPOSED = "revocation-proposed"
    REVOKED = "revoked"


class VersionEvent(StrEnum):
    """What moves a version."""

    APPROVE = "approve"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    PROPOSE_REVOCATION = "propose-revocation"
    CONFIRM_REVOCATION = "confirm-revocation"
    KEEP = "keep"


_S, _E = VersionState, VersionEvent

START = _S.PROPOSED
FINAL = frozenset({_S.REFUSED, _S.WITHDRAWN, _S.REVOKED})
# What the public can rely on, and what one text at a time may be of its id and version.
STANDING = frozenset({_S.PUBLISHED, _S.REVOCATION_PROPOSED})
LIVE = STANDING | {_S.PROPOSED}

NEXT: Mapping[tuple[VersionState, VersionEvent], VersionState] = {
    (_S.PROPOSED, _E.APPROVE): _S.PUBLISHED,
    (_S.PROPOSED, _E.REFUSE): _S.REFUSED,
    (_S.PROPOSED, _E.WITHDRAW): _S.WITHDRAWN,
    (_S.PUBLISHED, _E.PROPOSE_REVOCATION): _S.REVOCATION_PROPOSED,
    (_S.REVOCATION_PROPOSED, _E.CONFIRM_REVOCATION): _S.REVOKED,
    (_S.REVOCATION_PROPOSED, _E.KEEP): _S.PUBLISHED,
}

# What only somebody other than the proposer may do.
SECOND_PERSONS = frozenset({_E.APPROVE, _E.REFUSE, _E.CONFIRM_REVOCATION})
