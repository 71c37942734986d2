"""What is decided about a record stays decided: marks, corrections, withdrawals and hiding outlive the next delivery."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest

from backend.platform.access import Access, Ground
from backend.platform.callers import system_access
from backend.platform.clock import SettableClock
from backend.platform.database import Connection
from backend.platform.due import DueQueue
from backend.platform.identifiers import make_identity_number
from backend.platform.platform import Platform
from backend.platform.problems import Problem
from backend.records import service
from backend.records.intake import RETENTION
from backend.records.messages import Correction
from backend.subjects import service as subjects
from backend.subjects.service import Identifier, SubjectKind
from tests.builders.people import Person, PersonBuilder
from tests.builders.signed import SignedCaller
from tests.builders.sources import AUTHORITY, add_source, penalty, volunteering
from tests.records.rows import CODE, honour, permit

PATH = "/v1/source/deliveries"
ACCESS = system_access("test", "办理异议", "测试", Ground.LEGAL_DUTY, "records")

Act = Callable[[Platform, Connection, Access, UUID], Awaitable[None]]


@pytest.fixture
async def source(client: httpx2.AsyncClient, clock: SettableClock, platform: Platform) -> SignedCaller:
    """A source that may deliver every item."""
    _, key = await add_source(platform)
    return SignedCaller(client, clock, key)


async def deliver(source: SignedCaller, *rows: Any) -> dict[str, Any]:
    answer = await source("POST", PATH, {"delivery_ref": "d-1", "rows": list(rows)})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def records_of(client: httpx2.AsyncClient, someone: Person) -> list[dict[str, Any]]:
    answer = await client.get("/v1/me/records", headers=someone.headers)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["records"]
    return found


async def act(platform: Platform, what: Act, record: dict[str, Any]) -> None:
    async with platform.database.transaction() as connection:
        await what(platform, connection, ACCESS, UUID(record["id"]))


async def correct(platform: Platform, record: dict[str, Any], **fields: str) -> None:
    async with platform.database.transaction() as connection:
        await service.correct(platform, connection, ACCESS, UUID(record["id"]), Correction(fields))


async def waiting_for_a_score(platform: Platform) -> set[UUID]:
    async with platform.database.connection() as connection:
        rows = await connection.fetch("SELECT key FROM due_work WHERE topic = $1", subjects.TOUCHED)
    return {row["key"] for row in rows}


async def forget_waiting(platform: Platform) -> None:
    async with platform.database.connection() as connection:
        await connection.execute("DELETE FROM due_work WHERE topic = $1", subjects.TOUCHED)


async def states(platform: Platform, someone: Person) -> list[tuple[str, int | None]]:
    async with platform.database.connection() as connection:
        facts = await service.facts_of(connection, ACCESS, [someone.subject_id])
    return [(fact.state, fact.amount) for fact in facts[someone.subject_id]]


async def test_a_correction_counts_keeps_the_wrong_version_and_tells_the_scores_room(
    source: SignedCaller, person: PersonBuilder, client: httpx2.AsyncClient, platform: Platform
) -> None:
    someone = await person()
    await deliver(source, volunteering(someone, hours="5"))
    [record] = await records_of(client, someone)
    await act(platform, service.mark, record)
    assert await states(platform, someone) == [("marked", 5)]
    await forget_waiting(platform)
    await correct(platform, record, ZY_SC="50")
    assert await states(platform, someone) == [("active", 50)]
    assert await waiting_for_a_score(platform) == {someone.subject_id}
    async with platform.database.connection() as connection:
        kept = await connection.impersonal(
            "the test counts", "SELECT record_id, because FROM record_version ORDER BY id"
        )
    assert [(str(row["record_id"]), row["because"]) for row in kept] == [
        (record["id"], "marked"),
        (record["id"], "corrected"),
    ]


async def test_a_correction_is_checked_like_a_delivery(
    source: SignedCaller, person: PersonBuilder, client: httpx2.AsyncClient, platform: Platform
) -> None:
    someone, other = await person(), await person(name="李四")
    await deliver(source, volunteering(someone))
    [record] = await records_of(client, someone)
    for fields in ({"ZY_SC": "many"}, {"ZY_JLBH": "ZY-9"}, {"ZY_XDR_ZJHM": other.identity_number}):
        with pytest.raises(Problem) as refused:
            await correct(platform, record, **fields)
        assert refused.value.errors
    assert await states(platform, someone) == [("active", 25)]


async def test_delivering_the_wrong_version_again_does_not_undo_a_correction(
    source: SignedCaller, person: PersonBuilder, client: httpx2.AsyncClient, platform: Platform
) -> None:
    someone = await person()
    await deliver(source, volunteering(someone, hours="5", sequence=3))
    [record] = await records_of(client, someone)
    await correct(platform, record, ZY_SC="50")
    assert (await deliver(source, volunteering(someone, hours="5", sequence=3)))["unchanged"] == 1
    assert await states(platform, someone) == [("active", 50)]
    again = await deliver(source, volunteering(someone, hours="6", sequence=3))
    assert again["returned_rows"][0]["reasons"][0]["code"] == "record-corrected"
    assert await states(platform, someone) == [("active", 50)]
    assert (await deliver(source, volunteering(someone, hours="60", sequence=4)))["replaced"] == 1
    assert await states(platform, someone) == [("active", 60)]


async def test_a_withdrawn_record_does_not_come_back(
    source: SignedCaller, person: PersonBuilder, client: httpx2.AsyncClient, platform: Platform
) -> None:
    someone = await person()
    await deliver(source, penalty(someone))
    [record] = await records_of(client, someone)
    await act(platform, service.withdraw, record)
    assert (await deliver(source, penalty(someone)))["unchanged"] == 1
    later = await deliver(source, {**penalty(someone, fine="0.9"), "sequence": 9})
    assert later["returned_rows"][0]["reasons"][0]["code"] == "record-withdrawn"
    assert [state for state, _ in await states(platform, someone)] == ["withdrawn"]
    for again in (service.mark, service.unmark, service.withdraw):
        with pytest.raises(Problem):
            await act(platform, again, record)


async def test_a_hidden_record_stays_hidden_whatever_is_decided_about_it(
    source: SignedCaller, person: PersonBuilder, client: httpx2.AsyncClient, platform: Platform
) -> None:
    someone = await person()
    await deliver(source, volunteering(someone))
    [record] = await records_of(client, someone)
    await client.put(f"/v1/me/records/{record['id']}/hidden", headers=someone.headers)
    for decided in (service.mark, service.unmark):
        with pytest.raises(Problem) as refused:
            await act(platform, decided, record)
        assert refused.value.kind.code == "record-state"
    await correct(platform, record, ZY_SC="50")
    assert await states(platform, someone) == [("hidden", 50)]


async def test_a_marked_or_hidden_record_stays_so_when_a_later_version_arrives(
    source: SignedCaller, person: PersonBuilder, client: httpx2.AsyncClient, platform: Platform
) -> None:
    someone = await person()
    await deliver(source, volunteering(someone, "ZY-1", on=date(2026, 3, 2)), volunteering(someone, "ZY-2"))
    marked, hidden = await records_of(client, someone)
    await act(platform, service.mark, marked)
    await client.put(f"/v1/me/records/{hidden['id']}/hidden", headers=someone.headers)
    await deliver(
        source,
        volunteering(someone, "ZY-1", hours="30", on=date(2026, 3, 2), sequence=1),
        volunteering(someone, "ZY-2", hours="30", sequence=1),
    )
    assert {record["state"] for record in await records_of(client, someone)} == {"marked", "hidden"}
    assert {amount for _, amount in await states(platform, someone)} == {30}


async def test_only_a_positive_record_can_be_hidden(
    source: SignedCaller, person: PersonBuilder, client: httpx2.AsyncClient
) -> None:
    someone = await person()
    row = permit(False, XK_XDR_MC=someone.name, XK_XDR_ZJHM=someone.identity_number)
    await deliver(source, {"item": "permit", "fields": row})
    [record] = await records_of(client, someone)
    assert record["can_hide"] is False
    answer = await client.put(f"/v1/me/records/{record['id']}/hidden", headers=someone.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "only-positive-hidden")


async def test_the_score_is_looked_at_again_when_a_record_is_archived(
    source: SignedCaller, person: PersonBuilder, client: httpx2.AsyncClient, clock: SettableClock, platform: Platform
) -> None:  # fmt: skip
    someone = await person()
    await deliver(source, volunteering(someone))
    [record] = await records_of(client, someone)
    async with platform.database.connection() as connection:
        [fact] = (await service.facts_of(connection, ACCESS, [someone.subject_id]))[someone.subject_id]
    last = date.fromisoformat(record["retained_until"])
    assert fact.ends_on == last
    await forget_waiting(platform)
    clock.move(timedelta(days=(last - date(2026, 11, 23)).days))
    await DueQueue(platform.database, clock, {RETENTION: service.retention_handler(platform)}).run_due()
    async with platform.database.connection() as connection:
        archived = await connection.impersonal("the test counts", "SELECT state FROM record")
    assert [row["state"] for row in archived] == ["archived"]
    assert someone.subject_id in await waiting_for_a_score(platform)


@pytest.mark.parametrize("name", ["\u0000", "a\u0000b", "列\n名", "x" * 5000])
async def test_a_column_with_an_impossible_name_costs_its_own_row(
    source: SignedCaller, person: PersonBuilder, name: str
) -> None:
    someone = await person()
    broken = volunteering(someone, "ZY-2")
    broken["fields"][name] = name
    out = await deliver(source, volunteering(someone), broken)
    assert (out["accepted"], out["returned"]) == (1, 1)
    assert out["returned_rows"][0]["reasons"][0]["code"] == "unknown-field"


@pytest.mark.parametrize("row", [None, 1, "", [], {}, {"item": 1}, {"item": "penalty", "fields": {"CF_WSH": {}}},
                                 {"item": "\u0000", "fields": {}}, {"item": "penalty", "fields": [], "sequence": 1},
                                 {"item": "penalty", "fields": {}, "sequence": 1e308},
                                 {"item": "penalty", "fields": {}, "sequence": 2**60}])  # fmt: skip
async def test_a_row_of_another_form_is_returned_alone(source: SignedCaller, person: PersonBuilder, row: Any) -> None:
    out = await deliver(source, row, volunteering(await person()))
    assert (out["rows"], out["accepted"], out["returned"], out["returned_rows"][0]["row"]) == (2, 1, 1, 1)


async def test_several_versions_in_one_delivery_leave_the_last(
    source: SignedCaller, person: PersonBuilder, platform: Platform
) -> None:
    someone = await person()
    out = await deliver(source, *(volunteering(someone, hours=str(10 + each), sequence=each) for each in range(3)))
    assert (out["accepted"], out["unchanged"], out["returned"]) == (1, 2, 0)
    assert await states(platform, someone) == [("active", 12)]


async def test_two_deliveries_at_once_take_each_record_in_once(
    source: SignedCaller, person: PersonBuilder, platform: Platform
) -> None:
    someone = await person()
    rows = [volunteering(someone, f"ZY-{number}") for number in range(50)]
    answers = await asyncio.gather(*(deliver(source, *rows[::step]) for step in (1, -1, 1, -1)))
    assert sum(answer["accepted"] for answer in answers) == 50
    assert sum(answer["unchanged"] for answer in answers) == 150
    assert len(await states(platform, someone)) == 50


async def test_records_that_came_before_the_person_are_theirs_when_they_prove_who_they_are(
    source: SignedCaller, person: PersonBuilder, client: httpx2.AsyncClient
) -> None:
    someone = await person(proven=False)
    await deliver(source, volunteering(someone))
    answer = await client.post(
        "/v1/me/identity",
        json={"name": someone.name, "identity_number": someone.identity_number},
        headers=someone.headers,
    )
    someone.access_token = answer.json()["access_token"]
    assert [record["item"] for record in await records_of(client, someone)] == ["volunteer-service"]


async def test_a_foreigners_card_numbered_like_an_identity_card_is_the_same_person(
    source: SignedCaller, person: PersonBuilder, platform: Platform
) -> None:
    number = make_identity_number(date(1990, 1, 1), 1, "911124")
    row = volunteering(await person())
    row["fields"] |= {"ZY_XDR_ZJLX": "05", "ZY_XDR_ZJHM": number}
    assert (await deliver(source, row))["accepted"] == 1
    async with platform.database.transaction() as connection:
        [subject_id] = await subjects.find_or_create(platform, connection, [Identifier(SubjectKind.PERSON, number)])
        facts = await service.facts_of(connection, ACCESS, [subject_id])
    assert len(facts[subject_id]) == 1


async def test_the_number_of_round_trips_does_not_grow_with_the_rows(
    source: SignedCaller, person: PersonBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [await person(name=name) for name in ("张三", "李四", "王五")]
    exchanges: list[str] = []
    for name in ("execute", "execute_many", "fetch", "fetch_one", "fetch_value", "impersonal", "read", "copy_in"):
        monkeypatch.setattr(Connection, name, _counted(exchanges, getattr(Connection, name), name))
    spent = []
    for size in (2, 400):
        exchanges.clear()
        rows = [volunteering(people[number % 3], f"ZY-{size}-{number}") for number in range(size)]
        out = await deliver(source, *rows, "not a row")
        assert (out["accepted"], out["returned"]) == (size, 1)
        spent.append(len(exchanges))
    assert spent[0] == spent[1] <= 15


def _counted(exchanges: list[str], original: Any, name: str) -> Any:
    async def counted(self: Connection, *arguments: Any) -> Any:
        exchanges.append(name)
        return await original(self, *arguments)

    return counted


async def test_values_are_shown_in_words(
    source: SignedCaller, person: PersonBuilder, client: httpx2.AsyncClient
) -> None:
    someone = await person()
    row = honour(RY_XDR_MC=someone.name, RY_XDR_ZJHM=someone.identity_number)
    await deliver(source, {"item": "honour", "fields": row})
    [record] = await records_of(client, someone)
    shown = {field["title"]: field["value"] for field in record["fields"]}
    assert (shown["行政相对人类别"], shown["证件类型"], shown["荣誉级别"]) == ("自然人", "身份证", "市级")


async def test_an_enterprises_records_never_show_who_represents_it(
    source: SignedCaller, platform: Platform, person: PersonBuilder
) -> None:
    someone = await person()
    row = permit(XK_FRDB=someone.name, XK_FR_SFZH=someone.identity_number)
    await deliver(source, {"item": "permit", "fields": row})
    async with platform.database.transaction() as connection:
        [subject_id] = await subjects.find_or_create(platform, connection, [Identifier(SubjectKind.ENTERPRISE, CODE)])
    page = await service.records_of_enterprise(platform, ACCESS, subject_id, None, 10)
    values = {field.value for record in page.records for field in record.fields}
    assert "食品经营许可证" in values
    assert not values & {someone.name, someone.identity_number}
    assert await states(platform, someone) == []


async def test_staff_see_what_is_recorded_and_not_about_whom(
    source: SignedCaller, person: PersonBuilder, client: httpx2.AsyncClient, platform: Platform
) -> None:
    someone = await person(name="欧阳小明")
    await deliver(source, volunteering(someone))
    [record] = await records_of(client, someone)
    async with platform.database.transaction() as connection:
        row = await service.record_of(connection, ACCESS, UUID(record["id"]))
    assert row is not None
    values = {field.value for field in service.as_seen(platform, row).fields}
    assert "河道清理" in values
    assert not values & {someone.name, someone.identity_number}


async def test_a_source_that_is_not_active_delivers_nothing(
    source: SignedCaller, person: PersonBuilder, platform: Platform
) -> None:
    someone = await person()
    async with platform.database.connection() as connection:
        await connection.execute("UPDATE source SET state = 'suspended'")
    answer = await source("POST", PATH, {"delivery_ref": "d-1", "rows": [volunteering(someone)]})
    assert (answer.status_code, answer.json()["code"]) == (403, "source-suspended")


async def test_anybody_sees_who_may_deliver_what(source: SignedCaller, client: httpx2.AsyncClient) -> None:
    [listed] = (await client.get("/v1/sources")).json()
    assert listed["name"] == "桃花市民政局"
    assert "penalty" in listed["items"]
    assert AUTHORITY not in str(listed)
