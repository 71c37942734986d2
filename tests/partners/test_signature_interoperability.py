"""Signatures that others wrote verify here, ours verify there, and the examples of the standards come out as printed."""

import base64
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureAlgorithm,
    HTTPSignatureKeyResolver,
    algorithms,
)

from partners import base64url
from partners.signatures import keys
from partners.signatures.base import combined, content_digest, signature_base
from partners.signatures.keys import jwk_of, public_key_from_jwk, thumbprint
from partners.signatures.requests import RequestMessage, SigningKey, Verified, sign_request, verify_request
from partners.signatures.responses import TAG as ANSWER_TAG
from partners.signatures.responses import ResponseMessage, sign_response, verify_response
from partners.signatures.suites import suite

TAG = "xinyi-request"
NONCE = "bm9uY2Utb2YtdGVzdHM"
URL = "https://city.example/v1/partner/verifications?x=1"
BODY = b'{"code": "IC1:X", "benefit": "b"}'
HEADERS = {"content-type": "application/json", "idempotency-key": "0b7f5e2a-6d6e-4c8e-9a51-5a1f0f0a1b2c"}
COVERED = ("@method", "@target-uri", "content-type", "content-digest", "idempotency-key")
COVERED_ANSWER = (
    "@status", "content-type", "content-digest", '"@method";req', '"@target-uri";req', '"content-digest";req',
    '"signature";req',
)  # fmt: skip
ALGORITHMS: dict[str, type[HTTPSignatureAlgorithm]] = {
    "ed25519": algorithms.ED25519,
    "ecdsa-p256-sha256": algorithms.ECDSA_P256_SHA256,
}

both_kinds = pytest.mark.parametrize("kind", ["ed25519", "p256"])


class Resolver(HTTPSignatureKeyResolver):
    """One key, for the other implementation."""

    def __init__(self, key: SigningKey) -> None:
        self.key = key

    def resolve_private_key(self, key_id: str) -> Any:
        return self.key.private_key

    def resolve_public_key(self, key_id: str) -> Any:
        return self.key.private_key.public_key()


def signing_key(kind: str) -> SigningKey:
    """A fresh key of a kind."""
    private_key = Ed25519PrivateKey.generate() if kind == "ed25519" else ec.generate_private_key(ec.SECP256R1())
    return SigningKey(thumbprint(jwk_of(private_key.public_key())), private_key)


def others(key: SigningKey) -> dict[str, Any]:
    """The other implementation's settings for a key."""
    return {
        "signature_algorithm": ALGORITHMS[keys.algorithm_of(key.private_key)],
        "key_resolver": Resolver(key),
    }


def now() -> int:
    """The other implementation reads the clock itself."""
    return int(datetime.now(UTC).timestamp())


def sent_by_us(key: SigningKey) -> tuple[RequestMessage, httpx2.Request]:
    """A request signed by us, in our form and in the other's."""
    added = sign_request(RequestMessage("POST", URL, HEADERS, BODY), key, now(), NONCE, TAG)
    message = RequestMessage("POST", URL, {**HEADERS, **added}, BODY)
    return message, httpx2.Request("POST", URL, content=BODY, headers=dict(message.headers))


@both_kinds
def test_another_implementation_accepts_our_request(kind: str) -> None:
    key = signing_key(kind)
    _, sent = sent_by_us(key)
    [result] = HTTPMessageVerifier(**others(key)).verify(sent, expect_tag=TAG, require_components=COVERED, body=BODY)
    assert result.body == BODY


@both_kinds
def test_we_accept_a_request_of_another_implementation(kind: str) -> None:
    key = signing_key(kind)
    sent = httpx2.Request("POST", URL, content=BODY, headers=HEADERS)
    HTTPMessageSigner(**others(key)).sign(
        sent, key_id=key.key_id, created=datetime.now(UTC), nonce=NONCE, label="sig", tag=TAG, include_alg=False,
        covered_component_ids=COVERED, body=BODY,
    )  # fmt: skip
    message = RequestMessage("POST", URL, combined(sent.headers.multi_items()), BODY)
    verdict = verify_request(message, {key.key_id: key.private_key.public_key()}.get, now(), TAG)
    assert isinstance(verdict, Verified)
    assert (verdict.key_id, verdict.nonce) == (key.key_id, NONCE)


