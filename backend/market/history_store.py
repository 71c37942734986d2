"""SQL of the history of redemptions. Every read of a person takes an access context."""

from uuid import UUID

from backend.platform.access import Access
from backend.platform.database import Connection, Row

_REDEMPTION = (
    "SELECT redemption.subject_id, redemption.id, redemption.verification_id, redemption.benefit_id, redemption.amount_fen, "
    "redemption.state, redeemed_at, answered_at, confirmed_at, verification.amount_fen AS verified_fen "
    "FROM redemption JOIN verification ON verification.id = redemption.verification_id "
)


async def redemption_of_partner(
    connection: Connection, access: Access, partner_id: UUID, redemption_id: UUID
) -> Row | None:
    """A partner's own redemption with its verification."""
    return await connection.read_one(
        access,
        f"{_REDEMPTION} WHERE redemption.id = $1 AND redemption.partner_id = $2",
        redemption_id,
        partner_id,
    )


async def redemption_of_subject(
    connection: Connection, access: Access, subject_id: UUID, verification_id: UUID
) -> Row | None:
    """What became of a scan of a person's own code."""
    return await connection.read_one(
        access,
        f"{_REDEMPTION} WHERE redemption.verification_id = $1 AND redemption.subject_id = $2",
        verification_id,
        subject_id,
    )


async def around(connection: Connection, redemption_id: UUID, verification_id: UUID) -> tuple[list[Row], list[Row]]:
    """The places that the verification held, and what was taken back of the redemption, each oldest first."""
    reservations = await connection.fetch(
        "SELECT state, amount_fen, reserved_at, ended_at FROM reservation WHERE verification_id = $1 ORDER BY reserved_at, id",
        verification_id,
    )
    reversals = await connection.fetch(
        "SELECT amount_fen, reversed_at FROM reversal WHERE redemption_id = $1 ORDER BY reversed_at, id", redemption_id
    )
    return reservations, reversals
