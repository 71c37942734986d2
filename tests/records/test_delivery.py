"""A source delivers, signed; rows are accepted or returned; delivering again changes nothing."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from backend.platform.refusal import Refusal
from backend.records import intake
from tests.builders.people import PersonBuilder
from tests.builders.signed import SignedCaller, new_signing_key, signed
from tests.builders.sources import add_source, penalty, volunteering
from tests.conftest import RunDue

PATH = "/v1/source/deliveries"


@pytest.fixture
async def source(client: httpx2.AsyncClient, clock: SettableClock, platform: Platform) -> SignedCaller:
    """A source that may deliver every item."""
    _, key = await add_source(platform)
    return SignedCaller(client, clock, key)


async def deliver(source: SignedCaller, *rows: Any, reference: str = "d-1") -> dict[str, Any]:
    """Delivers rows and gives the answer."""
    answer = await source("POST", PATH, {"delivery_ref": reference, "rows": list(rows)})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def counts(out: dict[str, Any]) -> dict[str, int]:
    """The counts that are not zero."""
    names = ("accepted", "replaced", "unchanged", "stale", "returned")
    return {name: out[name] for name in names if out[name]}


async def test_good_rows_are_accepted_and_bad_ones_returned_with_every_reason(
    source: SignedCaller, person: PersonBuilder
) -> None:
    someone = await person()
    bad = volunteering(someone, "ZY-2")
    bad["fields"]["ZY_XDR_ZJHM"] = "000000199001010019"
    bad["fields"]["ZY_SC"] = "many"
    out = await deliver(source, volunteering(someone), bad, "not a row", {"item": "gossip", "fields": {}})
    assert counts(out) == {"accepted": 1, "returned": 3}
    assert [row["row"] for row in out["returned_rows"]] == [2, 3, 4]
    assert {reason["field"] for reason in out["returned_rows"][0]["reasons"]} == {"ZY_XDR_ZJHM", "ZY_SC"}
    again = (await source("GET", f"{PATH}/{out['id']}")).json()
    assert again["returned_rows"] == out["returned_rows"]


async def test_delivering_again_changes_nothing(source: SignedCaller, person: PersonBuilder) -> None:
    someone = await person()
    rows = [volunteering(someone, f"ZY-{number}") for number in range(5)]
    await deliver(source, *rows)
    assert counts(await deliver(source, *rows)) == {"unchanged": 5}


async def test_a_later_version_replaces_and_an_earlier_one_is_stale(
    source: SignedCaller, person: PersonBuilder, client: httpx2.AsyncClient, platform: Platform
) -> None:
    someone = await person()
    await deliver(source, volunteering(someone, hours="10", sequence=1))
    assert counts(await deliver(source, volunteering(someone, hours="60", sequence=2))) == {"replaced": 1}
    assert counts(await deliver(source, volunteering(someone, hours="10", sequence=1))) == {"stale": 1}
    [record] = (await client.get("/v1/me/records", headers=someone.headers)).json()["records"]
    assert record["amount"] == 60
    async with platform.database.connection() as connection:
        versions = await connection.impersonal("the test counts", "SELECT sequence, because FROM record_version")
    assert [(row["sequence"], row["because"]) for row in versions] == [(1, "delivered")]


async def test_a_document_that_names_another_subject_later_is_returned(
    source: SignedCaller, person: PersonBuilder
) -> None:
    first, second = await person(), await person(name="李四")
    await deliver(source, volunteering(first))
    out = await deliver(source, volunteering(second, sequence=5))
    assert out["returned_rows"][0]["reasons"][0]["code"] == "subject-changed"


async def test_a_source_delivers_only_the_items_it_was_granted(
    client: httpx2.AsyncClient, clock: SettableClock, platform: Platform, person: PersonBuilder
) -> None:
    someone = await person()
    _, key = await add_source(platform, "charity", ["donation"])
    out = await deliver(SignedCaller(client, clock, key), volunteering(someone))
    assert out["returned_rows"][0]["reasons"][0]["code"] == "item-not-granted"


async def test_a_penalty_by_simple_procedure_is_never_taken_in(source: SignedCaller, person: PersonBuilder) -> None:
    row = penalty(await person())
    row["fields"]["CF_NR"] = "当场处罚，处以罚款"
    out = await deliver(source, row)
    assert "simple-procedure" in {reason["code"] for reason in out["returned_rows"][0]["reasons"]}


async def test_nothing_personal_stands_readable_in_the_tables(
    source: SignedCaller, person: PersonBuilder, platform: Platform
) -> None:
    someone = await person(name="欧阳小明")
    bad = volunteering(someone, "ZY-2", hours="x")
    await deliver(source, volunteering(someone), bad)
    async with platform.database.connection() as connection:
        for table in ("record", "returned_row", "delivery", "subject"):
            rows = await connection.impersonal("the test looks for secrets", f"SELECT * FROM {table}")
            text = b"".join(v if isinstance(v, bytes) else str(v).encode() for row in rows for v in row.values())
            assert someone.identity_number.encode() not in text
            assert someone.name.encode() not in text


async def test_ten_thousand_rows_in_one_request_and_not_one_more(source: SignedCaller, person: PersonBuilder) -> None:
    someone = await person()
    rows = [volunteering(someone, f"ZY-{number}") for number in range(10_000)]
    assert counts(await deliver(source, *rows)) == {"accepted": 10_000}
    answer = await source("POST", PATH, {"delivery_ref": "d", "rows": [1] * 10_001})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "rows")


@pytest.mark.parametrize(
    ("body", "field"),
    [({"rows": [1]}, "delivery_ref"), ({"delivery_ref": "d", "rows": []}, "rows"), ({"delivery_ref": "d\u0000", "rows": [1]}, "delivery_ref"),
     ({"delivery_ref": "d", "rows": [1], "extra": 1}, "extra"), ([], "body")],
)  # fmt: skip
async def test_a_malformed_delivery_names_the_field(source: SignedCaller, body: Any, field: str) -> None:
    answer = await source("POST", PATH, body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] in {field, "data"}


async def test_an_unsigned_altered_replayed_or_late_request_is_refused_with_its_own_code(
    source: SignedCaller, client: httpx2.AsyncClient, clock: SettableClock, person: PersonBuilder
) -> None:
    someone = await person()
    body = {"delivery_ref": "d", "rows": [volunteering(someone)]}
    unsigned = await client.post(PATH, json=body)
    assert (unsigned.status_code, unsigned.json()["code"]) == (401, "signature-missing")
    stranger = await signed(client, clock, new_signing_key(), "POST", PATH, body)
    assert (stranger.status_code, stranger.json()["code"]) == (401, "key-unknown")
    first = await source("POST", PATH, body)
    assert first.status_code == 201
    sent = {name: value for name, value in first.request.headers.items() if name not in {"host", "content-length"}}
    content = first.request.content
    replayed = await client.post(PATH, content=content, headers=sent)
    assert (replayed.status_code, replayed.json()["code"]) == (401, "nonce-replayed")
    altered = await client.post(PATH, content=content.replace(b"25", b"99"), headers=sent)
    assert (altered.status_code, altered.json()["code"]) == (401, "signature-invalid")
    clock.move(timedelta(seconds=61))
    late = await client.post(PATH, content=content, headers=sent)
    assert (late.status_code, late.json()["code"]) == (401, "signature-stale")


async def test_refusals_are_signed_too(client: httpx2.AsyncClient) -> None:
    answer = await client.post(PATH, json={})
    assert "signature" in answer.headers
    assert "content-digest" in answer.headers


async def test_another_sources_delivery_is_not_found(
    source: SignedCaller, client: httpx2.AsyncClient, clock: SettableClock, platform: Platform, person: PersonBuilder
) -> None:
    out = await deliver(source, volunteering(await person()))
    _, key = await add_source(platform, "charity")
    answer = await SignedCaller(client, clock, key)("GET", f"{PATH}/{out['id']}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


async def test_a_file_streams_in_and_names_the_lines_that_went_back(
    platform: Platform, person: PersonBuilder, tmp_path: Path
) -> None:
    someone = await person()
    await add_source(platform)
    file = tmp_path / "rows.jsonl"
    lines = [json.dumps(volunteering(someone, f"ZY-{number}"), ensure_ascii=False) for number in range(50)]
    file.write_text("\n".join([*lines, "{broken", json.dumps({"item": "unknown", "fields": {}})]) + "\n")
    done: list[int] = []
    summary = await intake.intake_file(platform, file, "civil-affairs", done.append)
    assert (summary.rows, summary.accepted, summary.returned, sum(done)) == (52, 50, 2, 52)
    with pytest.raises(Refusal, match="civil-affairs"):
        await intake.intake_file(platform, file, "nobody", done.append)


async def test_a_record_is_archived_on_its_day_by_the_due_queue(
    source: SignedCaller, person: PersonBuilder, client: httpx2.AsyncClient, clock: SettableClock, run_due: RunDue
) -> None:
    someone = await person()
    await deliver(source, volunteering(someone))
    [record] = (await client.get("/v1/me/records", headers=someone.headers)).json()["records"]
    from datetime import date

    clock.move(timedelta(days=(date.fromisoformat(record["retained_until"]) - date(2026, 11, 23)).days))
    await run_due()
    await person.sign_in(someone)
    [record] = (await client.get("/v1/me/records", headers=someone.headers)).json()["records"]
    assert record["state"] == "archived"
