"""What needs no server: one signed request by us and by http-message-signatures, and the judgement of one offline code."""

import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

import httpx2
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import HTTPMessageSigner, HTTPMessageVerifier, HTTPSignatureKeyResolver, algorithms

from backend.commands.bench.lines import Line
from backend.commands.bench.load import Wrong
from backend.platform.http.signatures import REQUEST_TAG
from partners.codes import ic3
from partners.codes.ic3 import NO_CHALLENGE, Attestation, Outcome, Terminal
from partners.sdk.offline import OfflineBenefit, OfflineTill
from partners.sdk.offline_store import OfflineStore
from partners.signatures.key_sets import IssuerKey
from partners.signatures.keys import jwk_of, thumbprint
from partners.signatures.requests import RequestMessage, SigningKey, Verified, sign_request, verify_request
from partners.signatures.suites import suite
from partners.status_lists import Claims, pack, write_token

_URL = "https://city.example/v1/partner/verifications"
_BODY = b'{"code":"IC1:X","benefit":"library-deposit-waiver","terminal":"till-1","partner_ref":"bench"}'
_NONCE = "bm9uY2Utb2YtdGhlLWJlbmNo"
_COVERED = ("@method", "@target-uri", "content-type", "content-digest", "idempotency-key")
_CALLS = 200
_OFFLINE_CODES = 200
_SLOT, _BENEFIT, _LIFETIME = 1, 7, 86_400
_LIST_URL = "https://city.example/v1/status-lists/attestations"


class Resolver(HTTPSignatureKeyResolver):
    """One key, for the other implementation."""

    def __init__(self, key: Any) -> None:
        self._key = key

    def resolve_private_key(self, key_id: str) -> Any:
        """The key, whatever it is called."""
        return self._key

    def resolve_public_key(self, key_id: str) -> Any:
        """Its public part."""
        return self._key.public_key()


def signatures(rounds: int) -> Iterator[Line]:
    """Signing and verifying the same request: ours and the package's. Raises Wrong unless each accepts the other's."""
    private_key = Ed25519PrivateKey.generate()
    key = SigningKey(thumbprint(jwk_of(private_key.public_key())), private_key)
    others: dict[str, Any] = {"signature_algorithm": algorithms.ED25519, "key_resolver": Resolver(private_key)}
    headers = {"content-type": "application/json", "idempotency-key": str(uuid4())}
    message = RequestMessage("POST", _URL, headers, _BODY)
    signer, verifier = HTTPMessageSigner(**others), HTTPMessageVerifier(**others)
    public_keys = {key.key_id: private_key.public_key()}.get

    def now() -> int:
        return int(datetime.now(UTC).timestamp())

    def sign() -> RequestMessage:
        return RequestMessage(
            "POST", _URL, {**headers, **sign_request(message, key, now(), _NONCE, REQUEST_TAG)}, _BODY
        )

    def verify(signed: RequestMessage) -> None:
        if not isinstance(verify_request(signed, public_keys, now(), REQUEST_TAG), Verified):
            raise Wrong("签名未通过验证。", "A signature was not accepted.")

    def sign_theirs() -> httpx2.Request:
        request = httpx2.Request("POST", _URL, content=_BODY, headers=headers)
        signer.sign(
            request, key_id=key.key_id, created=datetime.now(UTC), nonce=_NONCE, label="sig", tag=REQUEST_TAG,
            include_alg=False, covered_component_ids=_COVERED, body=_BODY,
        )  # fmt: skip
        return request

    def verify_theirs(request: httpx2.Request) -> None:
        verifier.verify(request, expect_tag=REQUEST_TAG, require_components=_COVERED, body=_BODY)

    ours, theirs = sign(), sign_theirs()
    verify(RequestMessage("POST", _URL, {name.lower(): value for name, value in theirs.headers.items()}, _BODY))
    verify_theirs(httpx2.Request("POST", _URL, content=_BODY, headers=dict(ours.headers)))
    pairs = {"sign": (sign, sign_theirs), "verify": (lambda: verify(ours), lambda: verify_theirs(theirs))}
    for act, (one, other) in pairs.items():
        found = [(_microseconds(one), _microseconds(other)) for _ in range(rounds)]
        yield Line(f"request_{act}", [mine for mine, _ in found], "us")
        yield Line(f"request_{act}_http_message_signatures", [package for _, package in found], "us")
        yield Line(f"request_{act}_http_message_signatures_of_xinyi_ratio", [b / a for a, b in found], "ratio")


def _microseconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    for _ in range(_CALLS):
        act()
    return (time.perf_counter() - began) / _CALLS * 1e6


def offline(rounds: int) -> Iterator[Line]:
    """A till without a network judges one fresh code after the other; `_kept` also writes each use to the disk."""
    for name in ("judged", "kept"):
        yield Line(f"offline_code_{name}_p50", [_offline_round(kept=name == "kept") for _ in range(rounds)], "ms")


def _offline_round(*, kept: bool) -> float:
    """The median time of one judgement, in milliseconds. Raises Wrong unless every code is valid."""
    intl, now = suite("intl"), int(datetime.now(UTC).timestamp())
    issuer, status = (Ed25519PrivateKey.generate().private_bytes_raw() for _ in range(2))
    holder = intl.holder.signer(issuer)
    device_key = intl.holder.public(issuer)
    codes = []
    for index in range(_OFFLINE_CODES):
        attestation = ic3.issue(
            Attestation(slot=_SLOT, benefit=_BENEFIT, not_before=ic3.not_before(now, 0), status_index=index, device_key=device_key),
            intl, intl.issuer.signer(issuer),
        )  # fmt: skip
        codes.append(ic3.encode(attestation, ic3.prove(attestation, intl, holder, now, NO_CHALLENGE)))
    with tempfile.TemporaryDirectory(prefix="xinyi-bench-") as folder:
        till = _till(Path(folder) / "till.db", issuer, status, now)
        key = IssuerKey(intl, intl.issuer.verifier(intl.issuer.public(issuer)))
        terminal = Terminal({_SLOT: key}.get, {_BENEFIT: _LIFETIME}, lambda _: 0)
        times = []
        for code in codes:
            began = time.perf_counter()
            verdict = till.verify(code, "library") if kept else ic3.verify(code, terminal, now, lambda _: False)
            times.append(time.perf_counter() - began)
            if verdict.outcome is not Outcome.VALID:
                raise Wrong(f"离线码未通过：{verdict.outcome}", f"An offline code was refused: {verdict.outcome}.")
    return median(times) * 1000


def _till(file: Path, issuer: bytes, status: bytes, now: int) -> OfflineTill:
    algorithm = suite("intl").issuer
    attestation_jwk, status_jwk = (algorithm.jwk(algorithm.public(secret)) for secret in (issuer, status))
    said = {"use": "sig", "alg": algorithm.name}
    key_set = {
        "keys": [
            {**attestation_jwk, **said, "purpose": "attestation", "slot": _SLOT},
            {**status_jwk, **said, "purpose": "status"},
        ]
    }
    till = OfflineTill(OfflineStore(file), _LIST_URL)
    till.install_keys(msgspec.json.encode(key_set))
    claims = Claims(subject=_LIST_URL, issued_at=now, expires_at=now + _LIFETIME, ttl=900)
    token = write_token(pack(4096, {}), claims, thumbprint(status_jwk), algorithm.name, algorithm.signer(status))
    if (failure := till.install_status_list(token)) is not None:
        raise Wrong(f"状态列表未被接受：{failure}", f"The status list was not accepted: {failure}.")
    till.install_benefits([OfflineBenefit(_BENEFIT, "library", _LIFETIME)])
    return till
