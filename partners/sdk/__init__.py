"""What a merchant installs: a typed client that signs, checks what comes back, and retries without doing a thing twice."""

from partners.sdk.client import PartnerClient, ServerProblem, load_signing_key

__all__ = ["PartnerClient", "ServerProblem", "load_signing_key"]
