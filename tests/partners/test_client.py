"""The partner's client: signs what it sends, believes only what is signed for it, and never does an act twice."""

import gzip
import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from partners.decisions import Decision, receipt
from partners.sdk import (
    AnswerNotTrusted,
    HolderAsked,
    OutcomeUnknown,
    PartnerClient,
    ServerProblem,
    Verification,
    load_signing_key,
)
from partners.signatures.base import combined
from partners.signatures.keys import PrivateKey, jwk_of, thumbprint
from partners.signatures.requests import RequestMessage, SigningKey, Verified, verify_request
from partners.signatures.responses import ResponseMessage, sign_response

URL = "https://city.example"
NOW = 1_790_000_000
VERIFICATION_ID = UUID("0193a1c0-0000-7000-8000-000000000020")
REDEMPTION_ID = UUID("0193a1c0-0000-7000-8000-000000000021")
PARTNER = "0193a1c0-0000-7000-8000-000000000001"
VERIFICATION = {
    "verification_id": str(VERIFICATION_ID), "benefit": "library-deposit-waiver", "result": "eligible",
    "tier": {"unit": "pieces", "value": "000000000008"}, "answered_at": "2026-11-23T08:00:00Z",
    "expires_at": "2026-11-23T08:15:00Z", "ref": "bm90IGEgcGVyc29u", "receipt": "a.b.c", "added_later": 1,
}  # fmt: skip
REDEMPTION = {
    "redemption_id": str(REDEMPTION_ID), "verification_id": str(VERIFICATION_ID), "benefit": "library-deposit-waiver",
    "amount_fen": 1200, "reversed_fen": 0, "state": "redeemed", "redeemed_at": "2026-11-23T08:01:00Z",
    "partner_ref": "order-1", "receipt": "a.b.c",
}  # fmt: skip
REVERSAL = {
    "reversal_id": "0193a1c0-0000-7000-8000-000000000022", "redemption_id": str(REDEMPTION_ID), "amount_fen": 600,
    "left_fen": 600, "state": "partly-reversed", "reversed_at": "2026-11-23T08:05:00Z", "partner_ref": "refund-1",
    "receipt": "a.b.c",
}  # fmt: skip


def new_key() -> SigningKey:
    """A fresh Ed25519 key."""
    private_key = Ed25519PrivateKey.generate()
    return SigningKey(thumbprint(jwk_of(private_key.public_key())), private_key)


Reply = Callable[["City", RequestMessage], httpx2.Response]


class City:
    """The platform as a partner meets it: checks signatures and nonces, signs its answers, and plays the replies given."""

    def __init__(self, *replies: Reply) -> None:
        self.key, self.till, self.published = new_key(), new_key(), [new_key()]
        self.published.append(self.key)
        self.replies = list(replies)
        self.requests: list[RequestMessage] = []
        self.nonces: set[str] = set()
        self.slept: list[float] = []
        self.time = float(NOW)
        self.fetches = 0
        http = httpx2.Client(transport=httpx2.MockTransport(self.handle))
        self.drawn = 0.0
        self.client = PartnerClient(
            URL, self.till, http=http, now=lambda: self.time, sleep=self.slept.append, draw=lambda: self.drawn
        )

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        """One request."""
        if request.url.path == "/.well-known/jwks.json":
            self.fetches += 1
            others = [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}, {"kty": "oct"}]
            keys = [{**jwk_of(key.private_key.public_key()), "kid": "chosen", "use": "sig"} for key in self.published]
            return httpx2.Response(200, json={"keys": [*others, *keys]})
        message = RequestMessage(
            request.method, str(request.url), combined(request.headers.multi_items()), request.content
        )
        verdict = verify_request(
            message, {self.till.key_id: self.till.private_key.public_key()}.get, int(self.time), "xinyi-request"
        )
        assert isinstance(verdict, Verified)
        assert verdict.nonce not in self.nonces
        self.nonces.add(verdict.nonce)
        self.requests.append(message)
        return self.replies.pop(0)(self, message)

    def sent_keys(self) -> set[str]:
        """The idempotency keys that came."""
        return {message.headers["idempotency-key"] for message in self.requests}


