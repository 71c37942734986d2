"""Commitments 承诺 of a resident for one benefit: made on one's own phone, taken back at will; no act here costs anything anywhere."""

from backend.market import store
from backend.market.benefit_store import offered
from backend.market.benefits import terms_of
from backend.market.problems import NO_COMMITMENT
from backend.platform.callers import Caller
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND, STATE_CONFLICT
from partners.benefits.eligibility import commitment_tiers


async def commit(platform: Platform, caller: Caller, benefit_id: str, version: int) -> None:
    """The caller makes the commitment that opens the best such tier of a benefit; making it again changes nothing.

    Raises NOT_FOUND, NO_COMMITMENT (no tier rests on one), STATE_CONFLICT (the terms have changed since they were read). Two
    round trips.
    """
    subject_id = caller.proven_subject()
    async with platform.database.transaction() as connection:
        row = await offered(connection, benefit_id, ())
        if row is None:
            raise NOT_FOUND.error()
        terms = terms_of(row)
        if terms.version != version:
            raise STATE_CONFLICT.error()
        kinds = [tier.commitment for tier in commitment_tiers(terms) if tier.commitment is not None]
        if not kinds:
            raise NO_COMMITMENT.error()
        await store.commit(connection, subject_id, benefit_id, kinds[0], version, platform.clock.now())


async def uncommit(platform: Platform, caller: Caller, benefit_id: str) -> None:
    """The caller takes the commitment for a benefit back: what it opened closes, and nothing else happens. Raises NOT_FOUND. One
    round trip."""
    async with platform.database.transaction() as connection:
        if await store.uncommit(connection, caller.proven_subject(), benefit_id) == 0:
            raise NOT_FOUND.error()
