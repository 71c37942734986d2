"""The signed decision: says yes or no and nothing else, and only the platform can have said it."""

import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as some

from partners import base64url
from partners.decisions import Decision, read_receipt, receipt
from partners.signatures.keys import jwk_of, thumbprint

KEY = Ed25519PrivateKey.generate()
KEY_ID = thumbprint(jwk_of(KEY.public_key()))
KEYS = {KEY_ID: KEY.public_key()}.get
PARTNER = "0193a1c0-0000-7000-8000-000000000001"


def decision(**changes: Any) -> Decision:
    """An eligible decision."""
    given: dict[str, Any] = {
        "issuer": "https://city.example",
        "audience": PARTNER,
        "verification": "0193a1c0-0000-7000-8000-000000000020",
        "benefit": "library-deposit-waiver",
        "result": "eligible",
        "tier": 8,
        "request_digest": bytes(32),
        "issued_at": 1_790_000_000,
        "expires_at": 1_790_000_900,
    }
    return Decision(**{**given, **changes})


def signed(**changes: Any) -> str:
    """Its receipt."""
    return receipt(decision(**changes), KEY_ID, KEY.sign)


def forged(header: dict[str, Any], signature: bytes | None = None) -> str:
    """A receipt with another header, signed by our key all the same unless a signature is given."""
    _, claims, _ = signed().split(".")
    start = f"{base64url.encode(json.dumps(header).encode())}.{claims}"
    return f"{start}.{base64url.encode(KEY.sign(start.encode()) if signature is None else signature)}"


@given(some.integers(0, 10**12 - 1), some.binary(min_size=32, max_size=32), some.integers(1_700_000_000, 2_000_000_000))
def test_a_no_is_as_long_as_a_yes(tier: int, digest: bytes, at: int) -> None:
    no = signed(result="declined", tier=0, request_digest=digest, issued_at=at, expires_at=at + 900)
    assert len(no) == len(signed(tier=tier))


def test_another_implementation_reads_the_receipt() -> None:
    claims = jwt.decode(
        signed(), KEY.public_key(), algorithms=["EdDSA"], audience=PARTNER, options={"verify_exp": False}
    )
    assert claims == {
        "iss": "https://city.example",
        "aud": PARTNER,
        "jti": "0193a1c0-0000-7000-8000-000000000020",
        "benefit": "library-deposit-waiver",
        "result": "eligible",
        "tier": "000000000008",
        "request": "A" * 43,
        "iat": 1_790_000_000,
        "exp": 1_790_000_900,
    }
    assert read_receipt(signed(), KEYS, PARTNER) == claims


def test_a_receipt_of_another_kind_is_read_when_it_is_asked_for() -> None:
    text = jwt.encode({"aud": PARTNER}, KEY, algorithm="EdDSA", headers={"kid": KEY_ID, "typ": "xinyi-receipt+jwt"})
    assert read_receipt(text, KEYS, PARTNER, "xinyi-receipt+jwt") == {"aud": PARTNER}
    assert read_receipt(text, KEYS, PARTNER) is None


def test_a_receipt_for_one_partner_is_nothing_for_another() -> None:
    assert read_receipt(signed(), KEYS, "0193a1c0-0000-7000-8000-000000000002") is None


def test_a_receipt_of_an_unknown_key_is_nothing() -> None:
    assert read_receipt(signed(), lambda _: None, PARTNER) is None


def test_a_receipt_under_a_key_of_another_algorithm_is_nothing() -> None:
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    assert read_receipt(signed(), {KEY_ID: other}.get, PARTNER) is None


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none", "kid": KEY_ID, "typ": "xinyi-decision+jwt"},
        {"alg": "HS256", "kid": KEY_ID, "typ": "xinyi-decision+jwt"},
        {"alg": "EdDSA", "kid": KEY_ID, "typ": "JWT"},
        {"alg": "EdDSA", "kid": KEY_ID},
        {"alg": "EdDSA", "typ": "xinyi-decision+jwt"},
        {"alg": "EdDSA", "kid": KEY_ID, "typ": "xinyi-decision+jwt", "crit": ["b64"], "b64": False},
        {"alg": "EdDSA", "kid": KEY_ID, "typ": "xinyi-decision+jwt", "jwk": jwk_of(KEY.public_key())},
        {"alg": "EdDSA", "kid": KEY_ID, "typ": "xinyi-decision+jwt", "jku": "https://evil.example/keys"},
    ],
)
def test_the_header_chooses_neither_algorithm_nor_key(header: dict[str, Any]) -> None:
    assert read_receipt(forged(header), KEYS, PARTNER) is None


def test_every_changed_character_of_a_receipt_is_refused() -> None:
    text = signed()
    for position in range(len(text)):
        other = "A" if text[position] != "A" else "B"
        assert read_receipt(text[:position] + other + text[position + 1 :], KEYS, PARTNER) is None


@pytest.mark.parametrize("text", ["", ".", "..", "a.b", "a.b.c.d", "." * 5000, "é.é.é", "\ud800.a.a", signed() + "="])
def test_what_is_no_receipt_is_nothing(text: str) -> None:
    assert read_receipt(text, KEYS, PARTNER) is None
    assert read_receipt(signed() + text[:1] + "\n", KEYS, PARTNER) is None
