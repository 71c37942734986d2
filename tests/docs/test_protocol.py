"""docs/protocol.md says what the platform does: whoever builds from the page alone gets the same bytes."""

import base64
import hashlib
import hmac
import json
import re
from datetime import date
from typing import Any

import base45
import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backend.deposits.messages import OrderForPartner
from backend.ledger.messages import StatementSummary
from backend.market.messages import (
    RedemptionAnswer,
    RedemptionHistory,
    ReservationAnswer,
    ReversalAnswer,
    VerificationAnswerNow,
)
from backend.passes.messages import Settlement, UploadAnswer
from backend.platform import problems
from backend.platform.clock import Clock
from backend.platform.platform import Platform
from backend.webhooks.sending import Outcome
from backend.webhooks.states import PAUSES, EventType
from partners.codes import display, ic3
from partners.codes.ic1 import Scene
from partners.signatures.suites import suite
from tests.builders.partners import current_code, make_partner, make_terms, publish
from tests.builders.people import PersonBuilder
from tests.docs.snippets import REPOSITORY
from tests.vectors import make_display, make_ic1

PAGE = (REPOSITORY / "docs" / "protocol.md").read_text(encoding="utf-8")
VECTORS: dict[str, Any] = json.loads(make_ic1.PATH.read_text(encoding="ascii"))
ANSWERS = {
    "verification": VerificationAnswerNow,
    "redemption": RedemptionAnswer,
    "reversal": ReversalAnswer,
    "reservation": ReservationAnswer,
    "history": RedemptionHistory,
    "order": OrderForPartner,
    "upload": UploadAnswer,
    "statement": StatementSummary,
}


def rows(first_cell: str) -> list[list[str]]:
    """The cells of the rows of tables whose first cell matches."""
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("|")
    ]
    return [row for row in cells if re.fullmatch(first_cell, row[0])]