def says(
    status: int, body: dict[str, Any], *, signer: SigningKey | None = None, retry_after: str | None = None
) -> Reply:
    """A signed answer."""

    def reply(city: City, message: RequestMessage) -> httpx2.Response:
        content = json.dumps(body).encode()
        plain = {"content-type": "application/json"} | ({"retry-after": retry_after} if retry_after else {})
        signed = sign_response(ResponseMessage(status, plain, content), message, signer or city.key, int(city.time))
        return httpx2.Response(status, headers={**plain, **signed}, content=content)

    return reply


def refuses(status: int, code: str, *, retry_after: str | None = None) -> Reply:
    """A signed problem."""
    return says(status, {"code": code, "detail": "请稍后", "detail_en": "Later"}, retry_after=retry_after)


def gateway(status: int) -> Reply:
    """What stands in between says so, unsigned."""
    return lambda _city, _message: httpx2.Response(status, html="<h1>Bad gateway</h1>")


def lost(_city: City, message: RequestMessage) -> httpx2.Response:
    """The reply is cut off; the act may have been done."""
    raise httpx2.ReadTimeout("no reply", request=httpx2.Request(message.method, message.target_uri))


def verify(city: City) -> Any:
    """One scan."""
    return city.client.verify("IC1:X", "library-deposit-waiver", terminal="till-1", partner_ref="order-1")


def redeem(city: City, **more: Any) -> Any:
    """One redemption."""
    return city.client.redeem(VERIFICATION_ID, partner_ref="order-1", amount_fen=1200, **more)


def test_a_scan_is_answered_in_one_word() -> None:
    city = City(says(201, VERIFICATION))
    answer = verify(city)
    assert (answer.eligible, answer.verification_id, answer.tier.value) == (True, VERIFICATION_ID, "000000000008")
    [sent] = city.requests
    assert (sent.method, sent.target_uri) == ("POST", f"{URL}/v1/partner/verifications")
    assert json.loads(sent.body) == {
        "code": "IC1:X", "benefit": "library-deposit-waiver", "terminal": "till-1", "partner_ref": "order-1",
    }  # fmt: skip


ASKED = {
    "verification_id": str(VERIFICATION_ID), "benefit": "library-deposit-waiver", "state": "pending-confirmation",
    "confirm_by": "2026-09-21T14:14:20Z", "poll_seconds": 2,
}  # fmt: skip


def test_a_scan_that_the_holder_confirms_is_waited_for() -> None:
    city = City(says(202, ASKED), says(202, ASKED), says(200, {**VERIFICATION, "state": "answered"}))
    told: list[HolderAsked] = []
    answer = city.client.verify("IC1:X", "b", terminal="till-1", partner_ref="order-1", on_asked=told.append)
    assert (answer.eligible, [asked.verification_id for asked in told]) == (True, [VERIFICATION_ID])
    assert city.slept == [2, 2]
    assert [sent.method for sent in city.requests] == ["POST", "GET", "GET"]


def test_waiting_for_a_holder_ends_and_is_never_a_yes() -> None:
    city = City(says(202, ASKED), *[says(202, ASKED)] * 100)
    city.client = PartnerClient(
        URL, city.till, http=httpx2.Client(transport=httpx2.MockTransport(city.handle)), now=lambda: city.time,
        sleep=lambda seconds: setattr(city, "time", city.time + seconds),
    )  # fmt: skip
    with pytest.raises(OutcomeUnknown) as unknown:
        verify(city)
    assert unknown.value.idempotency_key in {message.headers.get("idempotency-key") for message in city.requests}
    assert city.time - NOW <= 60 + 30 + 2


def test_a_look_that_nobody_answers_does_not_end_the_waiting() -> None:
    city = City(says(202, ASKED), *[lost] * 4, says(200, {**VERIFICATION, "state": "answered"}))
    assert verify(city).eligible


def test_looking_up_a_scan_that_waits() -> None:
    city = City(says(202, ASKED))
    assert isinstance(city.client.verification(VERIFICATION_ID), HolderAsked)


