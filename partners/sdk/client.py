"""A client for partners: signs every request, verifies every answer, retries without doing a thing twice.

    client = PartnerClient("https://city.example", load_signing_key(pem))
    verification = client.verify("IC1:...", "library-deposit-waiver", terminal="till-1", partner_ref="2026-0001")
    if verification.eligible:
        client.redeem(verification.verification_id, partner_ref="2026-0001")

Every act raises ServerProblem when the platform refuses, AnswerNotTrusted when the answer is not the platform's, and
OutcomeUnknown when none came; the last one carries the idempotency key with which the act can be settled.
"""

import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx2
import msgspec

from partners.decisions import DECISION_TYPE, read_receipt
from partners.sdk.answers import HolderAsked, Redemption, Reservation, Reversal, Verification
from partners.sdk.failures import AnswerNotTrusted, OutcomeUnknown, ServerProblem
from partners.sdk.keys import PublishedKeys
from partners.signatures.base import combined
from partners.signatures.requests import RequestMessage, SigningKey, sign_request
from partners.signatures.responses import ResponseMessage, verify_response

TAG = "xinyi-request"
TRIES = 4
LONGEST_WAIT_SECONDS = 10
# The longest answer of the contract has a few hundred kilobytes; nothing in between may fill a till's memory.
MAXIMUM_ANSWER = 1024 * 1024

# The platform answers no by itself soon after the holder's time is over.
_ANSWERED_WITHIN_SECONDS = 30

_CHANCE = secrets.SystemRandom()
_WAITS = 202
_LATER = frozenset({429, 500, 502, 503, 504})

Answer = TypeVar("Answer")


