"""What an offline till does while it has a network: fetch what it will need, and upload what it gave.

refresh(till, client)                      # keys, status list, benefits
upload(till, client, terminal="till-1")    # everything that waits; gives what became of each
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from partners.sdk.client import PartnerClient
from partners.sdk.failures import AnswerNotTrusted
from partners.sdk.offline import OfflineBenefit, OfflineTill
from partners.sdk.offline_store import OfflineRedemption

STATUS_LIST = "/v1/status-lists/attestations"
_HOUR = 3600


class Settled(msgspec.Struct, frozen=True):
    """What became of one offline redemption; `outcome` is `settled`, or why not (docs/protocol.md, section 11)."""

    partner_ref: str
    outcome: str
    redemption_id: UUID | None = None


class _Upload(msgspec.Struct):
    outcomes: list[Settled]


class _Offline(msgspec.Struct):
    number: int
    lifetime_hours: int


class _Offer(msgspec.Struct):
    id: str
    offline: _Offline | None = None


class _Page(msgspec.Struct):
    benefits: list[_Offer]
    next: str | None = None


def refresh(till: OfflineTill, client: PartnerClient) -> int:
    """Fetches keys, status list and benefits; gives how many benefits may be given offline.

    Raises AnswerNotTrusted for a key set or list that is none of the platform's; what was there before then stays. Raises
    httpx2.TransportError without a network.
    """
    try:
        till.install_keys(client.public("/.well-known/jwks.json"))
    except ValueError:
        raise AnswerNotTrusted("key-set-unreadable") from None
    failure = till.install_status_list(client.public(STATUS_LIST).decode("ascii", "replace"))
    if failure is not None:
        raise AnswerNotTrusted(f"status-list-{failure.value}")
    offered = [offer for offer in _offers(client) if offer.offline is not None]
    till.install_benefits(
        OfflineBenefit(offer.offline.number, offer.id, offer.offline.lifetime_hours * _HOUR)
        for offer in offered
        if offer.offline is not None
    )
    return len(offered)


def upload(till: OfflineTill, client: PartnerClient, *, terminal: str) -> list[Settled]:
    """Uploads all that waits, 500 at a time; what is answered leaves the queue, whatever the answer. Raises what every act does."""
    settled: list[Settled] = []
    while waiting := till.waiting():
        body = {"terminal": terminal, "redemptions": [_item(each) for each in waiting]}
        settled += client.post("/v1/partner/offline-redemptions", body, _Upload).outcomes
        till.uploaded([each.use for each in waiting])
    return settled


def _offers(client: PartnerClient) -> Sequence[_Offer]:
    offers: list[_Offer] = []
    cursor = ""
    while True:
        page = msgspec.json.decode(client.public(f"/v1/benefits?limit=100{cursor}"), type=_Page)
        offers += page.benefits
        if page.next is None:
            return offers
        cursor = f"&cursor={page.next}"


def _item(waiting: OfflineRedemption) -> dict[str, Any]:
    return {
        "code": waiting.text,
        "benefit": waiting.benefit,
        "accepted_at": datetime.fromtimestamp(waiting.accepted_at, UTC).isoformat(),
        "partner_ref": waiting.partner_ref,
        "amount_fen": waiting.amount_fen,
    }
