"""Published keys by purpose: none serves two, and none is found under a name it gave itself."""

import json
from typing import Any

import pytest

from partners.signatures import sm2
from partners.signatures.key_sets import KeySet, read_key_set
from partners.signatures.keys import thumbprint
from partners.signatures.suites import suite
from tests.builders.offline import Issuer, secret, suite_or_skip

INTL = suite("intl")


def jwk(name: str, **members: Any) -> dict[str, Any]:
    """A published Ed25519 key."""
    return {**INTL.issuer.jwk(INTL.issuer.public(secret(name))), "use": "sig", "alg": "EdDSA", **members}


def key_id(name: str) -> str:
    """Its thumbprint."""
    return thumbprint(jwk(name))


def read(*published: Any) -> KeySet:
    """The set of these keys."""
    return read_key_set(json.dumps({"keys": published}).encode())


def test_each_key_serves_its_purpose_alone() -> None:
    found = read(
        jwk("old"), jwk("answer", purpose="answer"), jwk("attestation", purpose="attestation", slot=3),
        jwk("display", purpose="display", slot=3), jwk("status", purpose="status"), jwk("other", purpose="webhook"), jwk("encryption", use="enc"),
    )  # fmt: skip
    assert set(found.answer) == {key_id("old"), key_id("answer")}
    assert set(found.attestation) == {3}
    assert set(found.display) == {3}
    assert found.display[3] != found.attestation[3]
    assert set(found.status) == {key_id("status")}


def test_a_key_is_named_by_its_thumbprint_whatever_it_says() -> None:
    found = read(jwk("answer", kid="another"), jwk("status", purpose="status", kid=key_id("answer")))
    assert set(found.answer) == {key_id("answer")}
    assert set(found.status) == {key_id("status")}


@pytest.mark.parametrize("purpose", ["attestation", "display"])
def test_two_keys_of_one_purpose_in_one_slot_cancel_each_other(purpose: str) -> None:
    slots = [("first", 3), ("second", 3), ("third", 4)]
    found = read(jwk("answer"), *(jwk(name, purpose=purpose, slot=slot) for name, slot in slots))
    assert set(getattr(found, purpose)) == {4}
    assert set(found.answer) == {key_id("answer")}


@pytest.mark.parametrize("slot", [True, False, 1.0, "1", None, -1, 16, 10**30])
def test_a_slot_is_a_number_from_0_to_15(slot: Any) -> None:
    found = read(jwk("odd", purpose="attestation", slot=slot), jwk("good", purpose="attestation", slot=15))
    assert set(found.attestation) == {15}


@pytest.mark.parametrize(
    "changes",
    [
        {"x": "AA"}, {"x": 1}, {"x": None}, {"crv": "X25519"}, {"kty": "oct"}, {"d": "A" * 43}, {"kty": ["OKP"]},
        {"kty": "EC", "crv": "P-256", "y": "A" * 43}, {"kty": "EC", "crv": "SM2", "y": "A" * 43}, {"kty": "EC", "crv": "SM2"},
    ],
)  # fmt: skip
def test_a_key_that_is_none_is_passed_over(changes: dict[str, Any]) -> None:
    purposes: list[dict[str, Any]] = [{}, {"purpose": "status"}, {"purpose": "attestation", "slot": 1}]
    found = read(*({**jwk("bad", **purpose), **changes} for purpose in purposes), jwk("good"))
    assert (set(found.answer), found.status, found.attestation) == ({key_id("good")}, {}, {})


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b'{"keys":{}}', b'{"keys":[1]}', b"\xff", b'{"keys":[' + b"[" * 5000, b'{"keys":[{"a":' + b"[" * 60_000,
     json.dumps({"keys": [], "x": "x" * 65_536}).encode()],
)  # fmt: skip
def test_what_is_no_key_set_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_key_set(content)


def test_a_key_of_a_suite_that_is_not_at_hand_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    content = Issuer(suite_or_skip("gm")).key_set()
    assert set(read_key_set(content).attestation) == {3}
    monkeypatch.setattr(sm2, "_NAMES", ())
    sm2.library.cache_clear()
    suite.cache_clear()
    try:
        assert read_key_set(content) == KeySet({}, {}, {}, {})
    finally:
        sm2.library.cache_clear()
        suite.cache_clear()