def test_redemption_reversal_and_looking_up() -> None:
    city = City(
        says(201, REDEMPTION),
        says(201, REVERSAL),
        says(200, REDEMPTION),
        says(200, {**VERIFICATION, "state": "redeemed"}),
    )
    assert redeem(city).redemption_id == REDEMPTION_ID
    assert city.client.reverse(REDEMPTION_ID, partner_ref="refund-1", amount_fen=600).left_fen == 600
    key = city.requests[0].headers["idempotency-key"]
    found = city.client.redemption_by_key(key)
    assert found is not None
    assert found.amount_fen == 1200
    looked_up = city.client.verification(VERIFICATION_ID)
    assert isinstance(looked_up, Verification)
    assert looked_up.state == "redeemed"
    assert [sent.target_uri.removeprefix(URL) for sent in city.requests] == [
        "/v1/partner/redemptions",
        f"/v1/partner/redemptions/{REDEMPTION_ID}/reversals",
        f"/v1/partner/redemptions?idempotency_key={key}",
        f"/v1/partner/verifications/{VERIFICATION_ID}",
    ]


def test_what_was_not_done_is_not_found() -> None:
    assert City(refuses(404, "not-found")).client.redemption_by_key(str(VERIFICATION_ID)) is None


@pytest.mark.parametrize("first", [lost, gateway(502), refuses(503, "unavailable"), refuses(500, "internal-error")])
def test_an_act_is_sent_again_under_the_same_key_and_a_fresh_nonce(first: Reply) -> None:
    city = City(first, says(201, REDEMPTION))
    assert redeem(city).amount_fen == 1200
    assert (len(city.requests), len(city.nonces), len(city.sent_keys())) == (2, 2, 1)


def test_two_acts_have_two_keys() -> None:
    city = City(says(201, REDEMPTION), says(201, REDEMPTION))
    redeem(city)
    redeem(city)
    assert len(city.sent_keys()) == 2


@pytest.mark.parametrize(
    "reply", [lost, gateway(504), refuses(500, "internal-error"), refuses(409, "idempotency-in-progress")]
)
def test_an_unknown_outcome_carries_the_key_that_settles_it(reply: Reply) -> None:
    city = City(*[reply] * 4)
    with pytest.raises(OutcomeUnknown) as unknown:
        redeem(city)
    assert {unknown.value.idempotency_key} == city.sent_keys()
    assert unknown.value.__cause__ is not None


def test_a_lost_answer_stays_unknown_even_if_later_tries_are_too_many() -> None:
    city = City(lost, *[refuses(429, "rate-limited", retry_after="3")] * 3)
    with pytest.raises(OutcomeUnknown):
        redeem(city)


def test_an_own_key_is_used() -> None:
    city = City(says(201, REDEMPTION))
    redeem(city, idempotency_key=str(VERIFICATION_ID))
    assert city.sent_keys() == {str(VERIFICATION_ID)}


@pytest.mark.parametrize(
    ("status", "code"), [(422, "code-unusable"), (409, "state-conflict"), (401, "nonce-replayed"), (404, "not-found")]
)
def test_a_refusal_is_final(status: int, code: str) -> None:
    city = City(refuses(status, code))
    with pytest.raises(ServerProblem) as problem:
        redeem(city)
    assert (problem.value.status, problem.value.code, city.slept) == (status, code, [])


def test_the_platform_says_how_long_to_wait() -> None:
    city = City(refuses(429, "rate-limited", retry_after="7"), says(201, VERIFICATION))
    assert verify(city).eligible
    assert city.slept == [7.0]


def test_tills_that_were_cut_off_together_do_not_come_back_together() -> None:
    waits = []
    for drawn in (0.0, 0.5, 1.0):
        city = City(lost, refuses(503, "unavailable", retry_after="2"), says(201, REDEMPTION))
        city.drawn = drawn
        redeem(city)
        waits.append(city.slept)
    assert waits == [[0.4, 2.0], [0.5, 2.5], [pytest.approx(0.6), 3.0]]


def test_of_an_endless_answer_no_more_than_a_megabyte_is_read() -> None:
    read = 0

    def endless() -> Iterator[bytes]:
        nonlocal read
        while True:
            read += 65_536
            yield bytes(65_536)

    city = City(lambda _city, _message: httpx2.Response(201, content=endless()))
    with pytest.raises(AnswerNotTrusted, match="too-large"):
        verify(city)
    assert read <= 1024 * 1024 + 65_536


