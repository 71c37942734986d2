"""Examples of what partners send and read, for the published contract."""

from backend.market.messages import HolderAsked

ID = "0193a1c0-0000-7000-8000-000000000020"
_RECEIPT = "eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl"
VERIFICATION = {
    "verification_id": ID,
    "benefit": "library-extra-books",
    "result": "eligible",
    "tier": {"unit": "books", "value": "000000000004"},
    "answered_at": "2026-11-23T08:00:00Z",
    "expires_at": "2026-11-23T08:15:00Z",
    "ref": "Zm9ydHl0d29ieXRlc29mcg",
    "receipt": _RECEIPT,
}
WAITS = (
    HolderAsked,
    {
        "verification_id": ID,
        "benefit": "library-deposit-waiver",
        "state": "pending-confirmation",
        "confirm_by": "2026-11-23T08:01:00Z",
        "poll_seconds": 2,
    },
)
REDEMPTION = {
    "redemption_id": "0193a1c0-0000-7000-8000-000000000021",
    "verification_id": ID,
    "benefit": "market-discount",
    "amount_fen": 1200,
    "reversed_fen": 0,
    "state": "redeemed",
    "redeemed_at": "2026-11-23T08:01:00Z",
    "partner_ref": "order-1001",
    "receipt": _RECEIPT,
}

REVERSAL = {
    "reversal_id": "0193a1c0-0000-7000-8000-000000000022",
    "redemption_id": "0193a1c0-0000-7000-8000-000000000021",
    "amount_fen": 600,
    "left_fen": 600,
    "state": "partly-reversed",
    "reversed_at": "2026-11-23T08:05:00Z",
    "partner_ref": "refund-1001",
    "receipt": _RECEIPT,
}

RESERVATION = {
    "reservation_id": "0193a1c0-0000-7000-8000-000000000023",
    "verification_id": ID,
    "benefit": "market-discount",
    "amount_fen": 1200,
    "state": "held",
    "reserved_at": "2026-11-23T08:00:30Z",
    "expires_at": "2026-11-23T08:10:30Z",
    "partner_ref": "order-1001",
}
HISTORY = {
    "redemption_id": "0193a1c0-0000-7000-8000-000000000021",
    "verification_id": ID,
    "benefit": "market-discount",
    "state": "redeemed",
    "events": [
        {
            "event": "redeemed",
            "state": "redeemed",
            "at": "2026-11-23T08:01:00Z",
            "amount_fen": 1200,
            "told": {
                "zh": "权益已核销，只计一次；商户凭回执对账",
                "en": "The benefit was redeemed, once; the receipt is for the partner's books",
            },
        }
    ],
}