class PartnerClient:
    """Talks to one server with one key. Safe to keep for the life of a till; one for each thread."""

    def __init__(
        self,
        url: str,
        key: SigningKey,
        *,
        http: httpx2.Client | None = None,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        draw: Callable[[], float] = _CHANCE.random,
    ) -> None:
        """`url` is the address the platform is published under, https outside a test: it is part of what is signed.

        `draw` gives numbers from 0 to 1, by which waits are lengthened: tills that were cut off together do not come back together.
        """
        self._url = url.rstrip("/")
        self._key = key
        self._http = http or httpx2.Client(timeout=10)
        self._now = now
        self._sleep = sleep
        self._draw = draw
        self._published = PublishedKeys(self._url, self._http, now)

    def verify(
        self,
        code: str,
        benefit: str,
        *,
        terminal: str,
        partner_ref: str,
        amount_fen: int | None = None,
        store: UUID | None = None,
        idempotency_key: str | None = None,
        on_asked: Callable[[HolderAsked], None] | None = None,
    ) -> Verification:
        """Asks whether the holder of a scanned or typed code is eligible for a benefit; `store` is one's own, and is needed where the
        benefit is valid at some stores or in some districts only.

        Where the benefit needs the holder's confirmation this waits for it, a minute and a half at most, after calling
        `on_asked` once: tell the customer to look at their phone.
        """
        body = {"code": code, "benefit": benefit, "terminal": terminal, "partner_ref": partner_ref}
        if store is not None:
            body["store"] = str(store)
        key = idempotency_key or str(uuid4())
        received = self._post("/v1/partner/verifications", _priced(body, amount_fen), key)
        if received.status_code != _WAITS:
            return _decoded(received, Verification)
        asked = _decoded(received, HolderAsked)
        if on_asked is not None:
            on_asked(asked)
        while self._now() < asked.confirm_by.timestamp() + _ANSWERED_WITHIN_SECONDS:
            self._sleep(min(max(asked.poll_seconds, 1), LONGEST_WAIT_SECONDS))
            try:
                found = self.verification(asked.verification_id)
            except OutcomeUnknown:
                # Nobody answered this look; the holder may still.
                continue
            if isinstance(found, Verification):
                return found
        raise OutcomeUnknown(key)

    def verification(self, verification_id: UUID) -> Verification | HolderAsked:
        """A verification of one's own as it stands now; HolderAsked while its holder has not answered."""
        received = self._get(f"/v1/partner/verifications/{verification_id}")
        if received.status_code == _WAITS:
            return _decoded(received, HolderAsked)
        return _decoded(received, Verification)

    def reserve(
        self,
        verification_id: UUID,
        *,
        partner_ref: str,
        amount_fen: int | None = None,
        idempotency_key: str | None = None,
    ) -> Reservation:
        """Holds the place of an eligible verification until it is redeemed, for a few minutes."""
        body = {"verification_id": str(verification_id), "partner_ref": partner_ref}
        return self.post("/v1/partner/reservations", _priced(body, amount_fen), Reservation, idempotency_key)

    def release(self, reservation_id: UUID, *, idempotency_key: str | None = None) -> Reservation:
        """Gives a place back; its verification can still be used."""
        return self.post(f"/v1/partner/reservations/{reservation_id}/release", {}, Reservation, idempotency_key)

    def redeem(
        self,
        verification_id: UUID,
        *,
        partner_ref: str,
        amount_fen: int | None = None,
        idempotency_key: str | None = None,
    ) -> Redemption:
        """Redeems an eligible verification, once and only once."""
        body = {"verification_id": str(verification_id), "partner_ref": partner_ref}
        return self.post("/v1/partner/redemptions", _priced(body, amount_fen), Redemption, idempotency_key)

    def reverse(
        self,
        redemption_id: UUID,
        *,
        partner_ref: str,
        amount_fen: int | None = None,
        idempotency_key: str | None = None,
    ) -> Reversal:
        """Takes back a redemption: `amount_fen` of it, or all that is left."""
        path = f"/v1/partner/redemptions/{redemption_id}/reversals"
        return self.post(path, _priced({"partner_ref": partner_ref}, amount_fen), Reversal, idempotency_key)

    def redemption_by_key(self, idempotency_key: str) -> Redemption | None:
        """Settles an unknown outcome: the redemption sent under this key, or None if it was not done."""
        try:
            return self.get("/v1/partner/redemptions", Redemption, {"idempotency_key": idempotency_key})
        except ServerProblem as problem:
            if problem.code != "not-found":
                raise
            return None

    def read_receipt(self, text: str, audience: str, kind: str = DECISION_TYPE) -> dict[str, Any] | None:
        """The claims of a receipt that the platform signed for `audience` (the partner's id), or None."""
        return read_receipt(text, self._published.find, audience, kind)

    def post(
        self, path: str, body: Mapping[str, Any], answer: type[Answer], idempotency_key: str | None = None
    ) -> Answer:
        """Any other act of a partner or a source: a JSON body to a path of the published contract.

        `answer` is the shape to decode: a msgspec struct, or `dict`. Without `idempotency_key` a new one is drawn.
        """
        return _decoded(self._post(path, body, idempotency_key or str(uuid4())), answer)

    def get(self, path: str, answer: type[Answer], query: Mapping[str, str] | None = None) -> Answer:
        """Any other reading of a partner or a source."""
        return _decoded(self._get(path, query), answer)

    def public(self, path: str) -> bytes:
        """Something that the platform publishes for everybody, unsigned. Raises httpx2.TransportError, AnswerNotTrusted."""
        received = self._http.get(self._url + path)
        if not received.is_success:
            raise AnswerNotTrusted(f"status-{received.status_code}")
        return received.content

    @property
    def url(self) -> str:
        """The address of the platform."""
        return self._url

    def _post(self, path: str, body: Mapping[str, Any], idempotency_key: str) -> httpx2.Response:
        headers = {"content-type": "application/json", "idempotency-key": idempotency_key}
        return self._act("POST", httpx2.URL(self._url + path), headers, msgspec.json.encode(body))

    def _get(self, path: str, query: Mapping[str, str] | None = None) -> httpx2.Response:
        return self._act("GET", httpx2.URL(self._url + path, params=query or None), {}, b"")

    def _act(self, method: str, url: httpx2.URL, headers: Mapping[str, str], content: bytes) -> httpx2.Response:
        """Sends until an answer comes that a further try would not change, waiting longer each time."""
        unknown: Exception | None = None
        for tried in range(1, TRIES + 1):
            try:
                received = self._send(method, str(url), headers, content)
            except (httpx2.TransportError, _NobodyAnswered) as failure:
                unknown, wait = failure, 0.2 * 2**tried
            else:
                if received.is_success:
                    return received
                problem = ServerProblem(received.status_code, _decoded(received, dict[str, Any]))
                if problem.status not in _LATER and problem.code != "idempotency-in-progress":
                    raise problem
                wait = _wait(received)
                # Too many requests: not done. Anything else that may pass: possibly done.
                unknown = unknown if problem.status == 429 else problem
                if unknown is None and (tried == TRIES or wait > LONGEST_WAIT_SECONDS):
                    raise problem
            if tried == TRIES or wait > LONGEST_WAIT_SECONDS:
                break
            self._sleep(wait * (1 + self._draw() / 2))
        raise OutcomeUnknown(headers.get("idempotency-key")) from unknown

    def _send(self, method: str, target: str, headers: Mapping[str, str], content: bytes) -> httpx2.Response:
        """One sending, under a fresh nonce, and its answer, which is the platform's own."""
        unsigned = RequestMessage(method, target, headers, content)
        added = sign_request(unsigned, self._key, int(self._now()), secrets.token_urlsafe(16), TAG)
        sent = RequestMessage(method, target, {**headers, **added}, content)
        received = self._bounded(self._http.build_request(method, target, content=content, headers=dict(sent.headers)))
        message = ResponseMessage(received.status_code, combined(received.headers.multi_items()), received.content)
        refused = verify_response(message, sent, self._published.find, int(self._now()))
        if refused is None:
            return received
        # A gateway in between cannot sign; that it could not reach the platform is no answer of the platform.
        if received.status_code in _LATER:
            raise _NobodyAnswered(refused.code)
        raise AnswerNotTrusted(refused.code)

    def _bounded(self, request: httpx2.Request) -> httpx2.Response:
        """The answer to a request; of one that is too long no more is read."""
        received = self._http.send(request, stream=True)
        try:
            content = bytearray()
            for part in received.iter_bytes():
                content += part
                if len(content) > MAXIMUM_ANSWER:
                    raise AnswerNotTrusted("answer-too-large")
        finally:
            received.close()
        # Decoded above, so not to be decoded again.
        headers = [field for field in received.headers.multi_items() if field[0].lower() != "content-encoding"]
        return httpx2.Response(received.status_code, headers=headers, content=bytes(content), request=request)


class _NobodyAnswered(Exception):
    """Something on the way said `later`."""


def _priced(body: Mapping[str, Any], amount_fen: int | None) -> Mapping[str, Any]:
    return body if amount_fen is None else {**body, "amount_fen": amount_fen}


def _wait(received: httpx2.Response) -> float:
    """Seconds until the platform wants to be asked again; one if it does not say."""
    given = received.headers.get("retry-after", "")
    return float(given) if given.isascii() and given.isdigit() else 1.0


def _decoded(received: httpx2.Response, answer: type[Answer]) -> Answer:
    try:
        return msgspec.json.decode(received.content, type=answer)
    except ValueError:
        raise AnswerNotTrusted("answer-unreadable") from None
