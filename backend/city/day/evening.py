"""The evening of a simulated day and what follows from it: residents review and one complains; the month ends, cards and reports are
drawn, and the partner that is surely bad is told to put things right by a date."""

from datetime import UTC, date, datetime, timedelta
from functools import partial

import msgspec

from backend.city.create import STAFF
from backend.city.day.opinions import BAD_PARTNER, Said, opinions
from backend.city.day.plan import ROUND
from backend.city.day.tills import refused
from backend.city.day.visiting import All, Town
from backend.city.generator import City
from backend.complaints import service as complaints
from backend.complaints.messages import About, FileComplaint
from backend.identity import service as identity
from backend.partner_accounts.states import PartnerState
from backend.platform.callers import Caller
from backend.platform.clock import local_date, start_of_day
from backend.platform.due import DueQueue
from backend.platform.problems import Problem
from backend.platform.roles import Role
from backend.reports import service as reports
from backend.reviews import service as reviews
from backend.reviews.messages import NewReview, Standing
from backend.reviews.problems import REVIEW_UNFIT

# The job draws a month ten minutes after it ended at the earliest.
_AFTER_MIDNIGHT = timedelta(minutes=30)
# A yes that was not used has lapsed by then, and says that its holder was refused.
_LATE = 4 * ROUND


class Reviewed(msgspec.Struct, frozen=True, kw_only=True):
    """What the public review made of a day. `cards_told` and `cards_of_few`: partners whose promise card has figures, and those of whom
    too few said anything. `complaint_answered_by`: the last day to answer the complaint of the day in writing; `bad_partner` is in
    `state` and has until `rectify_by`."""

    reviews: int
    cards_told: int
    cards_of_few: int
    bad_partner: str
    state: PartnerState
    rectify_by: date | None
    complaint_answered_by: date | None


class Evening:
    """What is done once the shops are closed."""

    def __init__(self, town: Town, city: City, name: str, everyone: All) -> None:
        self._town = town
        self._city = city
        self._name = name
        self._everyone = everyone
        self._bad = next(place for place, partner in enumerate(city.partners) if partner.code == BAD_PARTNER)
        self._reviews = 0
        self._complaint: date | None = None

    async def speak(self) -> None:
        """Residents review what they were given, or that they were not; the first guest of the bad partner complains as well."""
        town = self._town
        town.clock.move(_LATE)
        said = list(opinions(self._name, (each.served for each in town.visited.values()), self._bad))
        await self._everyone(partial(self._review, each) for each in said)
        first = next((each for each in said if each.served.partner == self._bad), None)
        if first is not None:
            await self._complain(first)

    async def turn(self) -> Reviewed:
        """The month ends: cards and the report are drawn. Where that opens a case, its term to reply ends as well."""
        town, platform = self._town, self._town.platform
        town.clock.instant = _early(_first_of_next_month(local_date(town.clock.now())))
        await reviews.draw_last_month(platform)
        await reports.draw_last_month(platform)
        standing = await self._standing(self._bad)
        if standing.state is PartnerState.UNDER_REVIEW and standing.case is not None and standing.case.next_day:
            town.clock.instant = _early(standing.case.next_day + timedelta(days=1))
            handlers = {reviews.TOPIC: reviews.due_handler(platform)}
            await DueQueue(platform.database, town.clock, handlers).run_due()
            standing = await self._standing(self._bad)
        told = [(await self._standing(place)).figures is not None for place in range(len(self._city.partners))]
        return Reviewed(
            reviews=self._reviews,
            cards_told=sum(told),
            cards_of_few=len(told) - sum(told),
            bad_partner=BAD_PARTNER,
            state=standing.state,
            rectify_by=None if standing.case is None else standing.case.next_day,
            complaint_answered_by=self._complaint,
        )

    async def _review(self, said: Said) -> None:
        """One resident says how it went; what was given and taken back whole may not be reviewed."""
        visited, words = self._town.visited[said.served.number], f"{said.stars} {said.kept.value} {said.waiting.value}"
        new = NewReview(visited.verification_id, said.stars, said.kept, said.waiting)
        try:
            await reviews.review(self._town.platform, self._town.phones.of(said.served.resident).caller, new)
        except Problem as problem:
            if problem.kind is not REVIEW_UNFIT:
                raise
            visited.course.say(f"review {refused(problem).word}")
            return
        self._reviews += 1
        visited.course.say(f"reviewed {words}")

    async def _complain(self, said: Said) -> None:
        visited, platform = self._town.visited[said.served.number], self._town.platform
        filed = await complaints.file(
            platform,
            self._town.phones.of(said.served.resident).caller,
            FileComplaint(visited.verification_id, About.NOT_AS_PROMISED),
        )
        accepted = await complaints.accept(platform, await self._officer(), filed.id)
        self._complaint = accepted.clock.due_day
        visited.course.say(f"complained, to be answered by {self._complaint}")

    async def _officer(self) -> Caller:
        platform = self._town.platform
        async with platform.database.transaction() as connection:
            account_id = await identity.register_phone(platform, connection, STAFF[Role.CASE_OFFICER][0])
        return Caller(
            account_id=account_id,
            session_id=account_id,
            roles=frozenset({Role.CASE_OFFICER}),
            subject_id=None,
            request_id="city-day",
        )

    async def _standing(self, partner: int) -> Standing:
        return await reviews.standing(self._town.platform, self._town.tills[partner].signer)


def _early(day: date) -> datetime:
    return (start_of_day(day) + _AFTER_MIDNIGHT).astimezone(UTC)


def _first_of_next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
