"""Signed requests and answers: what is altered, moved, late or signed by another is refused; others' code agrees with ours."""

import base64
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import http_message_signatures
import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from partners.signatures import keys
from partners.signatures.keys import jwk_of, public_key_from_jwk, thumbprint
from partners.signatures.requests import (
    Refused,
    RequestMessage,
    SigningKey,
    Verified,
    content_digest,
    sign_request,
    verify_request,
)
from partners.signatures.responses import ResponseMessage, sign_response, verify_response

NOW = 1_790_000_000
TAG = "xinyi-request"
NONCE = "bm9uY2Utb2YtdGVzdHM"


def signing_key(kind: str = "ed25519") -> SigningKey:
    """A fresh key of a kind."""
    private_key = Ed25519PrivateKey.generate() if kind == "ed25519" else ec.generate_private_key(ec.SECP256R1())
    return SigningKey(thumbprint(jwk_of(private_key.public_key())), private_key)


KEY = signing_key()
KEYS = {KEY.key_id: KEY.private_key.public_key()}.get
BODY = b'{"code": "IC1:X", "benefit": "b"}'


def request(**changes: Any) -> RequestMessage:
    """A signed request, changed afterwards."""
    headers = {"content-type": "application/json", "idempotency-key": "0b7f5e2a-6d6e-4c8e-9a51-5a1f0f0a1b2c"}
    plain = RequestMessage("POST", "https://city.example/v1/partner/verifications?x=1", headers, BODY)
    signed = {**headers, **sign_request(plain, KEY, NOW, NONCE, TAG), **changes.pop("headers", {})}
    dropped = changes.pop("without", ())
    fields = {"method": plain.method, "target_uri": plain.target_uri, "body": BODY, **changes}
    return RequestMessage(headers={name: value for name, value in signed.items() if name not in dropped}, **fields)


def code_of(message: RequestMessage, now: int = NOW, tag: str = TAG) -> str:
    """`ok` or the code of the refusal."""
    verdict = verify_request(message, KEYS, now, tag)
    return verdict.code if isinstance(verdict, Refused) else "ok"


def test_a_signed_request_says_who_signed_it_and_with_which_nonce() -> None:
    assert verify_request(request(), KEYS, NOW, TAG) == Verified(KEY.key_id, NONCE, NOW)


@pytest.mark.parametrize("kind", ["ed25519", "p256"])
def test_both_kinds_of_keys_sign_and_verify(kind: str) -> None:
    key = signing_key(kind)
    message = RequestMessage("GET", "https://city.example/v1/partner/redemptions", {})
    signed = RequestMessage(message.method, message.target_uri, sign_request(message, key, NOW, NONCE, TAG))
    verdict = verify_request(signed, {key.key_id: key.private_key.public_key()}.get, NOW, TAG)
    assert isinstance(verdict, Verified)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"body": BODY + b" "}, "signature-invalid"),
        ({"body": b""}, "signature-invalid"),
        ({"method": "PUT"}, "signature-invalid"),
        ({"target_uri": "https://city.example/v1/partner/verifications?x=2"}, "signature-invalid"),
        ({"target_uri": "http://city.example/v1/partner/verifications?x=1"}, "signature-invalid"),
        ({"headers": {"content-type": "text/plain"}}, "signature-invalid"),
        ({"headers": {"idempotency-key": "11111111-6d6e-4c8e-9a51-5a1f0f0a1b2c"}}, "signature-invalid"),
        ({"headers": {"content-digest": content_digest(b"other")}}, "signature-invalid"),
        ({"body": b"other", "headers": {"content-digest": content_digest(b"other")}}, "signature-invalid"),
        ({"without": ("signature",)}, "signature-missing"),
        ({"without": ("signature-input",)}, "signature-missing"),
        ({"without": ("idempotency-key",)}, "signature-invalid"),
        ({"without": ("content-digest",)}, "signature-invalid"),
        ({"headers": {"signature": "sig=:AAAA:"}}, "signature-invalid"),
        ({"headers": {"signature-input": "sig=()"}}, "signature-invalid"),
        ({"headers": {"signature-input": 'sig=("@method");created=1;keyid="x";alg="none"'}}, "signature-invalid"),
    ],
)  # fmt: skip
def test_whatever_is_altered_afterwards_is_refused(changes: dict[str, Any], code: str) -> None:
    assert code_of(request(**changes)) == code


@pytest.mark.parametrize(("late", "code"), [(-61, "signature-stale"), (-60, "ok"), (60, "ok"), (61, "signature-stale")])
def test_a_request_is_accepted_for_sixty_seconds(late: int, code: str) -> None:
    assert code_of(request(), NOW + late) == code


def test_a_signature_made_for_another_purpose_is_refused() -> None:
    assert code_of(request(), tag="xinyi-webhook") == "signature-invalid"


def test_an_unknown_key_is_refused_before_its_signature_is_looked_at() -> None:
    verdict = verify_request(request(), lambda _: None, NOW, TAG)
    assert verdict == Refused("key-unknown")


def test_every_changed_character_of_the_signature_input_is_refused() -> None:
    given = request().headers["signature-input"]
    for position in range(len(given)):
        changed = given[:position] + ("a" if given[position] != "a" else "b") + given[position + 1 :]
        assert code_of(request(headers={"signature-input": changed})) != "ok"


