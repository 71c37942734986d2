"""What a merchant installs: a typed client that signs, checks what comes back, and retries without doing a thing twice."""

from partners.sdk.answers import Redemption, Reversal, Tier, Verification
from partners.sdk.client import PartnerClient
from partners.sdk.failures import AnswerNotTrusted, OutcomeUnknown, ServerProblem
from partners.sdk.keys import load_signing_key

__all__ = [
    "AnswerNotTrusted",
    "OutcomeUnknown",
    "PartnerClient",
    "Redemption",
    "Reversal",
    "ServerProblem",
    "Tier",
    "Verification",
    "load_signing_key",
]
