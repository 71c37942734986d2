"""Writes display.json: display codes that are valid and texts that are not, with what a reader must say of each.

    python -m tests.vectors.make_display

Computed from the specification (docs/protocol.md, section 16) with the package cryptography alone, not with partners/. `judge`
is a second reading of the specification: every case was given its result by hand and must get it there too.
"""

import base64
import binascii
import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PATH = Path(__file__).parents[2] / "partners" / "vectors" / "display.json"
ADDRESS = "https://city.example"
ISSUERS = {slot: hashlib.sha256(f"display test issuer {slot}".encode()).digest() for slot in (0, 15)}
LIST_SIZE = 4096
REVOKED = [0, 1234]
ID = bytes.fromhex("0193a1c0000070008000000000000050")
ISSUED, UNTIL, TODAY = date(2026, 11, 23), date(2027, 11, 23), date(2027, 2, 1)
ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def days(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - date(1970, 1, 1)).days


def signed_part(
    *,
    code_type: int = 4,
    slot: int = 0,
    kind: int = 1,
    code_id: bytes = ID,
    issued: date = ISSUED,
    until: date = UNTIL,
    index: int = 77,
) -> bytes:
    """The 26 bytes that are signed."""
    return (
        bytes([code_type << 4 | slot, kind])
        + code_id
        + days(issued).to_bytes(2, "big")
        + days(until).to_bytes(2, "big")
        + index.to_bytes(4, "big")
    )


def token(*, context: bytes = b"ic4d", issuer: int | None = None, malleable: bool = False, **said: Any) -> str:
    """A token that is well signed, whatever it says."""
    part = signed_part(**said)
    secret = ISSUERS.get(said.get("slot", 0) if issuer is None else issuer, ISSUERS[0])
    signature = Ed25519PrivateKey.from_private_bytes(secret).sign(context + part)
    if malleable:
        s = int.from_bytes(signature[32:], "little") + ED25519_ORDER
        signature = signature[:32] + s.to_bytes(32, "little")
    return text_of(part + signature)


