"""No read of a person without a row in that person's access log, whoever writes the statement."""

import pytest

from backend.platform.access import AccessContextMissing, Ground
from backend.platform.callers import system_access
from backend.platform.platform import Platform
from tests.builders.people import PersonBuilder

ACCESS = system_access("test", "测试读取", "测试", Ground.LEGAL_DUTY, "consents")


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT kind FROM consent",
        "SELECT subject.id FROM subject JOIN consent ON consent.subject_id = subject.id",
        "UPDATE consent SET ended_because = 'x' RETURNING kind",
        "DELETE FROM account RETURNING id",
        'SELECT 1 FROM ONLY "account"',
        "select\n1\nfrom\n\taccount",
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM consent)",
        "SELECT 1 FROM subject, consent",
        "SELECT 1 FROM public.consent",
        'SELECT 1 FROM subject, "public"."consent"',
        "TABLE consent",
    ],
)
async def test_a_statement_that_reads_a_person_needs_an_access_context(platform: Platform, statement: str) -> None:
    async with platform.database.connection() as connection:
        for read in (connection.fetch, connection.fetch_one, connection.fetch_value):
            with pytest.raises(AccessContextMissing):
                await read(statement)


async def test_reading_writes_one_row_for_each_subject_read(platform: Platform, person: PersonBuilder) -> None:
    first, second = await person(), await person(name="李四")
    async with platform.database.connection() as connection:
        rows = await connection.read(ACCESS, "SELECT subject_id, kind FROM consent")
        logged = await connection.impersonal(
            "the test counts", "SELECT subject_id, count(*) FROM access_entry WHERE actor = 'test' GROUP BY subject_id"
        )
    assert len(rows) == 4
    assert {(row["subject_id"], row["count"]) for row in logged} == {(first.subject_id, 1), (second.subject_id, 1)}


async def test_an_act_that_fails_after_reading_leaves_a_failed_attempt(
    platform: Platform, person: PersonBuilder
) -> None:
    someone = await person()
    with pytest.raises(RuntimeError):  # noqa: PT012 the failure is what is tested
        async with platform.database.transaction() as connection:
            await connection.read(
                ACCESS, "SELECT subject_id, kind FROM consent WHERE subject_id = $1", someone.subject_id
            )
            raise RuntimeError("the act fails")
    async with platform.database.connection() as connection:
        logged = await connection.impersonal(
            "the test looks", "SELECT subject_id, outcome FROM access_entry WHERE actor = 'test'"
        )
    assert [(row["subject_id"], row["outcome"]) for row in logged] == [(someone.subject_id, "failed")]


async def test_an_act_that_fails_after_reading_nobody_leaves_its_connection_fit_for_a_snapshot(
    platform: Platform,
) -> None:
    access = system_access("test", "查询", "测试", Ground.CONTRACT, "orders")
    with pytest.raises(RuntimeError):  # noqa: PT012 the failure is what is tested
        async with platform.database.transaction() as connection:
            assert await connection.read(access, "SELECT subject_id FROM deposit_order") == []
            raise RuntimeError
    for _ in range(platform.database.maximum_connections):
        async with platform.database.transaction(snapshot=True) as connection:
            assert await connection.fetch_value("SHOW transaction_isolation") == "repeatable read"


async def test_changing_a_row_and_returning_it_is_a_read_too(platform: Platform, person: PersonBuilder) -> None:
    someone = await person()
    async with platform.database.transaction() as connection:
        await connection.read(
            ACCESS,
            "UPDATE consent SET ended_because = 'test' WHERE subject_id = $1 AND kind = 'show' RETURNING subject_id, kind",
            someone.subject_id,
        )
    async with platform.database.connection() as connection:
        logged = await connection.impersonal("the test counts", "SELECT 1 FROM access_entry WHERE actor = 'test'")
    assert len(logged) == 1