@both_kinds
def test_another_implementation_accepts_our_answer(kind: str) -> None:
    key = signing_key(kind)
    message, sent = sent_by_us(key)
    answer = ResponseMessage(201, {"content-type": "application/json"}, b'{"result":"eligible"}')
    headers = {**answer.headers, **sign_response(answer, message, key, now())}
    received = httpx2.Response(201, headers=headers, content=answer.body, request=sent)
    [result] = HTTPMessageVerifier(**others(key)).verify(
        received, expect_tag=ANSWER_TAG, require_components=COVERED_ANSWER, body=answer.body
    )
    assert result.body == answer.body


@both_kinds
def test_we_accept_an_answer_of_another_implementation(kind: str) -> None:
    key = signing_key(kind)
    message, sent = sent_by_us(key)
    body = b'{"result":"declined"}'
    received = httpx2.Response(201, headers={"content-type": "application/json"}, content=body, request=sent)
    HTTPMessageSigner(**others(key)).sign(
        received, key_id=key.key_id, created=datetime.now(UTC), label="sig", tag=ANSWER_TAG, include_alg=False,
        covered_component_ids=COVERED_ANSWER, body=body,
    )  # fmt: skip
    answer = ResponseMessage(201, combined(received.headers.multi_items()), body)
    assert verify_response(answer, message, {key.key_id: key.private_key.public_key()}.get, now()) is None


def test_rfc_9421_appendix_b_2_6_ed25519() -> None:
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


def test_rfc_9421_appendix_b_2_4_p256_answer() -> None:
    public_key = load_pem_public_key(
        b"-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf\n"
        b"w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==\n-----END PUBLIC KEY-----\n"
    )
    assert isinstance(public_key, ec.EllipticCurvePublicKey)
    base = (
        '"@status": 200\n"content-type": application/json\n'
        '"content-digest": sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:\n'
        '"content-length": 23\n'
        '"@signature-params": ("@status" "content-type" "content-digest" "content-length")'
        ';created=1618884473;keyid="test-key-ecc-p256"'
    )
    signature = base64.b64decode(
        "wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw=="
    )
    assert keys.verify_bytes(public_key, signature, base.encode())
    assert not keys.verify_bytes(public_key, signature, base.replace("200", "201").encode())


def test_rfc_9530_appendix_b_content_digest() -> None:
    assert content_digest(b'{"hello": "world"}\n') == "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"


def test_rfc_8032_section_7_1_test_2() -> None:
    private_key = Ed25519PrivateKey.from_private_bytes(
        bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    )
    expected = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert keys.sign_bytes(private_key, b"\x72") == expected
    assert keys.verify_bytes(private_key.public_key(), expected, b"\x72")


def test_rfc_7515_appendix_a_3_es256() -> None:
    jwk = {
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    }
    signed = b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    signature = base64.urlsafe_b64decode(
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q=="
    )
    assert keys.verify_bytes(public_key_from_jwk(jwk), signature, signed)


def test_rfc_7515_appendix_a_1_hs256() -> None:
    key = base64url.decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
    signed = (
        b"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
        b"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    )
    assert base64url.encode(suite("intl").mac(key, signed)) == "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


def test_rfc_8037_appendix_a_4_eddsa() -> None:
    issuer = suite("intl").issuer
    secret = base64url.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
    assert issuer.jwk(issuer.public(secret))["x"] == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    signed = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
    expected = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    assert base64url.encode(issuer.signer(secret).sign(signed)) == expected
    assert issuer.verifier(issuer.public(secret)).verify(base64url.decode(expected), signed)


def test_rfc_9421_appendix_b_2_5_hmac() -> None:
    key = base64.b64decode("uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==")
    parameters = '("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"'
    components = [
        ('"date"', "Tue, 20 Apr 2021 02:07:55 GMT"), ('"@authority"', "example.com"), ('"content-type"', "application/json"),
    ]  # fmt: skip
    mac = suite("intl").mac(key, signature_base(components, parameters))
    assert base64.b64encode(mac).decode() == "pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8="


def test_rfc_8037_appendix_a_3_thumbprint_of_an_ed25519_key() -> None:
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    key = public_key_from_jwk(jwk)
    assert isinstance(key, Ed25519PublicKey)
    assert jwk_of(key) == jwk
    assert thumbprint(jwk) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_rfc_9449_section_6_1_thumbprint_of_a_p256_key() -> None:
    jwk = {
        "kty": "EC",
        "crv": "P-256",
        "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
        "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
        "alg": "ES256",
        "use": "sig",
    }
    assert thumbprint(jwk) == "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
    assert thumbprint(jwk_of(public_key_from_jwk(jwk))) == thumbprint(jwk)
