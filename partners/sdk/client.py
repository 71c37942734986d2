"""A client for partners (and sources): signs every request, verifies every answer, retries with the same idempotency key.

client = PartnerClient("https://city.example", load_signing_key(pem))
verification = client.verify("IC1:...", "library-deposit-waiver", terminal="till-1", partner_ref="2026-0001")
if verification["result"] == "eligible":
    client.redeem(verification["verification_id"], partner_ref="2026-0001")
"""

import json
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import httpx2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from partners.signatures.keys import PublicKey, jwk_of, public_key_from_jwk, thumbprint
from partners.signatures.requests import RequestMessage, SigningKey, sign_request
from partners.signatures.responses import ResponseMessage, verify_response

TAG = "xinyi-request"
_TRIES = 4
_RETRY_STATUS = frozenset({409, 429, 500, 502, 503, 504})


class ServerProblem(Exception):
    """A problem document (RFC 9457): `code` is stable, `body` is the whole document."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        super().__init__(f"{status} {body.get('code')}: {body.get('detail')} {body.get('detail_en')}")
        self.status = status
        self.code = str(body.get("code"))
        self.body = body


class AnswerNotTrusted(Exception):
    """The answer is not signed by a published key for exactly this request: do not act on it."""


def load_signing_key(pem: bytes) -> SigningKey:
    """An Ed25519 or P-256 private key from PEM. Raises ValueError for any other kind."""
    key = load_pem_private_key(pem, password=None)
    if not isinstance(key, Ed25519PrivateKey | ec.EllipticCurvePrivateKey):
        raise ValueError("an Ed25519 or P-256 key is needed")
    return SigningKey(thumbprint(jwk_of(key.public_key())), key)


class PartnerClient:
    """Talks to one server with one key. Safe to keep for the life of a till."""

    def __init__(
        self,
        url: str,
        key: SigningKey,
        *,
        http: httpx2.Client | None = None,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url = url.rstrip("/")
        self._key = key
        self._http = http or httpx2.Client(timeout=10)
        self._now = now
        self._sleep = sleep
        self._published: dict[str, PublicKey] = {}

    def verify(
        self, code: str, benefit: str, *, terminal: str, partner_ref: str, amount_fen: int | None = None
    ) -> dict[str, Any]:
        """Asks whether the holder of a scanned or typed code is eligible for a benefit. Raises ServerProblem."""
        body = {"code": code, "benefit": benefit, "terminal": terminal, "partner_ref": partner_ref}
        return self.post("/v1/partner/verifications", body | _amount(amount_fen))

    def redeem(self, verification_id: str, *, partner_ref: str, amount_fen: int | None = None) -> dict[str, Any]:
        """Redeems an eligible verification, once and only once. Raises ServerProblem."""
        body = {"verification_id": verification_id, "partner_ref": partner_ref}
        return self.post("/v1/partner/redemptions", body | _amount(amount_fen))

    def reverse(self, redemption_id: str, *, partner_ref: str, amount_fen: int | None = None) -> dict[str, Any]:
        """Takes back a redemption, whole or in part. Raises ServerProblem."""
        path = f"/v1/partner/redemptions/{redemption_id}/reversals"
        return self.post(path, {"partner_ref": partner_ref} | _amount(amount_fen))

    def redemption_by_key(self, idempotency_key: str) -> dict[str, Any]:
        """Settles an unknown outcome: what became of the redemption sent under this key. Raises ServerProblem."""
        return self.get(f"/v1/partner/redemptions?idempotency_key={idempotency_key}")

    def post(self, path: str, body: Mapping[str, Any], idempotency_key: str | None = None) -> dict[str, Any]:
        """A signed POST; tried again under the same key, with a fresh nonce, when the outcome is unknown."""
        content = json.dumps(body, ensure_ascii=False).encode()
        headers = {"content-type": "application/json", "idempotency-key": idempotency_key or str(uuid4())}
        return self._send("POST", path, headers, content)

    def get(self, path: str) -> dict[str, Any]:
        """A signed GET."""
        return self._send("GET", path, {}, b"")

    def _send(self, method: str, path: str, headers: Mapping[str, str], content: bytes) -> dict[str, Any]:
        for attempt in range(_TRIES):
            last = attempt == _TRIES - 1
            try:
                answer, request = self._once(method, path, headers, content)
            except httpx2.TransportError:
                if last:
                    raise
                self._sleep(0.2 * 2**attempt)
                continue
            if answer.status_code in _RETRY_STATUS and not last and answer.headers.get("retry-after", "1").isdigit():
                self._sleep(min(5.0, float(answer.headers.get("retry-after", "1"))))
                continue
            self._trust(answer, request)
            found: dict[str, Any] = answer.json()
            if answer.status_code >= 400:
                raise ServerProblem(answer.status_code, found)
            return found
        raise AssertionError("the last try answers or raises")

    def _once(
        self, method: str, path: str, headers: Mapping[str, str], content: bytes
    ) -> tuple[httpx2.Response, RequestMessage]:
        message = RequestMessage(method, f"{self._url}{path}", headers, content)
        added = sign_request(message, self._key, int(self._now()), secrets.token_urlsafe(16), TAG)
        sent = {**headers, **added}
        answer = self._http.request(method, message.target_uri, content=content, headers=sent)
        return answer, RequestMessage(method, message.target_uri, sent, content)

    def _trust(self, answer: httpx2.Response, request: RequestMessage) -> None:
        headers = {name.lower(): value for name, value in answer.headers.items()}
        message = ResponseMessage(answer.status_code, headers, answer.content)
        refused = verify_response(message, request, self._published.get, int(self._now()))
        if refused is not None and refused.code == "key-unknown":
            self._fetch_keys()
            refused = verify_response(message, request, self._published.get, int(self._now()))
        if refused is not None:
            raise AnswerNotTrusted(refused.code)

    def _fetch_keys(self) -> None:
        keys = self._http.get(f"{self._url}/.well-known/jwks.json").json()["keys"]
        self._published = {thumbprint(jwk): public_key_from_jwk(jwk) for jwk in keys}


def _amount(amount_fen: int | None) -> dict[str, Any]:
    return {} if amount_fen is None else {"amount_fen": amount_fen}
