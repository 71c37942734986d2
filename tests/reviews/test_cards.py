"""承诺镜: monthly, of ten people and more, each counted once, and no two cards tell of one person."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx2
import pytest

from backend.audit import service as audit
from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from backend.reviews import rules, service
from tests.builders.partners import PartnerCaller, delist, make_partner
from tests.builders.people import Person
from tests.builders.reviews import BENEFIT, REFUSED, move_to, people_say, review, visit
from tests.reviews.conftest import MonthEnds


async def card(client: httpx2.AsyncClient, partner: PartnerCaller) -> httpx2.Response:
    """What everybody reads."""
    return await client.get(f"/v1/promises/{partner.partner_id}")


async def test_a_card_shows_what_was_promised_beside_what_was_said(
    client: httpx2.AsyncClient, platform: Platform, partner: PartnerCaller, month_ends: MonthEnds
) -> None:
    await people_say(platform, partner, 19)
    await people_say(platform, partner, 1, **REFUSED)
    before = (await card(client, partner)).json()
    assert ([promise["benefit"] for promise in before["promises"]], before["figures"]) == ([BENEFIT], None)
    await month_ends()
    shown = (await card(client, partner)).json()
    assert shown["figures"] == {
        "from_day": "2026-09-02",
        "until_day": "2026-11-30",
        "people_at_least": 20,
        "rating_permille": 760,
        "honoured_permille": 950,
        "refused_permille": 50,
        "median_waiting": "under-5-minutes",
    }
    assert (shown["name"], shown["state"]) == ("桃花书店", "live")


async def test_nine_people_are_not_shown_and_nothing_is_kept_of_them(
    client: httpx2.AsyncClient, platform: Platform, partner: PartnerCaller, month_ends: MonthEnds
) -> None:
    await people_say(platform, partner, 9)
    await month_ends()
    assert (await card(client, partner)).json()["figures"] is None
    assert (await client.get("/v1/promises")).json()["partners"] == []
    async with platform.database.connection() as connection:
        [row] = await connection.fetch("SELECT people, points, waited FROM partner_figures")
    assert set(row.values()) == {None}


async def test_a_person_counts_once_with_what_they_said_last(
    client: httpx2.AsyncClient,
    platform: Platform,
    clock: SettableClock,
    partner: PartnerCaller,
    guest: Person,
    month_ends: MonthEnds,
) -> None:
    for stars in (1, 1, 5):
        clock.move(timedelta(seconds=1))
        await review(client, guest, await visit(client, partner, guest), stars=stars)
    await people_say(platform, partner, 8)
    await month_ends()
    assert (await card(client, partner)).json()["figures"] is None, "nine people, however often they came"


async def test_a_card_gives_way_only_when_ten_people_have_said_something_new(
    client: httpx2.AsyncClient, platform: Platform, partner: PartnerCaller, month_ends: MonthEnds
) -> None:
    await people_say(platform, partner, 12)
    await month_ends()
    first = (await card(client, partner)).json()["figures"]
    await people_say(platform, partner, 9, **REFUSED)
    await month_ends()
    assert (await card(client, partner)).json()["figures"] == first, "one card less the other would be nine people"
    await people_say(platform, partner, 1)
    await month_ends()
    third = (await card(client, partner)).json()["figures"]
    assert (third["until_day"], third["people_at_least"]) == ("2027-01-31", 20)


async def test_an_old_card_is_taken_down(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, partner: PartnerCaller, month_ends: MonthEnds
) -> None:
    await people_say(platform, partner, 10)
    await month_ends()
    move_to(clock, datetime(2027, 5, 28, 12, tzinfo=UTC))
    assert (await card(client, partner)).json()["figures"] is not None
    clock.move(timedelta(days=2))
    assert (await card(client, partner)).json()["figures"] is None


async def test_a_month_is_drawn_once_and_not_before_it_has_settled(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock, partner: PartnerCaller
) -> None:
    await people_say(platform, partner, 10)
    move_to(clock, datetime(2026, 11, 30, 16, 5, tzinfo=UTC))
    assert await service.draw_last_month(platform) == 0, "five minutes into December"
    clock.move(timedelta(minutes=10))
    assert await service.draw_last_month(platform) == 1
    await people_say(platform, partner, 10, **REFUSED)
    assert await service.draw_last_month(platform) == 0
    assert (await card(client, partner)).json()["figures"]["honoured_permille"] == 1000


async def test_the_ranking_goes_by_the_bound_and_not_by_the_mean(
    client: httpx2.AsyncClient,
    platform: Platform,
    clock: SettableClock,
    partner: PartnerCaller,
    month_ends: MonthEnds,
) -> None:
    few, many, low = partner, *[await make_partner(client, platform, clock, BENEFIT) for _ in range(2)]
    await people_say(platform, few, 10)
    await people_say(platform, many, 90)
    await people_say(platform, many, 10, stars=4)
    await people_say(platform, low, 10, stars=3)
    await month_ends()
    listed = (await client.get("/v1/promises")).json()["partners"]
    assert [each["partner_id"] for each in listed] == [str(each.partner_id) for each in (many, few, low)]
    first = (await client.get("/v1/promises?limit=2")).json()
    rest = (await client.get("/v1/promises", params={"limit": 2, "cursor": first["next"]})).json()
    assert ([*first["partners"], *rest["partners"]], rest["next"]) == (listed, None)
    assert (await client.get("/v1/promises?scene=parking")).json()["partners"] == []
    await delist(platform, many)
    assert len((await client.get("/v1/promises?district=taoyuan")).json()["partners"]) == 2


async def test_who_never_served_has_no_card(
    client: httpx2.AsyncClient, platform: Platform, partner: PartnerCaller
) -> None:
    assert (await client.get(f"/v1/promises/{uuid4()}")).status_code == 404
    await delist(platform, partner)
    assert (await card(client, partner)).status_code == 404, "not delisted by a case"


@pytest.mark.books_broken
@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("rating_permille = rating_permille + 1", "rating"),
        (
            "honoured = honoured - 1, otherwise = otherwise + 1, waited = '{\"under-5-minutes\": 9}'",
            "figures of partner",
        ),
        (
            "people = 10, honoured = 10, points = 40, waited = '{\"under-5-minutes\": 10}', rating_permille = 722",
            "people",
        ),
    ],
)
async def test_the_audit_finds_figures_that_nobody_can_have_given(
    platform: Platform, partner: PartnerCaller, month_ends: MonthEnds, broken: str, said: str
) -> None:
    await people_say(platform, partner, 12)
    await month_ends()
    assert await audit.examine(platform) == []
    async with platform.database.transaction() as connection:
        await connection.execute(f"UPDATE partner_figures SET {broken}")
    [difference] = await audit.examine(platform)
    assert said in difference.what


async def test_the_rules_are_published_with_their_ground_before_their_day(client: httpx2.AsyncClient) -> None:
    [first, *_] = (await client.get("/v1/review-rules")).json()["versions"]
    assert first["published_on"] < first["effective_from"]
    assert first["legal_basis"]
    assert all(each.published_on < each.effective_from for each in rules.versions())
