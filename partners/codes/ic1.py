"""IC1, the online code: a one-time random ticket shown as a 30-second code under an HMAC (docs/protocol.md, section 1).

    IC1:base45( type and slot 1 | ticket id 10 | scene 1 | step 4 | mac 10 )

k = HMAC-SHA256(slot key, "ic1-ticket" | ticket id); mac = HMAC-SHA256(k, the 16 bytes before it)[:10]; step = Unix time / 30.
The issuer stores no secret for a ticket: k follows from the slot's key and the ticket id, so a phone may hold k and show
codes without a network, and learns nothing about any other ticket.
"""

import hashlib
import hmac
from collections.abc import Callable
from enum import StrEnum

import msgspec

from partners.codes import base45
from partners.codes.scenes import Scene as Scene

PREFIX = "IC1:"
STEP_SECONDS = 30
STEPS_ACCEPTED = 1
TICKET_BYTES = 10
MAXIMUM_INPUT = 512

_TYPE = 0x10
_BYTES = 26
_SIGNED = 16
_MAC_BYTES = 10
_TEXT_LENGTH = 43
_DIGITS = 20
_DIGIT_TICKET = 12
_DIGIT_MAC = 7


class Failure(StrEnum):
    """Why a scanned text is not accepted, as the code of the problem document."""

    MALFORMED = "code-malformed"
    UNUSABLE = "code-unusable"
    STALE = "code-stale"


class Ticket(msgspec.Struct, frozen=True):
    """What a phone holds: the ticket id (10 bytes), its key k (32 bytes) and the slot (0 to 15) of the issuer's key."""

    ticket_id: bytes
    key: bytes
    slot: int


class Code(msgspec.Struct, frozen=True):
    """A code that was read, not yet verified."""

    slot: int
    ticket_id: bytes
    scene: Scene
    step: int
    signed: bytes
    mac: bytes


class DigitCode(msgspec.Struct, frozen=True):
    """The same ticket typed on a keypad: its digit handle, and the moving part, not yet verified."""

    handle: str
    mac: str


def ticket_key(slot_key: bytes, ticket_id: bytes) -> bytes:
    """k, 32 bytes, from the slot's key and a ticket id of 10 random bytes."""
    return hmac.digest(slot_key, b"ic1-ticket" + ticket_id, hashlib.sha256)


def step_at(unix_seconds: int) -> int:
    """The 30-second step of an instant."""
    return unix_seconds // STEP_SECONDS


def encode(ticket: Ticket, scene: Scene, unix_seconds: int) -> str:
    """The text of the code at an instant: 43 characters, QR version 3."""
    signed = bytes([_TYPE | ticket.slot]) + ticket.ticket_id + bytes([scene]) + step_at(unix_seconds).to_bytes(4, "big")
    return PREFIX + base45.encode(signed + _mac(ticket.key, signed))


def parse(text: str) -> Code | None:
    """The code in a scanned text, or None if it is not one: foreign prefix, length, alphabet, not canonical, unknown
    type or scene. Of another length nothing is read; nothing in the text is ever followed or opened."""
    if len(text) != _TEXT_LENGTH or not text.startswith(PREFIX):
        return None
    body = text[len(PREFIX) :]
    try:
        data = base45.decode(body)
    except ValueError:
        return None
    if len(data) != _BYTES or base45.encode(data) != body or data[0] & 0xF0 != _TYPE or data[11] > max(Scene):
        return None
    return Code(
        slot=data[0] & 0x0F,
        ticket_id=data[1:11],
        scene=Scene(data[11]),
        step=int.from_bytes(data[12:16], "big"),
        signed=data[:_SIGNED],
        mac=data[_SIGNED:],
    )


def read(text: str, slot_keys: Callable[[int], bytes | None], unix_seconds: int) -> Code | Failure:
    """A scanned text checked in the order form, MAC, time; whether the ticket is live and the scene fits is the caller's.

    `slot_keys` gives the issuer's 32-byte key of a slot, or None. STALE is answered only once the MAC is ours: whoever
    forges a code learns nothing about the clock, and a holder whose code is late learns that it only needs a new one.
    """
    code = parse(text)
    if code is None:
        return Failure.MALFORMED
    slot_key = slot_keys(code.slot)
    if slot_key is None or not is_genuine(code, slot_key):
        return Failure.UNUSABLE
    return code if is_fresh(code.step, unix_seconds) else Failure.STALE


def is_genuine(code: Code, slot_key: bytes) -> bool:
    """Whether the MAC is ours; the time is not looked at."""
    return hmac.compare_digest(_mac(ticket_key(slot_key, code.ticket_id), code.signed), code.mac)


def is_fresh(step: int, unix_seconds: int) -> bool:
    """Whether a step is the present one, or the one before or after it: 30 s of skew always pass, 60 s never."""
    return abs(step - step_at(unix_seconds)) <= STEPS_ACCEPTED


def _mac(key: bytes, signed: bytes) -> bytes:
    return hmac.digest(key, signed, hashlib.sha256)[:_MAC_BYTES]


def digit_handle(ticket_id: bytes) -> str:
    """The 12 digits by which a ticket is found when it is typed: its first 5 bytes in decimal, which the issuer keeps
    unique among live tickets."""
    return f"{int.from_bytes(ticket_id[:5], 'big') % 10**_DIGIT_TICKET:0{_DIGIT_TICKET}d}"


def digits(ticket: Ticket, unix_seconds: int) -> str:
    """The code for a keypad or Code 128 set C: 20 digits = handle 12, moving part 7, check digit 1 (Luhn).

    The moving part has 10^7 values for 90 seconds of one ticket; tries are limited for each partner, and a wrong one
    says nothing about which part was wrong. The scene is ANY: a keypad has no chooser.
    """
    body = digit_handle(ticket.ticket_id) + _digit_mac(ticket.key, step_at(unix_seconds))
    return body + _luhn(body)


def parse_digits(text: str) -> DigitCode | None:
    """The parts of a typed code, spaces and hyphens aside, or None if it is not one."""
    if len(text) > MAXIMUM_INPUT:
        return None
    plain = text.replace(" ", "").replace("-", "")
    if len(plain) != _DIGITS or not (plain.isascii() and plain.isdigit()) or _luhn(plain[:-1]) != plain[-1]:
        return None
    return DigitCode(plain[:_DIGIT_TICKET], plain[_DIGIT_TICKET:-1])


def digit_step(code: DigitCode, key: bytes, unix_seconds: int) -> int | None:
    """The accepted step whose moving part was typed, or None: a wrong part and a late one cannot be told apart."""
    now = step_at(unix_seconds)
    for step in range(now - STEPS_ACCEPTED, now + STEPS_ACCEPTED + 1):
        if hmac.compare_digest(_digit_mac(key, step), code.mac):
            return step
    return None


def _digit_mac(key: bytes, step: int) -> str:
    value = int.from_bytes(hmac.digest(key, b"ic1-digits" + step.to_bytes(4, "big"), hashlib.sha256)[:8], "big")
    return f"{value % 10**_DIGIT_MAC:0{_DIGIT_MAC}d}"


def _luhn(body: str) -> str:
    total = 0
    for place, character in enumerate(reversed(body)):
        value = int(character) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)
