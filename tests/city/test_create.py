"""Building the city through the rooms: as designed, begun anew when it was cut off, and never over real people."""

import httpx2
import msgspec
import pytest

from backend.city import sign_ins, store
from backend.city.create import city_wanted, create_city, pieces
from backend.city.materials import load_benefits
from backend.platform.platform import Platform
from backend.platform.refusal import Refusal
from tests.builders.people import PersonBuilder

RESIDENTS = 60


class Progress:
    """Counts the pieces that are done; can be told to give up."""

    def __init__(self, give_up_at: int | None = None) -> None:
        self.done = 0
        self._give_up_at = give_up_at

    def __call__(self, pieces: int) -> None:
        self.done += pieces
        if self._give_up_at is not None and self.done >= self._give_up_at:
            raise KeyboardInterrupt


async def test_a_city_is_built_as_designed_and_only_once(platform: Platform) -> None:
    progress = Progress()
    summary = await create_city(platform, seed=3, residents=RESIDENTS, advance=progress)
    assert progress.done == pieces(RESIDENTS)
    assert (summary.residents, summary.enterprises, summary.sources) == (RESIDENTS, 3, 19)
    assert (summary.partners, summary.benefits, summary.records) == (30, 28, RESIDENTS * 10)
    assert summary.records_returned == summary.records // 50
    assert summary.scores == RESIDENTS * 19 // 20
    assert summary.subsidy_plans == 2
    assert not await city_wanted(platform)
    with pytest.raises(Refusal, match="已有合成城市"):
        await create_city(platform, seed=3, residents=RESIDENTS, advance=Progress())
    known = sign_ins.read(platform.settings.data_directory)
    assert {"resident", "partner", "lender", "clerk", "agent", "source", "case-officer", "second-officer"} <= set(known)
    assert all(known[actor].key_file for actor in ("partner", "lender", "source"))


async def test_the_city_pays_a_part_of_two_benefits_from_today_on(
    platform: Platform, client: httpx2.AsyncClient
) -> None:
    await create_city(platform, seed=3, residents=RESIDENTS, advance=Progress())
    plans = (await client.get("/v1/subsidy-plans")).json()["plans"]
    offered = {benefit.id for benefit in load_benefits()}
    assert {plan["benefit"] for plan in plans} == {"bookshop-discount", "gym-discount"} <= offered
    assert {plan["begins"] for plan in plans} == {"2026-11-23"}


async def test_the_first_enterprise_shows_its_codes_on_pages_that_open(
    platform: Platform, client: httpx2.AsyncClient
) -> None:
    await create_city(platform, seed=3, residents=RESIDENTS, advance=Progress())
    known = sign_ins.read(platform.settings.data_directory)
    pages = [known[f"display-{kind}"].page for kind in ("enterprise", "sector", "product")]
    for page, word in zip(pages, ("企业展示码", "旅游诚信码", "云岭桃花蜜"), strict=True):
        answer = await client.get(page)
        assert answer.status_code == 200
        assert word in answer.text
    rows = sign_ins.public_pages(platform.settings.data_directory, "http://192.0.2.1:8000")
    assert [address for _, address in rows] == [f"http://192.0.2.1:8000{page}" for page in pages]
    assert not {title for title, _ in rows} & {
        title for title, _ in sign_ins.describe(platform.settings.data_directory)
    }


async def test_a_build_that_was_cut_off_is_begun_anew_and_comes_out_the_same(platform: Platform) -> None:
    with pytest.raises(KeyboardInterrupt):
        await create_city(platform, seed=3, residents=RESIDENTS, advance=Progress(give_up_at=RESIDENTS * 3))
    assert await city_wanted(platform)
    anew = await create_city(platform, seed=3, residents=RESIDENTS, advance=Progress())
    async with platform.database.transaction() as connection:
        # As if it had been cut off at its very end.
        await connection.execute("UPDATE synthetic_city SET state = 'building'")
    again = await create_city(platform, seed=3, residents=RESIDENTS, advance=Progress())
    assert msgspec.to_builtins(anew) == msgspec.to_builtins(again)


async def test_no_city_is_built_over_real_people(platform: Platform, person: PersonBuilder) -> None:
    await person()
    assert not await city_wanted(platform)
    with pytest.raises(Refusal, match="不会写入合成城市"):
        await create_city(platform, seed=3, residents=RESIDENTS, advance=Progress())
    async with platform.database.connection() as connection:
        assert await store.holds_people(connection)
