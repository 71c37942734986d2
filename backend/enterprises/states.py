"""The states of an enterprise's registration as data: registered by choice, withdrawn by choice, and back as easily."""

from collections.abc import Mapping
from enum import StrEnum


class EnterpriseState(StrEnum):
    """Whether the enterprise uses the app."""

    REGISTERED = "registered"
    WITHDRAWN = "withdrawn"


class EnterpriseEvent(StrEnum):
    """What an agent does."""

    WITHDRAW = "withdraw"
    RETURN = "return"


START = EnterpriseState.REGISTERED

NEXT: Mapping[tuple[EnterpriseState, EnterpriseEvent], EnterpriseState] = {
    (EnterpriseState.REGISTERED, EnterpriseEvent.WITHDRAW): EnterpriseState.WITHDRAWN,
    (EnterpriseState.WITHDRAWN, EnterpriseEvent.RETURN): EnterpriseState.REGISTERED,
}
