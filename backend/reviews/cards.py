"""Promise cards 承诺镜: drawn once a month from what people said, shown to everybody, and never so that one person could be told.

A card replaces the one before only if ten people have said something since: two cards side by side then tell of ten people at least,
as each of them does. What is shown ends with a month, so no day of anybody's visit is told.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

import msgspec

from backend.market import service as market
from backend.partner_accounts import service as partner_accounts
from backend.partner_accounts.messages import PartnerProfile
from backend.partner_accounts.states import SERVING, PartnerState
from backend.platform import cursors
from backend.platform.clock import local_date, start_of_day
from backend.platform.database import Connection, Row
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND
from backend.reviews import case_store, store
from backend.reviews.messages import (
    CardFigures,
    Promise,
    PromiseCard,
    RankedPage,
    RankedPartner,
    ReviewRules,
    ReviewRulesList,
    card_figures,
)
from backend.reviews.rules import rules_on, versions
from partners.ledger.audit import Difference
from partners.reviews.figures import (
    LEAST_PEOPLE,
    Figures,
    Kept,
    Opinion,
    Waiting,
    figures_of,
    is_consistent,
    published,
    rating_bound,
)

_EVERY_BENEFIT = 1000


def last_day_of_last_month(today: date) -> date:
    """The day on which the last whole month ended."""
    return today.replace(day=1) - timedelta(days=1)


async def draw(platform: Platform, connection: Connection, partner_id: UUID, until_day: date) -> bool:
    """Draws a partner's figures of the days up to `until_day`; gives whether that makes a new card. Three round trips."""
    rules = rules_on(until_day)
    from_day = until_day - timedelta(days=rules.counted_days - 1)
    before = await store.latest_figures(connection, [partner_id], date.min)
    new_from = before[0]["until_day"] + timedelta(days=1) if before else from_day
    figures, fresh = await figures_between(connection, partner_id, from_day, until_day, new_from)
    shown = figures if figures.people >= LEAST_PEOPLE and fresh >= LEAST_PEOPLE else None
    rating = None if shown is None else rating_bound(shown)
    drawn = await store.add_figures(connection, partner_id, from_day, until_day, shown, rating, platform.clock.now())
    return drawn and shown is not None


async def figures_between(
    connection: Connection, partner_id: UUID, from_day: date, until_day: date, new_from: date
) -> tuple[Figures, int]:
    """What people said of a partner in these days, and how many of them said it since `new_from`. One round trip."""
    rows = await store.counted(
        connection,
        partner_id,
        start_of_day(from_day),
        start_of_day(until_day + timedelta(days=1)),
        start_of_day(new_from),
    )
    counted = ((Opinion(row["stars"], Kept(row["kept"]), Waiting(row["waiting"])), int(row["people"])) for row in rows)
    return figures_of(counted), sum(int(row["fresh"]) for row in rows)


async def figures_shown(platform: Platform, connection: Connection, ids: Sequence[UUID]) -> dict[UUID, CardFigures]:
    """The figures on the cards of these partners; whoever has none is not there. One round trip."""
    today = local_date(platform.clock.now())
    since = today - timedelta(days=rules_on(today).shown_days)
    rows = await store.latest_figures(connection, ids, since)
    return {row["partner_id"]: found for row in rows if (found := _card_figures(row)) is not None}


