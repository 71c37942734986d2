"""What one operator proposes and another decides: the same act for funds, rules and payments."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from backend.ledger import approvals, guarantee_store
from backend.ledger.guarantee_store import Proposals
from backend.ledger.states import ProposalState
from backend.platform.database import Connection, Row
from backend.platform.impartiality import require_second_person
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND, STATE_CONFLICT


async def proposed(connection: Connection, table: Proposals, account_id: UUID, proposal_id: UUID) -> Row:
    """A proposal of somebody else, locked. Raises NOT_FOUND, STATE_CONFLICT, SECOND_PERSON_NEEDED. One round trip."""
    row = await guarantee_store.proposal(connection, table, proposal_id, lock=True)
    if row is None:
        raise NOT_FOUND.error()
    if row["state"] != ProposalState.PROPOSED:
        raise STATE_CONFLICT.error()
    require_second_person(row["proposed_by"], account_id)
    return row


async def approve(
    platform: Platform,
    connection: Connection,
    table: Proposals,
    account_id: UUID,
    proposal_id: UUID,
    kind: str,
    says: Mapping[str, object],
    now: datetime,
) -> None:
    """Writes the approval, signed over what it says. One round trip."""
    signed = approvals.sign(platform, kind, {**says, "iat": int(now.timestamp())})
    await guarantee_store.decide(connection, table, proposal_id, ProposalState.APPROVED, account_id, signed, now)


async def refuse(connection: Connection, table: Proposals, account_id: UUID, proposal_id: UUID, now: datetime) -> None:
    """A second operator refuses. Raises NOT_FOUND, STATE_CONFLICT, SECOND_PERSON_NEEDED. Two round trips."""
    await proposed(connection, table, account_id, proposal_id)
    await guarantee_store.decide(connection, table, proposal_id, ProposalState.REFUSED, account_id, None, now)