ANSWER = ResponseMessage(201, {"content-type": "application/json"}, b'{"result":"eligible"}')


def signed_answer(to: RequestMessage) -> ResponseMessage:
    """An answer signed for a request."""
    headers = {**ANSWER.headers, **sign_response(ANSWER, to, KEY, NOW)}
    return ResponseMessage(ANSWER.status, headers, ANSWER.body)


def test_an_answer_belongs_to_its_request_alone() -> None:
    first = request()
    other = request(headers={"signature": "sig=:" + base64.b64encode(bytes(64)).decode() + ":"})
    answer = signed_answer(first)
    assert verify_response(answer, first, KEYS, NOW) is None
    assert verify_response(answer, other, KEYS, NOW) == Refused("signature-invalid")


@pytest.mark.parametrize(("status", "body"), [(200, ANSWER.body), (201, b'{"result":"declined"}')])
def test_an_altered_answer_is_refused(status: int, body: bytes) -> None:
    to = request()
    altered = ResponseMessage(status, signed_answer(to).headers, body)
    assert verify_response(altered, to, KEYS, NOW) == Refused("signature-invalid")


class _Resolver(http_message_signatures.HTTPSignatureKeyResolver):  # type: ignore[misc]
    def __init__(self, key: SigningKey) -> None:
        self.key = key

    def resolve_private_key(self, key_id: str) -> Any:
        return self.key.private_key

    def resolve_public_key(self, key_id: str) -> Any:
        return self.key.private_key.public_key()


@pytest.mark.parametrize("kind", ["ed25519", "p256"])
def test_another_implementation_accepts_our_signature(kind: str) -> None:
    key = signing_key(kind)
    headers = {"content-type": "application/json", "idempotency-key": "0b7f5e2a-6d6e-4c8e-9a51-5a1f0f0a1b2c"}
    created = int(datetime.now(UTC).timestamp())
    message = RequestMessage("POST", "https://city.example/v1/partner/verifications?x=1", headers, BODY)
    added = sign_request(message, key, created, NONCE, TAG)
    sent = httpx2.Request("POST", message.target_uri, content=BODY, headers={**headers, **added})
    algorithm = http_message_signatures.algorithms
    verifier = http_message_signatures.HTTPMessageVerifier(
        signature_algorithm=algorithm.ED25519 if kind == "ed25519" else algorithm.ECDSA_P256_SHA256,
        key_resolver=_Resolver(key),
    )
    [result] = verifier.verify(sent, expect_tag=TAG)
    assert "@target-uri" in str(result.covered_components)


def test_ed25519_example_of_rfc_9421_appendix_b_2_6() -> None:
    private_key = load_pem_private_key(
        b"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n"
        b"-----END PRIVATE KEY-----\n",
        None,
    )
    assert isinstance(private_key, Ed25519PrivateKey)
    base = (
        '"date": Tue, 20 Apr 2021 02:07:55 GMT\n"@method": POST\n"@path": /foo\n"@authority": example.com\n'
        '"content-type": application/json\n"content-length": 18\n'
        '"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length")'
        ';created=1618884473;keyid="test-key-ed25519"'
    )
    expected = "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
    assert base64.b64encode(keys.sign_bytes(private_key, base.encode())).decode() == expected
    assert keys.verify_bytes(private_key.public_key(), base64.b64decode(expected), base.encode())


def test_thumbprint_example_of_rfc_8037_appendix_a_3() -> None:
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    assert thumbprint(jwk) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    assert jwk_of(public_key_from_jwk(jwk)) == jwk


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo="},
        {"kty": "OKP", "crv": "Ed25519", "x": "AA"},
        {"kty": "OKP", "crv": "X25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
        {"kty": "oct", "k": "AA"},
        {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43},
        {"kty": "EC", "crv": "P-256", "x": 1, "y": 2},
    ],
)
def test_a_jwk_that_is_not_a_public_key_of_ours_is_refused(jwk: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        public_key_from_jwk(jwk)


def _wycheproof(name: str) -> Iterator[Any]:
    folder = Path(os.environ.get("XINYI_VECTORS") or Path(__file__).parents[3] / "shared" / "vectors") / "wycheproof"
    path = folder / f"{name}.json"
    if not path.exists():
        if os.environ.get("XINYI_REQUIRE_VECTORS"):
            raise AssertionError(f"the vectors are required and not at {path}")
        pytest.skip(f"vectors of C2SP/wycheproof are not at {path}")
    yield from json.loads(path.read_text())["testGroups"]


def test_wycheproof_ed25519() -> None:
    checked = 0
    for group in _wycheproof("ed25519_test"):
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(group["publicKey"]["pk"]))
        for case in group["tests"]:
            good = keys.verify_bytes(key, bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"]))
            assert good == (case["result"] == "valid"), case["tcId"]
            checked += 1
    assert checked > 100


def test_wycheproof_ecdsa_p256_p1363() -> None:
    checked = 0
    for group in _wycheproof("ecdsa_secp256r1_sha256_p1363_test"):
        point = bytes.fromhex(group["publicKey"]["uncompressed"])
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        assert key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint) == point
        for case in group["tests"]:
            good = keys.verify_bytes(key, bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"]))
            assert good == (case["result"] == "valid"), case["tcId"]
            checked += 1
    assert checked > 100
