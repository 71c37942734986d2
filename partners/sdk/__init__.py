"""What a merchant installs: a typed client that signs, checks what comes back, and retries without doing a thing twice; a till
that works offline; and the check of a webhook."""

from partners.sdk.answers import HolderAsked, Redemption, Reservation, Reversal, Tier, Verification
from partners.sdk.client import PartnerClient
from partners.sdk.failures import AnswerNotTrusted, OutcomeUnknown, ServerProblem
from partners.sdk.keys import load_signing_key
from partners.sdk.network import STATUS_LIST, Settled, refresh, upload
from partners.sdk.offline import OfflineBenefit, OfflineTill
from partners.sdk.offline_store import OfflineRedemption, OfflineStore, StoreUnusable
from partners.sdk.webhooks import WebhookMessage, WebhookNotTrusted, verify_webhook

__all__ = [
    "STATUS_LIST",
    "AnswerNotTrusted",
    "HolderAsked",
    "OfflineBenefit",
    "OfflineRedemption",
    "OfflineStore",
    "OfflineTill",
    "OutcomeUnknown",
    "PartnerClient",
    "Redemption",
    "Reservation",
    "Reversal",
    "ServerProblem",
    "Settled",
    "StoreUnusable",
    "Tier",
    "Verification",
    "WebhookMessage",
    "WebhookNotTrusted",
    "load_signing_key",
    "refresh",
    "upload",
    "verify_webhook",
]
