"""What holds of every answer to a verification, wherever it is given: how long it can be used, where it stands, what the holder reads."""

from datetime import datetime, timedelta
from uuid import UUID

from backend.market.messages import OfferedTier, Result, VerificationAnswer
from backend.market.store import NewVerification
from backend.platform.access import Access, ActorKind, Ground
from backend.platform.database import Row
from partners.orders.states import VerificationState

LIFETIME = timedelta(minutes=15)


def state_of(row: Row, now: datetime) -> VerificationState:
    """Where a verification stands: an answer that was not used within 15 minutes has lapsed."""
    if row["state"] in (VerificationState.ANSWERED, VerificationState.RESERVED) and row["expires_at"] <= now:
        return VerificationState.LAPSED
    return VerificationState(row["state"])


def told_of(result: Result) -> str:
    """What the holder's access log says of an answer."""
    return f"核验诚信码，答复：{'符合' if result == 'eligible' else '不符合'}"


def partner_access(
    partner_id: UUID, partner_name: str, action: str, purpose: str, request_id: str, *fields: str
) -> Access:
    """The context in which a partner reads what its own verification allows."""
    return Access(
        actor_kind=ActorKind.PARTNER,
        actor=str(partner_id),
        actor_name=partner_name,
        action=action,
        purpose=purpose,
        ground=Ground.CONSENT_SHOW,
        fields=fields,
        request_id=request_id,
    )


def tier_told(unit: str, value: int) -> OfferedTier:
    """A tier as it is told, twelve digits whatever its value."""
    return OfferedTier(unit, f"{value:012d}")


def answer_told(row: NewVerification, unit: str) -> VerificationAnswer:
    """The answer to a verification, as the partner reads it."""
    return VerificationAnswer(
        verification_id=row.id,
        benefit=row.benefit_id,
        result=row.result,
        tier=tier_told(unit, row.tier_value),
        answered_at=row.answered_at,
        expires_at=row.expires_at,
        ref=row.ref,
        receipt=row.receipt,
    )
