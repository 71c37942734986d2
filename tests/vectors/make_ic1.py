"""Writes partners/vectors/ic1.json: codes that are accepted and codes that are not, with what each stage must say.

    python -m tests.vectors.make_ic1

Computed from the specification (docs/protocol.md, section 1) with hmac and the base45 package alone, not with partners/:
so the vectors check our implementation like anybody else's.
"""

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import base45

PATH = Path(__file__).parents[2] / "partners" / "vectors" / "ic1.json"
SLOT_KEYS = {3: bytes(range(32)), 15: bytes(range(255, 223, -1))}
TICKET = bytes.fromhex("00010203040506070809")
NOW = 1_790_000_010


def ticket_key(slot: int, ticket_id: bytes) -> bytes:
    """k."""
    return hmac.digest(SLOT_KEYS[slot], b"ic1-ticket" + ticket_id, hashlib.sha256)


def packed(
    slot: int, ticket_id: bytes, scene: int, step: int, *, code_type: int = 1, key: bytes | None = None
) -> bytes:
    """The 26 bytes of a code."""
    signed = bytes([code_type << 4 | slot]) + ticket_id + bytes([scene]) + step.to_bytes(4, "big")
    return signed + hmac.digest(key or ticket_key(slot, ticket_id), signed, hashlib.sha256)[:10]


def text_of(data: bytes) -> str:
    """The text in the QR."""
    return f"IC1:{base45.b45encode(data).decode()}"


def digits_of(slot: int, ticket_id: bytes, step: int) -> str:
    """The 20 digits of the same ticket."""
    handle = int.from_bytes(ticket_id[:5], "big") % 10**12
    moving = hmac.digest(ticket_key(slot, ticket_id), b"ic1-digits" + step.to_bytes(4, "big"), hashlib.sha256)[:8]
    return with_check_digit(f"{handle:012d}{int.from_bytes(moving, 'big') % 10**7:07d}")


def with_check_digit(body: str) -> str:
    """Luhn (ISO/IEC 7812-1, annex B)."""
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(body))]
    return f"{body}{-sum(value // 10 + value % 10 for value in doubled) % 10}"


