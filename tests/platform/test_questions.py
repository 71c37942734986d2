"""Questions of several rooms go to the database together; what is read of a person leaves its row."""

from uuid import UUID, uuid4

import msgspec
import pytest

from backend.platform.access import AccessContextMissing, Ground
from backend.platform.callers import system_access
from backend.platform.platform import Platform
from backend.platform.questions import Question
from tests.builders.people import PersonBuilder

ACCESS = system_access("test", "测试读取", "测试", Ground.LEGAL_DUTY, "consents")


def kinds(subject_ids: list[UUID]) -> Question[dict[int, set[str]]]:
    """The kinds of consent of each of these subjects, by its place."""

    def read(rows: list[dict[str, object]]) -> dict[int, set[str]]:
        found: dict[int, set[str]] = {}
        for row in rows:
            found.setdefault(int(str(row["number"])), set()).add(str(row["kind"]))
        return found

    return Question.logged(
        read,
        ("number", "subject_id", "kind"),
        "SELECT asked.number, consent.subject_id, consent.kind FROM unnest($1::uuid[]) WITH ORDINALITY "
        "AS asked(subject_id, number) JOIN consent ON consent.subject_id = asked.subject_id",
        subject_ids,
    )


async def test_two_questions_and_their_arguments_do_not_mix(platform: Platform) -> None:
    first = Question.open(lambda rows: rows, ("a", "b"), "SELECT $1::text AS a, $2::integer AS b", "one", 1)
    second = Question.open(
        lambda rows: rows, ("c",), "SELECT n FROM generate_series($1::integer, $2::integer) AS n", 3, 5
    )
    nothing = Question.open(lambda rows: len(rows), ("d",), "SELECT 1 WHERE $1::boolean", False)
    async with platform.database.connection() as connection:
        found = await connection.ask(first, second, nothing)
    assert found[first] == [{"a": "one", "b": 1}]
    assert [row["c"] for row in found[second]] == [3, 4, 5]
    assert found[nothing] == 0


async def test_each_person_reads_of_the_caller_that_asked_for_them_alone(
    platform: Platform, person: PersonBuilder
) -> None:
    first, second = await person(), await person(name="李四")
    accesses = [msgspec.structs.replace(ACCESS, actor=f"test-{number}") for number in (1, 2, 3)]
    asked = kinds([first.subject_id, second.subject_id, uuid4()])
    async with platform.database.connection() as connection:
        found = await connection.ask(asked, accesses=accesses)
        logged = await connection.impersonal(
            "the test looks", "SELECT subject_id, actor, fields FROM access_entry WHERE actor LIKE 'test-%'"
        )
    assert found[asked] == {1: {"compute", "show"}, 2: {"compute", "show"}}
    assert {(row["subject_id"], row["actor"], tuple(row["fields"])) for row in logged} == {
        (first.subject_id, "test-1", ("consents",)),
        (second.subject_id, "test-2", ("consents",)),
    }
    assert len(logged) == 2


async def test_a_person_is_not_read_without_a_context(platform: Platform) -> None:
    openly = Question.open(lambda rows: rows, ("kind",), "SELECT kind FROM consent")
    async with platform.database.connection() as connection:
        for question in (openly, kinds([uuid4()])):
            with pytest.raises(AccessContextMissing):
                await connection.ask(question)
    with pytest.raises(ValueError, match="reason"):
        Question.impersonal("", lambda rows: rows, ("kind",), "SELECT kind FROM consent")


async def test_an_act_that_fails_after_asking_leaves_failed_attempts_unless_it_is_done_again(
    platform: Platform, person: PersonBuilder
) -> None:
    someone = await person()
    for tentative in (True, False):
        with pytest.raises(RuntimeError):  # noqa: PT012 the failure is what is tested
            async with platform.database.transaction(tentative=tentative) as connection:
                await connection.ask(kinds([someone.subject_id]), accesses=[ACCESS])
                raise RuntimeError("the act fails")
    async with platform.database.connection() as connection:
        logged = await connection.impersonal(
            "the test looks", "SELECT subject_id, outcome FROM access_entry WHERE actor = 'test'"
        )
    assert [(row["subject_id"], row["outcome"]) for row in logged] == [(someone.subject_id, "failed")]