def text_of(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def link(part: str, address: str = ADDRESS) -> str:
    """What the QR says."""
    return f"{address}/c/{part}"


def judge(text: str, today: date, list_usable: bool) -> str:
    """The result, read from the specification."""
    if len(text) > 512:
        return "malformed"
    beginning = link("")
    if not text.startswith(beginning):
        return "foreign-address"
    part = text[len(beginning) :]
    if len(part) != 120 or any(letter not in ALPHABET for letter in part):
        return "malformed"
    try:
        data = base64.urlsafe_b64decode(part)
    except binascii.Error:
        return "malformed"
    begins, ends = int.from_bytes(data[18:20], "big"), int.from_bytes(data[20:22], "big")
    if data[0] >> 4 != 4 or data[1] not in (1, 2, 3) or not begins <= ends <= begins + 731:
        return "malformed"
    if data[0] & 15 not in ISSUERS:
        return "unknown-key"
    try:
        issuer = Ed25519PrivateKey.from_private_bytes(ISSUERS[data[0] & 15]).public_key()
        issuer.verify(data[26:], b"ic4d" + data[:26])
    except InvalidSignature:
        return "bad-signature"
    if days(today) < begins:
        return "not-yet-valid"
    if days(today) > ends:
        return "expired"
    index = int.from_bytes(data[22:26], "big")
    if not list_usable or index >= LIST_SIZE:
        return "list-expired"
    return "revoked" if index in REVOKED else "valid"


def _cases() -> list[tuple[str, str, str, date, bool]]:
    """Name, result given by hand, text, day, whether there is a list that may be used."""
    good = token()
    return [
        ("of an enterprise", "valid", link(good), TODAY, True),
        ("of a sector", "valid", link(token(kind=2)), TODAY, True),
        ("of a product, under the last slot", "valid", link(token(kind=3, slot=15)), TODAY, True),
        ("on its first day", "valid", link(good), ISSUED, True),
        ("on its last day", "valid", link(good), UNTIL, True),
        ("for one day", "valid", link(token(issued=TODAY, until=TODAY)), TODAY, True),
        ("for two years", "valid", link(token(until=date(2028, 11, 23))), TODAY, True),
        ("at the last place of the list", "valid", link(token(index=LIST_SIZE - 1)), TODAY, True),
        ("of another city", "foreign-address", link(good, "https://town.example"), TODAY, True),
        ("of an address that only begins alike", "foreign-address", link(good, ADDRESS + ".evil.example"), TODAY, True),
        ("without its address", "foreign-address", good, TODAY, True),
        ("an address in capitals", "foreign-address", link(good, ADDRESS.upper()), TODAY, True),
        ("over plain http", "foreign-address", link(good, "http://city.example"), TODAY, True),
        ("with a blank before it", "foreign-address", " " + link(good), TODAY, True),
        ("an integrity code", "foreign-address", "IC1:QA0WL9TQ62BBQ2W8UPS4E2U5KL8O:B+5TJ2RI8V2U5AX", TODAY, True),
        ("with a line break after it", "malformed", link(good) + "\n", TODAY, True),
        ("with padding", "malformed", link(good) + "==", TODAY, True),
        ("padding in place of its end", "malformed", link(good[:-1] + "="), TODAY, True),
        ("with a query", "malformed", link(good) + "?a=1", TODAY, True),
        ("one character short", "malformed", link(good[:-1]), TODAY, True),
        ("nothing but the address", "malformed", link(""), TODAY, True),
        ("in the other base64", "malformed", link("+" + good[1:]), TODAY, True),
        ("with a full-width letter", "malformed", link("Ａ" + good[1:]), TODAY, True),
        ("too long", "malformed", link(good) + "A" * 512, TODAY, True),
        ("of an unknown type", "malformed", link(token(code_type=3)), TODAY, True),
        ("of an unknown kind", "malformed", link(token(kind=4)), TODAY, True),
        ("of kind zero", "malformed", link(token(kind=0)), TODAY, True),
        ("that ends before it begins", "malformed", link(token(until=date(2026, 11, 22))), TODAY, True),
        ("that lives too long", "malformed", link(token(until=date(2028, 11, 24))), TODAY, True),
        ("of a slot without a key", "unknown-key", link(token(slot=7)), TODAY, True),
        ("signed by the key of another slot", "bad-signature", link(token(slot=15, issuer=0)), TODAY, True),
        ("signed for an offline pass", "bad-signature", link(token(context=b"ic3a")), TODAY, True),
        ("signed without a context", "bad-signature", link(token(context=b"")), TODAY, True),
        ("with a second spelling of its signature", "bad-signature", link(token(malleable=True)), TODAY, True),
        ("on the day before", "not-yet-valid", link(good), date(2026, 11, 22), True),
        ("on the day after", "expired", link(good), date(2027, 11, 24), True),
        ("expired and revoked", "expired", link(token(index=0)), date(2027, 11, 24), True),
        ("without a list", "list-expired", link(good), TODAY, False),
        ("beyond the end of the list", "list-expired", link(token(index=LIST_SIZE)), TODAY, True),
        ("revoked", "revoked", link(token(index=1234)), TODAY, True),
        ("revoked, at the first place", "revoked", link(token(index=0)), TODAY, True),
    ]


def _issued() -> list[dict[str, Any]]:
    """What an issuer says, and the token that it becomes."""
    codes: list[tuple[str, dict[str, Any]]] = [
        ("of an enterprise", {}),
        ("of a sector", {"kind": 2, "index": 2**32 - 1}),
        ("of a product", {"kind": 3, "slot": 15, "until": date(2028, 11, 23)}),
    ]
    return [
        {
            "name": name,
            "slot": said.get("slot", 0),
            "kind": said.get("kind", 1),
            "id": ID.hex(),
            "issued_on": ISSUED.isoformat(),
            "valid_until": said.get("until", UNTIL).isoformat(),
            "status_index": said.get("index", 77),
            "token": token(**said),
        }
        for name, said in codes
    ]


def document() -> str:
    """The file's text. Raises AssertionError if a result is not what the specification says."""
    cases = []
    for name, result, text, day, list_usable in _cases():
        assert judge(text, day, list_usable) == result, name
        cases.append(
            {"name": name, "text": text, "today": day.isoformat(), "list_usable": list_usable, "result": result}
        )
    content = {
        "about": "Display codes (docs/protocol.md, section 16); the keys are for testing only.",
        "address": ADDRESS,
        "issuer_seeds": {str(slot): seed.hex() for slot, seed in ISSUERS.items()},
        "issuer_keys": {
            str(slot): Ed25519PrivateKey.from_private_bytes(seed)
            .public_key()
            .public_bytes(Encoding.Raw, PublicFormat.Raw)
            .hex()
            for slot, seed in ISSUERS.items()
        },
        "list_size": LIST_SIZE,
        "revoked": REVOKED,
        "issued": _issued(),
        "read": cases,
    }
    return json.dumps(content, indent=1, ensure_ascii=True) + "\n"


if __name__ == "__main__":
    PATH.write_text(document(), encoding="ascii")
