"""What the market does, for its own API and for other rooms: one function for each act."""

from uuid import UUID

from backend.market import store
from backend.market.answers import LIFETIME as ANSWER_LIFETIME
from backend.market.answers import partner_access, state_of
from backend.market.benefits import (
    approve_benefit,
    is_for_enterprises,
    listing,
    move_benefit,
    offer,
    propose_benefit,
    refuse_benefit,
    versions,
)
from backend.market.benefits import mine as my_benefits
from backend.market.benefits import of_enterprise as benefits_of_enterprise
from backend.market.checking import differences, redeemed, totals_between
from backend.market.committing import commit, uncommit
from backend.market.confirming import asked, confirm, confirmation_message, questions, refuse
from backend.market.confirming import due_handler as confirming_handler
from backend.market.deciding import eligibility_of
from backend.market.dry import Facts, dry_answer, terms_now
from backend.market.dry_run import dry_run
from backend.market.history import of_holder as history_of_holder
from backend.market.history import of_partner as history_of_partner
from backend.market.offline import redeem_offline, terms_of_version
from backend.market.presenting import present, waiting_among
from backend.market.receipts import sign as sign_receipt
from backend.market.redeemable import require_redeemable, require_usable
from backend.market.redeeming import (
    redeem,
    redemption_by_key,
    redemption_told,
    reversal_of,
    reverse,
    use_verification,
    verification_of,
)
from backend.market.reserving import due_handler as reserving_handler
from backend.market.reserving import held_of_budgets, release, reserve
from backend.market.savings import Saved, benefit_names, saved_by, saved_by_many
from backend.market.verifying import answer_of, verify
from backend.market.verifying import mine as my_verifications
from backend.market.verifying import of_enterprise as verifications_of_enterprise
from backend.market.visits import Visit, visit_of
from backend.platform.database import Connection
from backend.platform.platform import Platform

__all__ = [
    "ANSWER_LIFETIME",
    "Facts",
    "Saved",
    "Visit",
    "answer_of",
    "approve_benefit",
    "asked",
    "benefit_names",
    "benefits_of_enterprise",
    "close_offer",
    "commit",
    "confirm",
    "confirmation_message",
    "confirming_handler",
    "differences",
    "dry_answer",
    "dry_run",
    "eligibility_of",
    "forget",
    "held_of_budgets",
    "history_of_holder",
    "history_of_partner",
    "is_for_enterprises",
    "listing",
    "move_benefit",
    "my_benefits",
    "my_verifications",
    "offer",
    "partner_access",
    "present",
    "propose_benefit",
    "questions",
    "redeem",
    "redeem_offline",
    "redeemed",
    "redemption_by_key",
    "redemption_told",
    "refuse",
    "refuse_benefit",
    "release",
    "reopen_offer",
    "require_redeemable",
    "require_usable",
    "reserve",
    "reserving_handler",
    "reversal_of",
    "reverse",
    "saved_by",
    "saved_by_many",
    "sign_receipt",
    "state_of",
    "terms_now",
    "terms_of_version",
    "totals_between",
    "uncommit",
    "use_verification",
    "verification_of",
    "verifications_of_enterprise",
    "verify",
    "versions",
    "visit_of",
    "waiting_among",
]


async def close_offer(
    platform: Platform, connection: Connection, subject_id: UUID, benefit_id: str, because: str
) -> None:
    """An unpaid bill closes this offer to this person, and no other; closing it twice changes nothing. One round trip."""
    await store.close_offer(connection, subject_id, benefit_id, because, platform.clock.now())


async def reopen_offer(connection: Connection, subject_id: UUID, benefit_id: str) -> bool:
    """The bill is settled: the offer is open again; False if it was not closed. One round trip."""
    return await store.reopen_offer(connection, subject_id, benefit_id) == 1


async def forget(platform: Platform, connection: Connection, account_id: UUID, subject_id: UUID | None) -> None:
    """Leaving: verifications and redemptions are nobody's, personal counters go. A closed offer stays under the contract
    it came from until its bill is settled (PIPL art. 13 (2)), and bears on that offer only."""
    if subject_id is not None:
        await store.forget(connection, subject_id)