def shown() -> list[dict[str, Any]]:
    """What a phone shows: ticket, scene and instant in; text and digits out."""
    cases = []
    for name, slot, ticket_id, scene, seconds in (
        ("a code for the library", 3, TICKET, 6, NOW),
        ("the same ticket one step later", 3, TICKET, 6, NOW + 30),
        ("the same ticket for any scene", 3, TICKET, 0, NOW),
        ("another slot", 15, TICKET, 8, NOW),
        ("all bits set", 15, b"\xff" * 10, 1, NOW),
        ("all bits zero, at step 1", 3, bytes(10), 0, 30),
    ):
        data = packed(slot, ticket_id, scene, seconds // 30)
        cases.append(
            {
                "name": name,
                "slot": slot,
                "ticket_id": ticket_id.hex(),
                "ticket_key": ticket_key(slot, ticket_id).hex(),
                "scene": scene,
                "unix_seconds": seconds,
                "step": seconds // 30,
                "bytes": data.hex(),
                "text": text_of(data),
                "digits": digits_of(slot, ticket_id, seconds // 30),
            }
        )
    return cases


def scanned() -> list[dict[str, Any]]:
    """What a scanner reads, and what each stage says: form, then key, then MAC, then time; null is a stage not reached."""
    good, step = packed(3, TICKET, 6, NOW // 30), NOW // 30
    text = text_of(good)
    bad_form: list[Any] = [False, None, None, None, "code-malformed"]
    bad_mac: list[Any] = [True, True, False, None, "code-unusable"]
    fine: list[Any] = [True, True, True, True, "accepted"]
    late: list[Any] = [True, True, True, False, "code-stale"]
    flipped_mac = good[:-1] + bytes([good[-1] ^ 1])
    cases = [
        ("now", text, NOW, fine),
        ("at the first second of its step", text, step * 30, fine),
        ("the phone is one step ahead", text, step * 30 - 1, fine),
        ("the last second of the step after", text, step * 30 + 59, fine),
        ("two steps old", text, step * 30 + 60, late),
        ("two steps ahead", text, step * 30 - 31, late),
        ("a year old", text, NOW + 31_536_000, late),
        ("one bit of the MAC changed", text_of(flipped_mac), NOW, bad_mac),
        ("one bit of the MAC changed, and old", text_of(flipped_mac), NOW + 3600, bad_mac),
        ("the scene changed", text_of(good[:11] + b"\x01" + good[12:]), NOW, bad_mac),
        ("the step moved on", text_of(good[:12] + (step + 2).to_bytes(4, "big") + good[16:]), NOW + 60, bad_mac),
        ("another ticket under this MAC", text_of(good[:1] + b"\x01" + good[2:]), NOW, bad_mac),
        ("the slot changed to another that exists", text_of(b"\x1f" + good[1:]), NOW, bad_mac),
        ("signed with the slot key instead of k", text_of(packed(3, TICKET, 6, step, key=SLOT_KEYS[3])), NOW, bad_mac),
        ("a slot without a key", text_of(b"\x14" + good[1:]), NOW, [True, False, None, None, "code-unusable"]),
        ("another type", text_of(packed(3, TICKET, 6, step, code_type=3)), NOW, bad_form),
        ("a scene that does not exist", text_of(packed(3, TICKET, 200, step)), NOW, bad_form),
        ("one byte short", text_of(good[:-1]), NOW, bad_form),
        ("one byte more", text_of(good + b"\x00"), NOW, bad_form),
        ("a line break after it", text + "\n", NOW, bad_form),
        ("a blank before it", " " + text, NOW, bad_form),
        ("small letters", text.lower(), NOW, bad_form),
        ("the prefix of another code", "IC3:" + text[4:], NOW, bad_form),
        ("no prefix", text[4:], NOW, bad_form),
        ("twice", text + text, NOW, bad_form),
        ("a group above FFFF", text[:4] + ":::" + text[7:], NOW, bad_form),
        ("full-width letters", text[:-1] + "\uff21", NOW, bad_form),
        ("an address", "https://example.org/?c=" + text, NOW, bad_form),
        ("nothing", "", NOW, bad_form),
        ("513 characters", "IC1:" + "0" * 509, NOW, bad_form),
    ]
    names = ("well_formed", "key_known", "mac_valid", "fresh", "result")
    return [
        {"name": name, "text": given, "server_time": at, **dict(zip(names, says, strict=True))}
        for name, given, at, says in cases
    ]


def typed() -> list[dict[str, Any]]:
    """What is typed for the first ticket, and what the server says; a wrong moving part and a late one look the same."""
    good, step = digits_of(3, TICKET, NOW // 30), NOW // 30
    wrong = with_check_digit(good[:-2] + str((int(good[-2]) + 1) % 10))
    cases = [
        ("now", good, NOW, True, "accepted"),
        ("with blanks and hyphens", f"{good[:4]} {good[4:8]}-{good[8:]}", NOW, True, "accepted"),
        ("one step after", good, step * 30 + 59, True, "accepted"),
        ("two steps after", good, step * 30 + 60, True, "code-unusable"),
        ("the moving part wrong", wrong, NOW, True, "code-unusable"),
        ("the check digit wrong", good[:-1] + str((int(good[-1]) + 1) % 10), NOW, False, "code-malformed"),
        ("two digits swapped", good[:18] + good[19] + good[18], NOW, False, "code-malformed"),
        ("19 digits", good[:-1], NOW, False, "code-malformed"),
        ("21 digits", good + "0", NOW, False, "code-malformed"),
        ("Arabic-Indic digits", good.translate({48 + value: 0x660 + value for value in range(10)}), NOW, False,
         "code-malformed"),
    ]  # fmt: skip
    names = ("name", "digits", "server_time", "well_formed", "result")
    return [dict(zip(names, case, strict=True)) for case in cases]


def mutated() -> dict[str, Any]:
    """One character changed: the one at each position to that of `replaced_by`; the positions by result."""
    text = text_of(packed(3, TICKET, 6, NOW // 30))
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
    others = "".join(alphabet[(alphabet.index(character) + 1) % 45] for character in text)
    positions: dict[str, list[int]] = {}
    for position, other in enumerate(others):
        result = _unsigned(text[:position] + other + text[position + 1 :])
        positions.setdefault(result, []).append(position)
    return {"text": text, "server_time": NOW, "replaced_by": others, "positions": positions}


def _unsigned(text: str) -> str:
    """What is said of a code with a wrong MAC."""
    try:
        data = base45.b45decode(text.removeprefix("IC1:"))
    except ValueError:
        return "code-malformed"
    well_formed = text.startswith("IC1:") and len(data) == 26 and data[0] >> 4 == 1 and data[11] <= 8
    return "code-unusable" if well_formed else "code-malformed"


def document() -> str:
    """The whole file."""
    whole = {
        "about": "IC1 test vectors. shown: what a phone shows. scanned, typed: what a server says. mutated: one character "
        "changed. Bytes are hexadecimal, times are Unix seconds; keys are for testing only. Stages in order; null is a stage "
        "that is not reached.",
        "slot_keys": {str(slot): key.hex() for slot, key in SLOT_KEYS.items()},
        "typed_ticket": {"slot": 3, "ticket_id": TICKET.hex(), "handle": digits_of(3, TICKET, 1)[:12]},
        "shown": shown(),
        "scanned": scanned(),
        "typed": typed(),
        "mutated": mutated(),
    }
    return json.dumps(whole, ensure_ascii=True, indent=1) + "\n"


if __name__ == "__main__":
    PATH.write_text(document(), encoding="ascii")
