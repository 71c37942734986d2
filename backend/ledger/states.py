"""The states of what two operators decide: a budget, and a subsidy plan."""

from enum import StrEnum


class ProposalState(StrEnum):
    """Proposed by one operator; approved or refused by another."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"
