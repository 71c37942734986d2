"""What the pages for residents and public bodies say exists, exists; their examples are taken."""

import json
import re
from datetime import date

import pytest

from backend.catalogue.catalogue import load_catalogue
from backend.objections.deadlines import terms_on
from backend.records.fields import FIELD_LISTS
from backend.records.reasons import REASON_CODES
from backend.records.validation import Accepted, Validator
from tests.docs.snippets import REPOSITORY, blocks

PAGES = {name: (REPOSITORY / "docs" / name).read_text(encoding="utf-8") for name in ("rights.md", "sources.md")}
CONTRACT = json.loads((REPOSITORY / "openapi" / "xinyi.json").read_bytes())


@pytest.mark.parametrize("name", PAGES)
def test_every_operation_on_a_page_exists(name: str) -> None:
    named = re.findall(r"`(GET|POST|PUT|DELETE) (/[^`\s]+)`", PAGES[name])
    assert named
    for method, path in named:
        assert method.lower() in CONTRACT["paths"].get(path, {}), f"{method} {path}"


def test_everything_a_resident_may_do_stands_on_the_page() -> None:
    mine = {path for path in CONTRACT["paths"] if path.startswith("/v1/me/")}
    technical = {
        "/v1/me/code-tickets",
        "/v1/me/code.png",
        "/v1/me/code.svg",
        "/v1/me/enterprises",
        "/v1/me/orders/{order_id}",
    }
    assert {path for path in mine - technical if path not in PAGES["rights.md"]} == set()


def test_the_terms_of_an_objection_are_those_of_the_law() -> None:
    terms = terms_on(date(2026, 11, 23))
    told = [int(number) for number in re.findall(r"^\| .* \| (\d+) \|$", PAGES["rights.md"], re.M)]
    assert told == [terms.mark, terms.decide, terms.decide_with_help]


def test_every_example_row_is_taken() -> None:
    validator = Validator(load_catalogue())
    rows = [json.loads(block.text) for block in blocks(REPOSITORY / "docs" / "sources.md", "json")]
    assert len(rows) >= 5
    for row in rows:
        answer = validator.validate_envelope(row, date(2026, 11, 23))
        assert isinstance(answer, Accepted), answer


def test_every_reason_and_every_column_is_listed() -> None:
    told = set(re.findall(r"^\| `([a-z-]+)` \|", PAGES["sources.md"], re.M)) - {"code"}
    assert told == REASON_CODES
    columns = {field.name for fields in FIELD_LISTS.values() for field in fields.fields}
    assert columns <= set(re.findall(r"`([A-Z]{2}_[A-Z_]+)`", PAGES["sources.md"]))
