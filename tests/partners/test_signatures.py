"""Signed requests and answers: what is altered, moved, late or signed by another is refused."""

import base64
import hashlib
import hmac
import re
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from partners.signatures import keys, requests
from partners.signatures.base import combined, content_digest
from partners.signatures.keys import jwk_of, public_key_from_jwk, thumbprint
from partners.signatures.requests import (
    INPUT,
    Refused,
    RequestMessage,
    SigningKey,
    Verified,
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


SIGNED = request().headers["signature-input"]


@pytest.mark.parametrize(
    "signature_input",
    [
        SIGNED + ';alg="ed25519"',
        SIGNED + ";created=" + str(NOW),
        SIGNED + ", other=" + SIGNED.removeprefix("sig="),
        SIGNED.replace("sig=", "sig1="),
        SIGNED.replace('"@method" "@target-uri"', '"@target-uri" "@method"'),
        SIGNED.replace('"@method" ', ""),
        SIGNED.replace('"@method"', '"@method" "@method"'),
        SIGNED.replace('"@target-uri"', '"@path"'),
        SIGNED.replace(' "idempotency-key"', ""),
        SIGNED.replace('"content-type"', '"content-type";sf'),
        SIGNED.replace(f";created={NOW}", f";created={NOW}.0"),
        SIGNED.replace(f";created={NOW}", f";created=0{NOW}"),
        SIGNED.replace(f";created={NOW}", ""),
        SIGNED.replace(f';nonce="{NONCE}"', ""),
        SIGNED.replace(f';nonce="{NONCE}"', f';nonce="{NONCE}";nonce="{NONCE}"'),
        SIGNED.replace(f';nonce="{NONCE}"', ';nonce="short"'),
        SIGNED.replace(f';tag="{TAG}"', ""),
        SIGNED + " ",
        SIGNED + "\n",
    ],
)
def test_a_signature_input_outside_the_profile_is_refused(signature_input: str) -> None:
    assert signature_input != SIGNED
    assert code_of(request(headers={"signature-input": signature_input})) == "signature-invalid"


def sign_freely(key: SigningKey, lines: list[str], parameters: str) -> dict[str, str]:
    """A signature that is right over whatever its owner wishes, outside our profile."""
    base = "\n".join([*lines, f'"@signature-params": {parameters}']).encode()
    value = base64.b64encode(keys.sign_bytes(key.private_key, base)).decode()
    return {"signature-input": f"sig={parameters}", "signature": f"sig=:{value}:"}


@pytest.mark.parametrize("left_out", ["content-type", "content-digest", "idempotency-key"])
def test_a_good_signature_that_leaves_a_component_out_is_refused(left_out: str) -> None:
    given = request()
    covered = [name for name in ("content-type", "content-digest", "idempotency-key") if name != left_out]
    lines = [f'"@method": {given.method}', f'"@target-uri": {given.target_uri}']
    lines += [f'"{name}": {given.headers[name]}' for name in covered]
    names = " ".join(f'"{name}"' for name in ("@method", "@target-uri", *covered))
    parameters = f'({names});created={NOW};keyid="{KEY.key_id}";nonce="{NONCE}";tag="{TAG}"'
    assert code_of(request(headers=sign_freely(KEY, lines, parameters))) == "signature-invalid"


def test_the_signature_base_reads_as_section_2_5_of_rfc_9421_says() -> None:
    given = request()
    lines = [
        '"@method": POST',
        '"@target-uri": https://city.example/v1/partner/verifications?x=1',
        '"content-type": application/json',
        '"content-digest": ' + content_digest(BODY),
        '"idempotency-key": 0b7f5e2a-6d6e-4c8e-9a51-5a1f0f0a1b2c',
    ]
    parameters = (
        '("@method" "@target-uri" "content-type" "content-digest" "idempotency-key")'
        f';created={NOW};keyid="{KEY.key_id}";nonce="{NONCE}";tag="{TAG}"'
    )
    again = sign_freely(KEY, lines, parameters)
    assert again == {name: given.headers[name] for name in ("signature-input", "signature")}


def test_a_body_needs_a_type_and_a_signer_is_told() -> None:
    plain = RequestMessage("POST", "https://city.example/x", {}, BODY)
    with pytest.raises(ValueError, match="content-type"):
        sign_request(plain, KEY, NOW, NONCE, TAG)
    lines = ['"@method": POST', '"@target-uri": https://city.example/x', f'"content-digest": {content_digest(BODY)}']
    parameters = (
        f'("@method" "@target-uri" "content-digest");created={NOW};keyid="{KEY.key_id}";nonce="{NONCE}";tag="{TAG}"'
    )
    headers = {"content-digest": content_digest(BODY), **sign_freely(KEY, lines, parameters)}
    sent = RequestMessage(plain.method, plain.target_uri, headers, BODY)
    assert verify_request(sent, KEYS, NOW, TAG) == Refused("signature-invalid")


@pytest.mark.parametrize("value", ["a\nb", 'a\r\n"@method": GET', "键", "caf\xe9", "a\x00", "", "\x1f"])
def test_a_value_that_could_be_read_in_two_ways_is_neither_signed_nor_accepted(value: str) -> None:
    headers = {"content-type": "application/json", "idempotency-key": value}
    with pytest.raises(ValueError, match="visible ASCII"):
        sign_request(RequestMessage("POST", "https://city.example/x", headers, BODY), KEY, NOW, NONCE, TAG)
    assert code_of(request(headers={"idempotency-key": value})) == "signature-invalid"


@pytest.mark.parametrize(("nonce", "tag"), [("short", TAG), ("n" * 65, TAG), (NONCE + '"', TAG), (NONCE, "x y")])
def test_a_signer_writes_nothing_that_the_verifier_would_refuse(nonce: str, tag: str) -> None:
    with pytest.raises(ValueError, match="profile"):
        sign_request(RequestMessage("GET", "https://city.example/x", {}), KEY, NOW, nonce, tag)


def test_one_signature_has_one_spelling() -> None:
    given = request().headers["signature"]
    last = given[-4]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    sibling = alphabet[alphabet.index(last) + 1]
    respelled = given[:-4] + sibling + given[-3:]
    assert base64.b64decode(given[5:-1]) == base64.b64decode(respelled[5:-1])
    assert code_of(request(headers={"signature": respelled})) == "signature-invalid"


def test_a_header_that_comes_twice_is_read_as_both_and_so_not_as_the_signed_one() -> None:
    lines = [(name, value) for name, value in request().headers.items()]
    assert combined(lines) == request().headers
    twice = combined([("Idempotency-Key", "11111111-6d6e-4c8e-9a51-5a1f0f0a1b2c"), *lines])
    assert twice["idempotency-key"].startswith("11111111-6d6e-4c8e-9a51-5a1f0f0a1b2c, 0b7f5e2a")
    assert code_of(request(headers=twice)) == "signature-invalid"


def test_the_registered_key_decides_the_algorithm_not_the_message() -> None:
    other = signing_key("p256")
    crossed = {KEY.key_id: other.private_key.public_key()}.get
    assert verify_request(request(), crossed, NOW, TAG) == Refused("signature-invalid")


def test_a_build_that_believes_the_messages_algorithm_takes_a_public_key_for_a_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Algorithm confusion: an HMAC under what everybody knows."""
    public = KEY.private_key.public_key()
    assert isinstance(public, Ed25519PublicKey)
    known = public.public_bytes_raw()

    def hmac_of(message: bytes) -> bytes:
        return hmac.digest(known, message, hashlib.sha512)

    monkeypatch.setattr(requests, "sign_bytes", lambda _, message: hmac_of(message))
    forged = request()
    assert verify_request(forged, {KEY.key_id: public}.get, NOW, TAG) == Refused("signature-invalid")
    monkeypatch.setattr(
        requests, "verify_bytes", lambda _, signature, message: hmac.compare_digest(signature, hmac_of(message))
    )
    assert isinstance(verify_request(forged, {KEY.key_id: public}.get, NOW, TAG), Verified)


@pytest.mark.parametrize("injected", ["../../etc/passwd", "x' OR '1'='1", "http://evil.example/key", "", "*"])
def test_a_key_id_is_a_thumbprint_before_it_is_looked_up(injected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Key id injection: nothing but the form of a thumbprint reaches the look-up."""
    asked: list[str] = []
    given = request().headers["signature-input"].replace(KEY.key_id, injected)
    forged = request(headers={"signature-input": given})

    def look_up(key_id: str) -> None:
        asked.append(key_id)

    assert verify_request(forged, look_up, NOW, TAG) == Refused("signature-invalid")
    assert asked == []
    lax = INPUT.pattern.replace("[A-Za-z0-9_-]{43}", '[^"]*')
    monkeypatch.setattr(requests, "INPUT", re.compile(lax))
    verify_request(forged, look_up, NOW, TAG)
    assert asked == [injected]


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


def test_an_answer_of_another_time_key_or_kind_is_refused() -> None:
    to = request()
    answer = signed_answer(to)
    assert verify_response(answer, to, KEYS, NOW + 61) == Refused("signature-stale")
    assert verify_response(answer, to, lambda _: None, NOW) == Refused("key-unknown")
    assert verify_response(ANSWER, to, KEYS, NOW) == Refused("signature-missing")
    as_answer = ResponseMessage(201, {**answer.headers, **to.headers}, ANSWER.body)
    assert verify_response(as_answer, to, KEYS, NOW) == Refused("signature-invalid")


def test_two_sendings_of_the_same_request_have_answers_of_their_own() -> None:
    first = request()
    retry = sign_request(first, KEY, NOW, "another-nonce-for-it", TAG)
    second = RequestMessage(first.method, first.target_uri, {**first.headers, **retry}, first.body)
    assert verify_response(signed_answer(first), second, KEYS, NOW) == Refused("signature-invalid")


@pytest.mark.parametrize(
    "hostile",
    [
        RequestMessage("GET", "https://city.example/\xff\xfe", {}),
        RequestMessage("GET", "https://city.example/x", {"signature": "\xff\n", "signature-input": ""}),
        RequestMessage("POST", "https://city.example/x", {"content-digest": "", "signature": "sig=::"}, BODY),
    ],
)
def test_the_refusal_of_a_hostile_request_is_signed_like_any_answer(hostile: RequestMessage) -> None:
    refusal = ResponseMessage(401, {"content-type": "application/problem+json"}, b"{}")
    headers = {**refusal.headers, **sign_response(refusal, hostile, KEY, NOW)}
    assert verify_response(ResponseMessage(401, headers, b"{}"), hostile, KEYS, NOW) is None


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
        {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "d": "A" * 43},
    ],
)
def test_a_jwk_that_is_not_a_public_key_of_ours_is_refused(jwk: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        public_key_from_jwk(jwk)
