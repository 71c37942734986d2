"""What the audit does: one look at everything, as it stood at one instant."""

from backend.deposits import service as deposits
from backend.ledger import service as ledger
from backend.market import service as market
from backend.platform.platform import Platform
from backend.reviews import service as reviews
from partners.ledger.audit import Difference


async def examine(platform: Platform) -> list[Difference]:
    """Compares counters, order totals, postings, budgets, the guarantee pool, signed approvals, statements and the figures of
    promise cards with what redemptions, reversals, orders, payments, plans and reviews say; empty if all agree. Changes
    nothing, and may run while others work.

    Holds the events of the subsidised benefits in memory. About twenty round trips, one for each approval and two for
    each statement.
    """
    async with platform.database.transaction(snapshot=True) as connection:
        orders = await deposits.verifications_used(connection)
        redeemed = await market.redeemed(connection, await ledger.planned_benefits(connection))
        return [
            *await market.differences(connection, orders),
            *await deposits.differences(connection),
            *await ledger.differences(
                platform,
                connection,
                redeemed,
                await deposits.lost(connection),
                await market.held_of_budgets(connection),
            ),
            *await reviews.differences(connection),
        ]
