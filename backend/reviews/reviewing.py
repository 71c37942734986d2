"""Reviewing 评议: a resident says how a visit of theirs went, once, within a month; takes it back; and leaves nothing behind."""

from datetime import timedelta
from uuid import UUID

from backend.market import service as market
from backend.partner_accounts import service as partner_accounts
from backend.platform import cursors
from backend.platform.callers import Caller
from backend.platform.clock import SHANGHAI, local_date
from backend.platform.database import Connection, Row
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND
from backend.platform.row_ids import new_id
from backend.reviews import store
from backend.reviews.messages import MyReview, MyReviewPage, NewReview, ReviewWords, ReviewWordsPage
from backend.reviews.problems import REVIEW_GIVEN, REVIEW_LATE, REVIEW_UNFIT, VISIT_OPEN
from backend.reviews.rules import rules_on
from partners.reviews.figures import Kept, Waiting


async def review(platform: Platform, caller: Caller, new: NewReview) -> MyReview:
    """A resident reviews a visit of their own: one that was used, or a yes that never became one, which is `refused`.

    Raises NOT_FOUND (not a yes of theirs), OWN_MATTER (they work for the partner), VISIT_OPEN, REVIEW_LATE, REVIEW_UNFIT,
    REVIEW_GIVEN. Six round trips.
    """
    subject_id, now = caller.proven_subject(), platform.clock.now()
    async with platform.database.transaction() as connection:
        access = caller.access("评议到店", "verification")
        visit = await market.visit_of(platform, connection, access, subject_id, new.verification_id)
        if visit is None or not visit.eligible:
            raise NOT_FOUND.error()
        await partner_accounts.require_no_part(connection, caller, visit.partner_id)
        if not visit.used and not visit.lapsed:
            raise VISIT_OPEN.error()
        last_day = local_date(visit.at) + timedelta(days=rules_on(local_date(now)).review_within_days)
        if local_date(now) > last_day:
            raise REVIEW_LATE.error()
        if visit.used is (new.kept is Kept.REFUSED):
            raise REVIEW_UNFIT.error()
        review_id = new_id(now)
        row = store.NewReview(
            id=review_id,
            subject_id=subject_id,
            partner_id=visit.partner_id,
            benefit_id=visit.benefit_id,
            verification_id=visit.verification_id,
            visited_at=visit.at,
            stars=new.stars,
            kept=new.kept,
            waiting=new.waiting,
            words_sealed=None if new.words is None else platform.cipher.seal(new.words, *_PLACE, review_id),
            filed_at=now,
        )
        if not await store.add(connection, row):
            raise REVIEW_GIVEN.error()
        names = await partner_accounts.partner_names(connection, [visit.partner_id])
    return MyReview(
        id=review_id,
        verification_id=visit.verification_id,
        partner=names[visit.partner_id],
        benefit=visit.benefit_id,
        visited_at=visit.at,
        stars=new.stars,
        kept=new.kept,
        waiting=new.waiting,
        words=new.words,
        filed_at=now,
    )


async def mine(platform: Platform, caller: Caller, cursor: str | None, limit: int) -> MyReviewPage:
    """The caller's reviews, newest first. Raises BAD_CURSOR. Two round trips."""
    before = cursors.decode(cursor, UUID)
    async with platform.database.connection() as connection:
        access = caller.access("查看我的评议", "review")
        rows = await store.of_subject(connection, access, caller.proven_subject(), before, limit + 1)
        names = await partner_accounts.partner_names(connection, [row["partner_id"] for row in rows])
    shown = [_mine(platform, row, names[row["partner_id"]]) for row in rows[:limit]]
    return MyReviewPage(shown, cursors.encode(shown[-1].id) if len(rows) > limit else None)


async def withdraw(platform: Platform, caller: Caller, review_id: UUID) -> None:
    """Takes back one's own review: the next month's figures do not count it. Raises NOT_FOUND. One round trip."""
    async with platform.database.transaction() as connection:
        if not await store.withdraw(connection, caller.proven_subject(), review_id):
            raise NOT_FOUND.error()


async def words_of(
    platform: Platform, caller: Caller, partner_id: UUID, cursor: str | None, limit: int
) -> ReviewWordsPage:
    """What people wrote of a partner, for an officer who has no part in it; each of them finds this look in their access log.

    Raises NOT_FOUND, OWN_MATTER, BAD_CURSOR. Four round trips.
    """
    before = cursors.decode(cursor, UUID)
    async with platform.database.connection() as connection:
        await partner_accounts.state_of(connection, partner_id)
        await partner_accounts.require_no_part(connection, caller, partner_id)
        access = caller.staff_access("查看公众评议的文字", "核查商户履诺情况", "review")
        rows = await store.with_words(connection, access, partner_id, before, limit + 1)
    shown = [
        ReviewWords(
            month=f"{row['filed_at'].astimezone(SHANGHAI):%Y-%m}",
            stars=row["stars"],
            kept=Kept(row["kept"]),
            words=platform.cipher.open(row["words_sealed"], *_PLACE, row["id"]),
        )
        for row in rows[:limit]
    ]
    return ReviewWordsPage(shown, cursors.encode(rows[limit - 1]["id"]) if len(rows) > limit else None)


async def forget(platform: Platform, connection: Connection, account_id: UUID, subject_id: UUID | None) -> None:
    """Leaving: the person's reviews go, words and stars; figures that were drawn before are of nobody and stay."""
    if subject_id is not None:
        await store.forget(connection, subject_id)


_PLACE = ("review", "words_sealed")


def _mine(platform: Platform, row: Row, partner: str) -> MyReview:
    sealed = row["words_sealed"]
    return MyReview(
        id=row["id"],
        verification_id=row["verification_id"],
        partner=partner,
        benefit=row["benefit_id"],
        visited_at=row["visited_at"],
        stars=row["stars"],
        kept=Kept(row["kept"]),
        waiting=Waiting(row["waiting"]),
        words=None if sealed is None else platform.cipher.open(sealed, *_PLACE, row["id"]),
        filed_at=row["filed_at"],
    )