def named(text: str) -> set[str]:
    """What stands in code type, without brackets."""
    return set(re.findall(r"`([a-z_]+)`", text))


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in VECTORS["shown"]])
def test_a_phone_built_from_the_page_shows_the_published_codes(case: dict[str, Any]) -> None:
    slot_key, ticket_id = bytes.fromhex(VECTORS["slot_keys"][str(case["slot"])]), bytes.fromhex(case["ticket_id"])
    key = hmac.digest(slot_key, b"ic1-ticket" + ticket_id, hashlib.sha256)
    step = (case["unix_seconds"] // 30).to_bytes(4, "big")
    signed = bytes([0x10 + case["slot"]]) + ticket_id + bytes([case["scene"]]) + step
    code = signed + hmac.digest(key, signed, hashlib.sha256)[:10]
    assert "IC1:" + base45.b45encode(code).decode() == case["text"]
    moving = int.from_bytes(hmac.digest(key, b"ic1-digits" + step, hashlib.sha256)[:8], "big") % 10**7
    body = f"{int.from_bytes(ticket_id[:5], 'big') % 10**12:012d}{moving:07d}"
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(body))]
    check = -sum(value // 10 + value % 10 for value in doubled) % 10
    assert f"{body}{check}" == case["digits"]


def test_the_page_names_every_scene() -> None:
    [line] = re.findall(r"^ +scene +(.*)$", PAGE, re.MULTILINE)
    assert {int(number): name for number, name in re.findall(r"(\d+) ([a-z]+)", line)} == {
        scene.value: scene.name.lower() for scene in Scene
    }


def test_the_page_accounts_for_every_byte_of_the_offline_code() -> None:
    table = [row for row in rows(r"\d+(–\d+)?") if len(row) == 4]
    ranges = [(int(row[0].split("–")[0]), int(row[0].split("–")[-1]), int(row[1])) for row in table]
    assert all(last - first + 1 == size for first, last, size in ranges)
    assert [first for first, _, _ in ranges] == [0, *(last + 1 for _, last, _ in ranges[:-1])]
    assert ranges[-1][1] + 1 == ic3.ATTESTATION_BYTES + ic3.PROOF_BYTES


def test_the_page_gives_the_outcomes_in_their_order() -> None:
    values = {outcome.value for outcome in ic3.Outcome}
    listed = [row[1].strip("`") for row in rows(r".*") if len(row) == 2 and row[1].strip("`") in values]
    assert listed == [*(outcome.value for outcome in ic3.Outcome if outcome is not ic3.Outcome.VALID), "valid"]


def test_the_page_explains_every_outcome_of_a_settlement() -> None:
    section = PAGE[PAGE.index("## 11 ") : PAGE.index("## 12 ")]
    listed = [
        name for cell in re.findall(r"^\| (`[a-z-]+`(?:, `[a-z-]+`)*) \|", section, re.M) for name in cell.split(", ")
    ]
    assert listed == [f"`{outcome.value}`" for outcome in Settlement]


def test_the_page_accounts_for_every_byte_of_the_display_code() -> None:
    [line] = [line for line in PAGE.splitlines() if line.startswith("code    type|slot 1 | kind 1")]
    sizes = [int(size) for size in re.findall(r" (\d+)(?: \||  )", line)]
    assert sizes == [1, 1, 16, 2, 2, 4, 64]
    assert sum(sizes) * 4 == display.TOKEN_LENGTH * 3
    assert f"0 to {display.LONGEST_DAYS} days" in PAGE
    [kinds] = re.findall(r"^ +kind +(.*)$", PAGE, re.MULTILINE)
    assert {int(number): name for number, name in re.findall(r"(\d) ([a-z]+)", kinds)} == {
        kind.value: kind.name.lower() for kind in display.Kind
    }


def test_a_display_code_built_from_the_page_is_the_published_one() -> None:
    published = json.loads(make_display.PATH.read_text(encoding="ascii"))
    for case in published["issued"]:
        first, last = (
            (date.fromisoformat(case[day]) - date(1970, 1, 1)).days.to_bytes(2, "big")
            for day in ("issued_on", "valid_until")
        )
        said = bytes([0x40 + case["slot"], case["kind"]]) + bytes.fromhex(case["id"]) + first + last
        said += case["status_index"].to_bytes(4, "big")
        seed = bytes.fromhex(published["issuer_seeds"][str(case["slot"])])
        signature = Ed25519PrivateKey.from_private_bytes(seed).sign(b"ic4d" + said)
        assert base64.urlsafe_b64encode(said + signature).decode() == case["token"]


def test_the_page_gives_the_refusals_of_a_display_code_in_their_order() -> None:
    section = PAGE[PAGE.index("## 13 ") :]
    listed = re.findall(r"^\| \d \|.*\| `([a-z-]+)` \|$", section, re.M)
    assert listed == [refusal.value for refusal in display.Refusal]


def test_the_page_names_the_algorithms_of_a_suite() -> None:
    [[_, issuer, holder, *_]] = rows(r"`intl`")
    assert f"`{suite('intl').issuer.name}`" in issuer
    assert f"`{suite('intl').holder.name}`" in holder


def test_the_page_names_every_event_outcome_and_pause_of_webhooks() -> None:
    section = PAGE[PAGE.index("## 13 ") :]
    assert re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \|", section, re.M) == [kind.value for kind in EventType]
    assert {outcome.value for outcome in Outcome} <= set(re.findall(r"`([a-z-]+)`", section))
    [pauses] = re.findall(r"after (5 s, [0-9a-z, ]+), each", section)
    seconds = {"s": 1, "min": 60, "h": 3600}
    told = [int(number) * seconds[unit] for number, unit in re.findall(r"(\d+) (s|min|h)", pauses)]
    assert told == [pause.total_seconds() for pause in PAUSES]


async def test_the_page_lists_every_operation_of_a_partner(client: httpx2.AsyncClient) -> None:
    contract = (await client.get("/openapi.json")).json()
    offered = {
        (method.upper(), re.sub(r"\{[a-z_]+\}", "{id}", path))
        for path, methods in contract["paths"].items()
        for method in methods
        if path.startswith("/v1/partner/")
    }
    listed = set()
    for cell in (row[0] for row in rows(r"`(?:POST|GET|DELETE) /v1/partner/.*")):
        method, path = re.findall(r"`(POST|GET|DELETE) ([^`?]+)", cell)[0]
        listed.add((method, path))
        for more in re.findall(r"`…(/[a-z]+)`", cell):
            listed.add((method, f"{path.rpartition('/')[0]}{more}"))
    listed = {(method, path.replace("…", "/v1/partner/orders/{id}")) for method, path in listed}
    assert listed == offered


@pytest.mark.parametrize("name", ANSWERS)
def test_the_page_names_every_member_of_an_answer(name: str) -> None:
    [[_, members]] = rows(rf"{name} \S+")
    said = re.sub(r"; states .*|\{.*?\}", "", members)
    states = {"answered", "reserved", "redeemed", "lapsed"} if name == "verification" else set()
    assert named(said) - states == set(ANSWERS[name].__struct_fields__)


def test_the_page_gives_every_problem_its_status() -> None:
    listed = {
        code: [int(status) for status in row[0].split(", ")]
        for row in rows(r"[45]\d\d(, [45]\d\d)?")
        for code in re.findall(r"`([a-z-]+)`", row[1])
    }
    assert "code-stale" in listed
    assert {code: problems.ALL[code].status in statuses for code, statuses in listed.items()} == dict.fromkeys(
        listed, True
    )


async def test_receipts_carry_the_claims_that_the_page_names(
    client: httpx2.AsyncClient, platform: Platform, clock: Clock, person: PersonBuilder
) -> None:
    await publish(platform, make_terms("reading-discount", cap_fen=3000))
    partner = await make_partner(client, platform, clock, "reading-discount")
    code = (await current_code(client, (await person()).headers))["text"]
    body = {"code": code, "benefit": "reading-discount", "terminal": "till-1", "partner_ref": "visit-1"}
    verified = (await partner.post("/v1/partner/verifications", body)).json()
    acts = [("/v1/partner/verifications", body, verified)]
    order = {"verification_id": verified["verification_id"], "partner_ref": "order-1", "amount_fen": 300}
    redeemed = (await partner.post("/v1/partner/redemptions", order)).json()
    acts.append(("/v1/partner/redemptions", order, redeemed))
    path, refund = f"/v1/partner/redemptions/{redeemed['redemption_id']}/reversals", {"partner_ref": "refund-1"}
    acts.append((path, refund, (await partner.post(path, refund)).json()))
    for (target, sent, answer), row in zip(acts, rows(r"`xinyi-.*"), strict=True):
        header, claims = (json.loads(_decoded(part)) for part in answer["receipt"].split(".")[:2])
        assert set(header) == {"alg", "kid", "typ"}
        assert f"`{header['typ']}`" in row[0]
        assert set(claims) == named(row[1])
        assert claims["aud"] == str(partner.partner_id)
        request = f"POST {target}\n{json.dumps(sent, ensure_ascii=False)}".encode()
        assert _decoded(claims["request"]) == hashlib.sha256(request).digest()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
