"""Checking the market: counters, sums and states, derived anew from redemptions, reversals and orders."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from backend.ledger import service as ledger
from backend.market import checking_store
from backend.market.messages import MarketTotals
from backend.platform.database import Connection
from partners.ledger.audit import Difference


async def differences(connection: Connection, orders: Sequence[tuple[UUID, datetime]]) -> list[Difference]:
    """Where counters, reversed sums and states are not what the events say. `orders`: the verifications that orders under
    contract used up, and when. Five round trips."""
    return [
        *(
            Difference(f"quota of {row['benefit_id']}, {row['period']}", row["kept"], row["derived"])
            for row in await checking_store.counters_of_everyone(connection, orders)
        ),
        *(
            Difference(f"one person's limit of {row['benefit_id']}, {row['period']}", row["kept"], row["derived"])
            for row in await checking_store.counters_of_persons(connection, orders)
        ),
        *(
            Difference(
                f"redemption {row['id']}: reversed",
                f"{row['kept']} {row['state']}",
                f"{row['derived']} {row['derived_state']}",
            )
            for row in await checking_store.reversed_sums(connection)
        ),
        *(
            Difference(f"verification {row['id']}: state", row["state"], "used once, and marked")
            for row in await checking_store.unused_verifications(connection, orders)
        ),
        *(
            Difference(f"verification {row['id']}: place", row["state"], "reserved while it holds one")
            for row in await checking_store.wrongly_reserved(connection)
        ),
    ]


async def redeemed(connection: Connection, benefit_ids: Sequence[str]) -> list[ledger.Redeemed]:
    """Every redemption of these benefits, with its reversals, for the ledger. One round trip."""
    return [
        ledger.Redeemed(
            id=row["id"],
            partner_id=row["partner_id"],
            benefit_id=row["benefit_id"],
            amount_fen=row["amount_fen"],
            day=row["day"],
            reversed_fen={UUID(reversal): amount for reversal, amount in row["reversed"].items()},
        )
        for row in await checking_store.redeemed(connection, benefit_ids)
    ]


async def totals_between(connection: Connection, begins: datetime, ends: datetime) -> MarketTotals:
    """What the market did between two instants, as it is kept. Two round trips."""
    told = await checking_store.told_between(connection, begins, ends)
    given = await checking_store.given_between(connection, begins, ends)
    because: Counter[str] = Counter()
    for row in told:
        if row["result"] == "declined":
            because.update(dict.fromkeys(row["reasons"], row["answers"]))
    return MarketTotals(
        eligible=sum(row["answers"] for row in told if row["result"] == "eligible"),
        declined=sum(row["answers"] for row in told if row["result"] == "declined"),
        declined_because=dict(sorted(because.items())),
        redemptions=given["redemptions"],
        redeemed_fen=given["redeemed_fen"],
        reversals=given["reversals"],
        reversed_fen=given["reversed_fen"],
    )