def test_a_compressed_answer_is_read_as_what_it_was() -> None:
    def compressed(city: City, message: RequestMessage) -> httpx2.Response:
        plain = says(201, VERIFICATION)(city, message)
        headers = {name: value for name, value in plain.headers.items() if name != "content-length"}
        return httpx2.Response(
            201, headers={**headers, "content-encoding": "gzip"}, content=gzip.compress(plain.content)
        )

    assert verify(City(compressed)).eligible


def test_nobody_waits_at_the_till_for_a_minute() -> None:
    city = City(refuses(429, "rate-limited", retry_after="60"))
    with pytest.raises(ServerProblem, match="rate-limited"):
        verify(city)
    assert city.slept == []


def swapped(city: City, message: RequestMessage) -> httpx2.Response:
    """An answer to another request."""
    other = RequestMessage(message.method, message.target_uri, {**message.headers, "signature": "sig=:AA==:"}, b"")
    return says(201, VERIFICATION)(city, other)


def altered(city: City, message: RequestMessage) -> httpx2.Response:
    """A no that was made a yes."""
    declined = says(201, {**VERIFICATION, "result": "declined"})(city, message)
    return httpx2.Response(201, headers=declined.headers, content=declined.content.replace(b"declined", b"eligible"))


def unsigned(_city: City, _message: RequestMessage) -> httpx2.Response:
    """A yes of whoever."""
    return httpx2.Response(201, json=VERIFICATION)


@pytest.mark.parametrize(
    "reply", [swapped, altered, unsigned, says(201, VERIFICATION, signer=new_key()), says(201, {"result": "maybe"})]
)
def test_an_answer_that_is_not_the_platforms_is_never_acted_on(reply: Reply) -> None:
    with pytest.raises(AnswerNotTrusted):
        verify(City(reply))


def test_the_key_set_is_fetched_once_then_for_a_new_key_and_after_five_minutes() -> None:
    city = City(*[says(201, VERIFICATION)] * 5)
    verify(city)
    verify(city)
    assert city.fetches == 1
    city.key = new_key()
    city.published.append(city.key)
    verify(city)
    assert city.fetches == 2
    city.time += 300
    verify(city)
    assert city.fetches == 3


def test_a_revoked_key_is_not_believed_after_five_minutes() -> None:
    city = City(*[says(201, VERIFICATION)] * 2)
    verify(city)
    city.published.remove(city.key)
    city.time += 300
    with pytest.raises(AnswerNotTrusted, match="key-unknown"):
        verify(city)


def test_a_receipt_is_read_with_the_published_keys() -> None:
    city = City()
    assert isinstance(city.key.private_key, Ed25519PrivateKey)
    decision = Decision(
        issuer=URL, audience=PARTNER, verification=str(VERIFICATION_ID), benefit="library-deposit-waiver",
        result="eligible", tier=8, request_digest=bytes(32), issued_at=NOW, expires_at=NOW + 900,
    )  # fmt: skip
    text = receipt(decision, city.key.key_id, city.key.private_key.sign)
    claims = city.client.read_receipt(text, PARTNER)
    assert claims is not None
    assert claims["result"] == "eligible"
    stranger = new_key()
    assert isinstance(stranger.private_key, Ed25519PrivateKey)
    assert city.client.read_receipt(receipt(decision, stranger.key_id, stranger.private_key.sign), PARTNER) is None


def pem(key: PrivateKey | rsa.RSAPrivateKey) -> bytes:
    """A private key as a file holds it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize("key", [Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1())])
def test_a_key_file_is_loaded_under_its_thumbprint(key: PrivateKey) -> None:
    assert load_signing_key(pem(key)).key_id == thumbprint(jwk_of(key.public_key()))


@pytest.mark.parametrize("key", [rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1())])
def test_a_key_of_another_kind_is_refused(key: Any) -> None:
    with pytest.raises(ValueError, match="P-256"):
        load_signing_key(pem(key))
