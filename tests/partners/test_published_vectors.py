"""The vectors we publish hold for our own code, and are those that their script writes."""

import json
from typing import Any

import pytest

from partners.codes import ic1
from partners.codes.ic1 import Code, Scene, Ticket
from tests.vectors import make_ic1

VECTORS: dict[str, Any] = json.loads(make_ic1.PATH.read_text(encoding="ascii"))
SLOT_KEYS = {int(slot): bytes.fromhex(key) for slot, key in VECTORS["slot_keys"].items()}


def named(group: str) -> pytest.MarkDecorator:
    """The cases of a group under their names."""
    return pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in VECTORS[group]])


def test_the_file_is_what_its_script_writes() -> None:
    assert make_ic1.PATH.read_text(encoding="ascii") == make_ic1.document()


@named("shown")
def test_a_phone_shows_this(case: dict[str, Any]) -> None:
    ticket_id, slot = bytes.fromhex(case["ticket_id"]), case["slot"]
    ticket = Ticket(ticket_id, ic1.ticket_key(SLOT_KEYS[slot], ticket_id), slot)
    assert ticket.key.hex() == case["ticket_key"]
    assert ic1.encode(ticket, Scene(case["scene"]), case["unix_seconds"]) == case["text"]
    assert ic1.digits(ticket, case["unix_seconds"]) == case["digits"]


@named("scanned")
def test_a_scanned_text_is_judged_so_at_each_stage(case: dict[str, Any]) -> None:
    code = ic1.parse(case["text"])
    slot_key = SLOT_KEYS.get(code.slot) if code is not None else None
    known = None if code is None else slot_key is not None
    genuine = ic1.is_genuine(code, slot_key) if code is not None and slot_key is not None else None
    fresh = ic1.is_fresh(code.step, case["server_time"]) if code is not None and genuine else None
    assert (code is not None, known, genuine, fresh) == (
        case["well_formed"], case["key_known"], case["mac_valid"], case["fresh"],
    )  # fmt: skip
    verdict = ic1.read(case["text"], SLOT_KEYS.get, case["server_time"])
    assert ("accepted" if isinstance(verdict, Code) else verdict.value) == case["result"]


@named("typed")
def test_typed_digits_are_judged_so(case: dict[str, Any]) -> None:
    ticket = VECTORS["typed_ticket"]
    typed = ic1.parse_digits(case["digits"])
    assert (typed is not None) == case["well_formed"]
    if typed is None:
        assert case["result"] == "code-malformed"
        return
    assert typed.handle == ticket["handle"]
    key = ic1.ticket_key(SLOT_KEYS[ticket["slot"]], bytes.fromhex(ticket["ticket_id"]))
    accepted = ic1.digit_step(typed, key, case["server_time"]) is not None
    assert ("accepted" if accepted else "code-unusable") == case["result"]


def test_one_changed_character_is_judged_as_published() -> None:
    published = VECTORS["mutated"]
    text = published["text"]
    found: dict[str, list[int]] = {}
    for position, other in enumerate(published["replaced_by"]):
        changed = text[:position] + other + text[position + 1 :]
        verdict = ic1.read(changed, SLOT_KEYS.get, published["server_time"])
        found.setdefault("accepted" if isinstance(verdict, Code) else verdict.value, []).append(position)
    assert found == published["positions"]
    assert sum(map(len, found.values())) == len(text)