async def card(platform: Platform, partner_id: UUID) -> PromiseCard:
    """A partner's card: what it promised beside what its guests say. One that was delisted promises nothing any more.

    Raises NOT_FOUND, also for whoever never served. Up to five round trips.
    """
    async with platform.database.connection() as connection:
        profile = (await partner_accounts.profiles(connection, [partner_id])).get(partner_id)
        if profile is None or not await _has_served(connection, profile):
            raise NOT_FOUND.error()
        serves = profile.state in SERVING
        figures = await figures_shown(platform, connection, [partner_id])
        member = await partner_accounts.alliance_since(connection, [partner_id])
    offered = (await market.listing(platform, None, None, _EVERY_BENEFIT)).benefits if serves else []
    return PromiseCard(
        partner_id=profile.id,
        name=profile.name,
        name_en=profile.name_en,
        state=profile.state,
        alliance_since=member.get(partner_id),
        scenes=profile.scenes,
        stores=profile.stores if serves else [],
        promises=[
            Promise(
                benefit=offer.id,
                scene=offer.scene,
                kind=offer.kind,
                unit=offer.unit,
                name=offer.name,
                description=offer.description,
                tiers=offer.tiers,
                legal_basis=offer.legal_basis,
                valid_until=offer.valid_until,
            )
            for offer in offered
            if offer.id in profile.benefits and offer.state == "published"
        ],
        figures=figures.get(partner_id),
    )


async def ranking(
    platform: Platform, scene: str | None, district: str | None, cursor: str | None, limit: int
) -> RankedPage:
    """The partners that serve and have figures, by the bound of their rating. Raises BAD_CURSOR. Three round trips."""
    after = cursors.decode(cursor, tuple[int, UUID])
    async with platform.database.connection() as connection:
        serving = await partner_accounts.serving(connection, scene, district)
        figures = await figures_shown(platform, connection, serving)
        places = sorted((-found.rating_permille, partner_id) for partner_id, found in figures.items())
        left = places if after is None else [place for place in places if place > after]
        profiles = await partner_accounts.profiles(connection, [partner_id for _, partner_id in left[:limit]])
    shown = [
        RankedPartner(
            partner_id=partner_id,
            name=profiles[partner_id].name,
            name_en=profiles[partner_id].name_en,
            scenes=profiles[partner_id].scenes,
            figures=figures[partner_id],
        )
        for _, partner_id in left[:limit]
    ]
    return RankedPage(shown, cursors.encode(left[limit - 1]) if len(left) > limit else None)


def rules() -> ReviewRulesList:
    """Every version of the rules, newest first. No round trip."""
    return ReviewRulesList([msgspec.convert(each, ReviewRules, from_attributes=True) for each in versions()])


async def differences(connection: Connection) -> list[Difference]:
    """Where figures that were drawn contradict themselves or what is left of the reviews, for the audit.

    Reviews are withdrawn and forgotten after a month is drawn, so fewer people may be left than were counted, never more.
    One round trip, and one for each card ever drawn.
    """
    found = []
    for row in await store.every_figures(connection):
        figures, name = _figures(row), f"figures of partner {row['partner_id']} until {row['until_day']}"
        if not is_consistent(figures):
            found.append(Difference(name, str(figures), "counts that sum to the people"))
        elif rating_bound(figures) != row["rating_permille"]:
            found.append(Difference(f"{name}: rating", row["rating_permille"], rating_bound(figures)))
        since, until = start_of_day(row["from_day"]), start_of_day(row["until_day"] + timedelta(days=1))
        left = await store.people_left(connection, row["partner_id"], since, until)
        if left > figures.people:
            found.append(Difference(f"{name}: people", figures.people, left))
    return found


async def _has_served(connection: Connection, profile: PartnerProfile) -> bool:
    """Whether it serves, or did until it was delisted; a refused applicant never did."""
    if profile.state is not PartnerState.DELISTED:
        return profile.state in SERVING
    return await case_store.last_of_partner(connection, profile.id) is not None


def _figures(row: Row) -> Figures:
    return Figures(
        people=row["people"],
        points=row["points"],
        honoured=row["honoured"],
        otherwise=row["otherwise"],
        refused=row["refused"],
        waited={Waiting(bucket): people for bucket, people in row["waited"].items()},
    )


def _card_figures(row: Row) -> CardFigures | None:
    shown = published(_figures(row))
    return None if shown is None else card_figures(row["from_day"], row["until_day"], shown)
