"""Writes partners/vectors/ic3.json: offline codes that are accepted and codes that are not, with what each stage must say.

    python -m tests.vectors.make_ic3

Computed from the specification (docs/protocol.md, section 8) with the packages cryptography and base45 alone, not with
partners/. `judge` is a second reading of the specification: every case was given its result by hand and must get it there too.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import base45
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PATH = Path(__file__).parents[2] / "partners" / "vectors" / "ic3.json"
ISSUERS = {slot: hashlib.sha256(f"ic3 test issuer {slot}".encode()).digest() for slot in (3, 15)}
LIFETIMES = {7: 86_400, 9: 3_600}
LIST_SIZE = 4096
REVOKED = [0, 1234]
BEGINS = 1_789_999_200
NOW = 1_790_000_010
NOTHING = bytes(8)
CHALLENGE = bytes.fromhex("0102030405060708")
P256_ORDER = 0xFFFFFFFF_00000000_FFFFFFFF_FFFFFFFF_BCE6FAAD_A7179E84_F3B9CAC2_FC632551
ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493
ES256 = ec.ECDSA(SHA256(), deterministic_signing=True)
STAGES = {
    "well_formed": "malformed",
    "key_known": "unknown-key",
    "issuer_signature": "bad-issuer-signature",
    "benefit_offered": "wrong-benefit",
    "in_window": "out-of-window",
    "list_usable": "list-expired",
    "not_revoked": "revoked",
    "holder_signature": "bad-holder-signature",
    "step_fresh": "stale",
    "challenge_right": "wrong-challenge",
    "not_seen": "seen",
}
BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def device(name: str = "1") -> ec.EllipticCurvePrivateKey:
    """A device key of the tests."""
    return ec.derive_private_key(int.from_bytes(device_secret(name), "big"), ec.SECP256R1())


def device_secret(name: str = "1") -> bytes:
    """Its number."""
    return hashlib.sha256(f"ic3 test device {name}".encode()).digest()


def point(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Its compressed point."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


def attested(
    *,
    slot: int = 3,
    flags: int = 0,
    benefit: int = 7,
    begins: int = BEGINS,
    index: int = 77,
    key: bytes | None = None,
    code_type: int = 3,
    issuer: int | None = None,
    context: bytes = b"ic3a",
) -> bytes:
    """The 109 bytes of an attestation, well signed whatever it says."""
    signed = bytes([code_type << 4 | slot, flags]) + benefit.to_bytes(2, "big") + begins.to_bytes(4, "big")
    signed += index.to_bytes(4, "big") + (point(device()) if key is None else key)
    secret = ISSUERS.get(slot, ISSUERS[3]) if issuer is None else ISSUERS[issuer]
    return signed + Ed25519PrivateKey.from_private_bytes(secret).sign(context + signed)


def proved(
    attestation: bytes,
    at: int = NOW,
    challenge: bytes = NOTHING,
    *,
    key: ec.EllipticCurvePrivateKey | None = None,
    of: bytes | None = None,
    high: bool = False,
    context: bytes = b"ic3p",
) -> bytes:
    """The 76 bytes of a proof."""
    start = (at // 30).to_bytes(4, "big") + challenge
    message = context + hashlib.sha256((attestation if of is None else of)[:45]).digest() + start
    r, s = decode_dss_signature((key or device()).sign(message, ES256))
    low = min(s, P256_ORDER - s)
    return start + r.to_bytes(32, "big") + (P256_ORDER - low if high else low).to_bytes(32, "big")


def text_of(data: bytes) -> str:
    """The text in the QR."""
    return f"IC3:{base45.b45encode(data).decode()}"


def code(at: int = NOW, challenge: bytes = NOTHING, **attestation: Any) -> str:
    """A code that is right in itself."""
    whole = attested(**attestation)
    return text_of(whole + proved(whole, at, challenge))


def judge(text: str, at: int, challenge: bytes, list_usable: bool, seen: bool) -> str:
    """The result, read from the specification."""
    if len(text) != 282 or not text.startswith("IC3:"):
        return "malformed"
    try:
        data = base45.b45decode(text[4:])
    except ValueError:
        return "malformed"
    begins = int.from_bytes(data[4:8], "big")
    if text_of(data) != text or data[0] >> 4 != 3 or data[1] > 1 or begins % 3600:
        return "malformed"
    attestation, proof = data[:109], data[109:]
    benefit, index = int.from_bytes(data[2:4], "big"), int.from_bytes(data[8:12], "big")
    if data[0] & 15 not in ISSUERS:
        return "unknown-key"
    if not _holds(_issuer(data[0] & 15), attestation[45:], b"ic3a" + attestation[:45]):
        return "bad-issuer-signature"
    if benefit not in LIFETIMES:
        return "wrong-benefit"
    if not begins <= at < begins + LIFETIMES[benefit]:
        return "out-of-window"
    if not list_usable or index >= LIST_SIZE:
        return "list-expired"
    if index in REVOKED:
        return "revoked"
    if not _holds(_holder(data[12:45]), proof[12:], b"ic3p" + hashlib.sha256(attestation[:45]).digest() + proof[:12]):
        return "bad-holder-signature"
    if abs(int.from_bytes(proof[:4], "big") - at // 30) > 1:
        return "stale"
    if proof[4:12] != challenge or (data[1] and challenge == NOTHING):
        return "wrong-challenge"
    return "seen" if seen else "valid"


def _holds(verify: Callable[[bytes, bytes], None], signature: bytes, message: bytes) -> bool:
    try:
        verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _issuer(slot: int) -> Callable[[bytes, bytes], None]:
    return Ed25519PrivateKey.from_private_bytes(ISSUERS[slot]).public_key().verify


def _holder(key: bytes) -> Callable[[bytes, bytes], None]:
    def verify(signature: bytes, message: bytes) -> None:
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        if s > P256_ORDER // 2:
            raise InvalidSignature
        found = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)
        found.verify(encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))

    return verify


def shown() -> list[dict[str, Any]]:
    """What a phone shows: attestation, instant and challenge in, proof and text out. Signatures as RFC 8032 and RFC 6979 give them."""
    cases = []
    given: list[tuple[str, int, bytes, dict[str, Any]]] = [
        ("a library deposit waived", NOW, NOTHING, {}),
        ("the same one step later", NOW + 30, NOTHING, {}),
        ("under a challenge of the terminal", NOW, CHALLENGE, {}),
        ("of a benefit that needs a challenge", NOW, CHALLENGE, {"benefit": 9, "flags": 1, "index": 4095}),
        ("another slot", NOW, NOTHING, {"slot": 15, "index": 2}),
    ]
    for name, at, challenge, fields in given:
        attestation = attested(**fields)
        proof = proved(attestation, at, challenge)
        cases.append(
            {
                "name": name,
                "slot": attestation[0] & 15,
                "needs_challenge": attestation[1] == 1,
                "benefit": int.from_bytes(attestation[2:4], "big"),
                "not_before": BEGINS,
                "status_index": int.from_bytes(attestation[8:12], "big"),
                "device_key": attestation[12:45].hex(),
                "unix_seconds": at,
                "challenge": challenge.hex(),
                "attestation": attestation.hex(),
                "use": hashlib.sha256(attestation[:45]).hexdigest(),
                "proof": proof.hex(),
                "text": text_of(attestation + proof),
            }
        )
    return cases


def scanned() -> list[dict[str, Any]]:
    """What a scanner reads, and what each stage says, in order; null is a stage that is not reached."""
    good, text, step = attested(), code(), NOW // 30 * 30
    proof = proved(good)
    strange = code(key=b"\x02" + b"\xff" * 32), code(key=b"\x04" + bytes(32)), code(key=b"\x02" + b"\x07" * 32)
    moved = int.from_bytes(good[77:], "little") + ED25519_ORDER
    confused = decode_dss_signature(device().sign(b"ic3a" + good[:45], ES256))
    as_es256 = good[:45] + b"".join(number.to_bytes(32, "big") for number in confused)
    late: dict[str, Any] = {"benefit": 9}
    cases: list[tuple[str, str, str, dict[str, Any]]] = [
        ("now", text, "valid", {}),
        ("at the first second of its step", text, "valid", {"at": step}),
        ("the phone is one step ahead", text, "valid", {"at": step - 1}),
        ("the last second of the step after", text, "valid", {"at": step + 59}),
        ("another slot", code(slot=15), "valid", {}),
        ("at the first second of its window", code(BEGINS), "valid", {"at": BEGINS}),
        ("at the last second of its window", code(BEGINS + 3599, **late), "valid", {"at": BEGINS + 3599}),
        ("the challenge of the terminal", code(challenge=CHALLENGE), "valid", {"challenge": CHALLENGE}),
        ("a challenge where one is needed", code(flags=1, challenge=CHALLENGE), "valid", {"challenge": CHALLENGE}),
        ("a slot without a key", code(slot=4), "unknown-key", {}),
        ("signed by the key of another slot", code(issuer=15), "bad-issuer-signature", {}),
        ("signed without its context", code(context=b""), "bad-issuer-signature", {}),
        ("signed as a proof", code(context=b"ic3p"), "bad-issuer-signature", {}),
        ("signed with ES256 by the device", text_of(as_es256 + proved(as_es256)), "bad-issuer-signature", {}),
        ("the issuer's s plus the order", text_of(good[:77] + moved.to_bytes(32, "little") + proof),
         "bad-issuer-signature", {}),
        ("no issuer's signature", text_of(good[:45] + bytes(64) + proof), "bad-issuer-signature", {}),
        ("the benefit changed", text_of(good[:3] + b"\x09" + good[4:] + proof), "bad-issuer-signature", {}),
        ("the status index changed", text_of(good[:11] + b"\x02" + good[12:] + proof), "bad-issuer-signature", {}),
        ("the device key changed", text_of(good[:12] + point(device("2")) + good[45:] + proof),
         "bad-issuer-signature", {}),
        ("another benefit", code(benefit=8), "wrong-benefit", {}),
        ("a second before its window", code(BEGINS - 1), "out-of-window", {"at": BEGINS - 1}),
        ("a second after its window", code(BEGINS + 3600, **late), "out-of-window", {"at": BEGINS + 3600}),
        ("a year old", text, "out-of-window", {"at": NOW + 31_536_000}),
        ("the list has expired", text, "list-expired", {"list_usable": False}),
        ("the list has expired, and it was seen", text, "list-expired", {"list_usable": False, "seen": True}),
        ("an index beyond the list", code(index=LIST_SIZE), "list-expired", {}),
        ("revoked", code(index=1234), "revoked", {}),
        ("revoked, the first index", code(index=0), "revoked", {}),
        ("proved by another device", text_of(good + proved(good, key=device("2"))), "bad-holder-signature", {}),
        ("the proof of another attestation", text_of(good + proved(good, of=attested(index=78))),
         "bad-holder-signature", {}),
        ("high s", text_of(good + proved(good, high=True)), "bad-holder-signature", {}),
        ("proved without its context", text_of(good + proved(good, context=b"")), "bad-holder-signature", {}),
        ("no proof", text_of(good + bytes(76)), "bad-holder-signature", {}),
        ("the step moved on", text_of(good + (NOW // 30 + 4).to_bytes(4, "big") + proof[4:]),
         "bad-holder-signature", {"at": NOW + 120}),
        ("a challenge put in", text_of(good + proof[:4] + CHALLENGE + proof[12:]), "bad-holder-signature",
         {"challenge": CHALLENGE}),
        ("a device key beyond the field", strange[0], "bad-holder-signature", {}),
        ("a device key of another form", strange[1], "bad-holder-signature", {}),
        ("a device key that is not on the curve", strange[2], "bad-holder-signature", {}),
        ("two steps old", text, "stale", {"at": step + 60}),
        ("two steps ahead", text, "stale", {"at": step - 31}),
        ("an hour old", text, "stale", {"at": NOW + 3600}),
        ("old, and seen", text, "stale", {"at": NOW + 3600, "seen": True}),
        ("the challenge of another terminal", code(challenge=CHALLENGE), "wrong-challenge",
         {"challenge": CHALLENGE[::-1]}),
        ("a challenge where none was given", code(challenge=CHALLENGE), "wrong-challenge", {}),
        ("none where one was given", text, "wrong-challenge", {"challenge": CHALLENGE}),
        ("none where one is needed", code(flags=1), "wrong-challenge", {}),
        ("a second time", text, "seen", {"seen": True}),
        ("a second time, under a challenge", code(challenge=CHALLENGE), "seen", {"seen": True, "challenge": CHALLENGE}),
        ("another type", code(code_type=1), "malformed", {}),
        ("an unknown flag", code(flags=2), "malformed", {}),
        ("a not-before that is off the hour", code(begins=BEGINS + 1), "malformed", {}),
        ("one byte short", text_of((good + proof)[:-1]), "malformed", {}),
        ("one byte more", text_of(good + proof + b"\x00"), "malformed", {}),
        ("the attestation alone", text_of(good), "malformed", {}),
        ("a line break after it", text + "\n", "malformed", {}),
        ("a blank after it", text + " ", "malformed", {}),
        ("a line break in place of the last character", text[:-1] + "\n", "malformed", {}),
        ("a blank before it", " " + text, "malformed", {}),
        ("padded", text + "==", "malformed", {}),
        ("small letters", text.lower(), "malformed", {}),
        ("a small prefix", "ic3:" + text[4:], "malformed", {}),
        ("the prefix of another code", "IC1:" + text[4:], "malformed", {}),
        ("no prefix", text[4:], "malformed", {}),
        ("twice", text + text, "malformed", {}),
        ("a group above FFFF", text[:4] + ":::" + text[7:], "malformed", {}),
        ("the last group above FF", text[:-2] + "::", "malformed", {}),
        ("full-width letters", text[:-1] + "\uff21", "malformed", {}),
        ("base64url", "IC3:" + "A" * 278 + "_-", "malformed", {}),
        ("an address", "https://example.org/?c=" + text, "malformed", {}),
        ("an address of the right length", ("HTTPS://EXAMPLE.ORG/" + "A" * 282)[:282], "malformed", {}),
        ("a statement", ("IC3:'; DROP TABLE accepted; --" + "0" * 282)[:282], "malformed", {}),
        ("control characters", "IC3:" + "\x00\x1b[2J" * 55 + "\x7f\x08\r", "malformed", {}),
        ("nothing", "", "malformed", {}),
        ("513 characters", "IC3:" + "0" * 509, "malformed", {}),
    ]  # fmt: skip
    return [_case(name, given, result, settings) for name, given, result, settings in cases]


def _case(name: str, text: str, result: str, settings: dict[str, Any]) -> dict[str, Any]:
    at, challenge = settings.get("at", NOW), settings.get("challenge", NOTHING)
    usable, seen = settings.get("list_usable", True), settings.get("seen", False)
    if judge(text, at, challenge, usable, seen) != result:
        raise ValueError(f"{name}: {judge(text, at, challenge, usable, seen)}, not {result}")
    failing = list(STAGES.values()).index(result) if result != "valid" else len(STAGES)
    stages = {
        stage: True if place < failing else (False if place == failing else None) for place, stage in enumerate(STAGES)
    }
    given = {"terminal_time": at, "challenge": challenge.hex(), "list_usable": usable, "seen": seen}
    return {"name": name, "text": text, **given, "stages": stages, "result": result}


def mutated() -> dict[str, Any]:
    """One character changed: the one at each position to that of `replaced_by`; the positions by result."""
    text = code()
    others = "".join(BASE45[(BASE45.index(character) + 1) % 45] for character in text)
    positions: dict[str, list[int]] = {}
    for position, other in enumerate(others):
        changed = text[:position] + other + text[position + 1 :]
        positions.setdefault(judge(changed, NOW, NOTHING, True, False), []).append(position)
    return {"text": text, "terminal_time": NOW, "replaced_by": others, "positions": positions}


def document() -> str:
    """The whole file."""
    whole = {
        "about": "IC3 test vectors. shown: what a phone shows. scanned: what a terminal says, stage by stage; null is a stage "
        "that is not reached. mutated: one character changed. Bytes are hexadecimal, times are Unix seconds; keys are for "
        "testing only.",
        "issuer_secrets": {str(slot): secret.hex() for slot, secret in ISSUERS.items()},
        "device_secret": device_secret().hex(),
        "terminal": {
            "lifetimes": {str(number): seconds for number, seconds in LIFETIMES.items()},
            "status_list_size": LIST_SIZE,
            "revoked": REVOKED,
        },
        "shown": shown(),
        "scanned": scanned(),
        "mutated": mutated(),
    }
    return json.dumps(whole, ensure_ascii=True, indent=1) + "\n"


if __name__ == "__main__":
    PATH.write_text(document(), encoding="ascii")
