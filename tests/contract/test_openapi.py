"""The published contract: in step with the code, valid, and complete enough to work from."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis

from backend.commands.openapi import documents
from backend.platform import problems
from tests.builders.server import REPOSITORY

CONTRACT: dict[str, Any] = json.loads((REPOSITORY / "openapi" / "xinyi.json").read_bytes())
DOCUMENTS = documents()
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, methods in CONTRACT["paths"].items()
    for method, operation in methods.items()
}
HAN = range(0x4E00, 0xA000)


def has_chinese(text: str) -> bool:
    """Whether there is a Chinese character in it."""
    return any(ord(letter) in HAN for letter in text)


def bilingual(text: str) -> bool:
    """Whether there is something to read in Chinese and in English."""
    return has_chinese(text) and any(letter.isascii() and letter.isalpha() for letter in text)


def contents(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every body of an operation that is JSON and no problem: where it stands, and its media type object."""
    bodies = [("request", operation.get("requestBody", {}))]
    bodies += [(status, body) for status, body in operation["responses"].items() if status.startswith("2")]
    for where, body in bodies:
        if "application/json" in body.get("content", {}):
            yield where, body["content"]["application/json"]


@pytest.mark.parametrize("path", DOCUMENTS, ids=str)
def test_what_is_committed_follows_from_the_code(path: Path) -> None:
    # Compared before it is asserted: a megabyte of differences explains nothing.
    in_step = (REPOSITORY / path).read_bytes() == DOCUMENTS[path]
    assert in_step, "run `python3 dev.py openapi`"


def test_it_is_openapi_3_1_with_unique_operations() -> None:
    assert CONTRACT["openapi"].startswith("3.1")
    schemathesis.openapi.from_dict(copy.deepcopy(CONTRACT)).validate()
    identifiers = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(identifiers)) == len(identifiers)


@pytest.mark.parametrize("name", sorted(CONTRACT["components"]["schemas"]))
def test_every_schema_is_valid(name: str) -> None:
    jsonschema_rs.meta.validate(CONTRACT["components"]["schemas"][name])


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_explains_itself(name: str) -> None:
    operation = OPERATIONS[name]
    assert bilingual(operation["summary"]), operation["summary"]
    assert bilingual(operation["description"]), operation["description"]
    assert all(
        bilingual(parameter.get("description", ""))
        for parameter in operation.get("parameters", ())
        if parameter["in"] != "path"
    )
    refusals = {status for status in operation["responses"] if status >= "400"}
    assert {"400", "503"} <= refusals
    for status in refusals:
        body = operation["responses"][status]
        assert list(body["content"]) == [problems.MEDIA_TYPE]
        assert "`" in body["description"], f"{status} names no problem code"


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_example_fits_its_schema(name: str) -> None:
    for where, content in contents(OPERATIONS[name]):
        assert "example" in content, f"no example of the {where}"
        schema = {**content["schema"], "components": CONTRACT["components"]}
        jsonschema_rs.validator_for(schema, validate_formats=True).validate(content["example"])


def test_only_these_operations_are_open_to_everybody() -> None:
    public = {name for name, operation in OPERATIONS.items() if not operation.get("security")}
    assert public == {
        "GET /.well-known/jwks.json",
        "GET /livez",
        "GET /sandbox/.well-known/jwks.json",
        "GET /sandbox/v1/personas",
        "GET /metrics",
        "GET /readyz",
        "GET /v1/alliance",
        "GET /v1/benefits",
        "GET /v1/benefits/{benefit_id}",
        "GET /v1/catalogue",
        "GET /v1/commitments",
        "GET /v1/consent-texts",
        "GET /v1/counter-codes/{token}",
        "GET /v1/display-sectors",
        "GET /v1/partner-keys/{key_id}",
        "GET /v1/partners",
        "GET /v1/problems",
        "GET /v1/promises",
        "GET /v1/promises/{partner_id}",
        "GET /v1/loss-rules",
        "GET /v1/public/display-codes/{token}",
        "GET /v1/review-rules",
        "GET /v1/rule-sets",
        "GET /v1/rule-set-schema",
        "GET /v1/rule-sets/{identifier}",
        "GET /v1/rule-sets/{identifier}/versions",
        "GET /v1/rule-sets/{identifier}/versions/{version}/source",
        "GET /v1/savings",
        "GET /v1/sources",
        "GET /v1/status-lists/{list_name}",
        "GET /v1/subsidy-plans",
        "POST /v1/sign-in",
        "POST /v1/sign-in/codes",
        "POST /v1/sign-in/refresh",
    }


@pytest.mark.parametrize("code", sorted(problems.ALL))
def test_every_problem_says_what_was_wrong_and_what_to_do_in_both_languages(code: str) -> None:
    kind = problems.ALL[code]
    for chinese, english in ((kind.title, kind.title_en), (kind.detail, kind.detail_en)):
        assert len(chinese) > 3
        assert has_chinese(chinese), chinese
        assert len(english) > 3
        assert not has_chinese(english.replace("桃花分", "")), english
