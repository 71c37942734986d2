"""What a scene plays: good answers and refusals, what a network does, and answers that nobody may believe."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from partners.decisions import Result
from partners.sdk.conformance.answers import BENEFIT, JSON, act, instant, refusal, signed, verification
from partners.sdk.conformance.platform import ELSEWHERE, Cut, Platform, Sent
from partners.signatures.base import content_digest, signature_base, signature_headers
from partners.signatures.keys import sign_bytes
from partners.signatures.requests import RequestMessage
from partners.signatures.responses import TAG

Answering = Callable[[Platform, RequestMessage], Sent]


def good(result: Result = "eligible", added: Mapping[str, Any] | None = None) -> Answering:
    """The act is done and answered; `added` are members of a later contract."""
    return lambda platform, message: act(platform, message, result, added or {})


def problem(status: int, code: str, retry_after: int | None = None) -> Answering:
    """The platform refuses."""
    return lambda platform, message: refusal(platform, message, status, code, retry_after)


def by_next_key(platform: Platform, message: RequestMessage) -> Sent:
    """A yes signed by a key that was published just now."""
    platform.publish(platform.next_key)
    body = verification(platform, "eligible", platform.next_key)
    return signed(platform, message, 201, body, key=platform.next_key)


def pending(platform: Platform, message: RequestMessage) -> Sent:
    """The holder is asked on their phone: neither a yes nor a no yet."""
    body = {
        "verification_id": platform.verification_id, "benefit": BENEFIT, "state": "pending-confirmation",
        "confirm_by": instant(platform.now + 60), "poll_seconds": 1,
    }  # fmt: skip
    return signed(platform, message, 202, body)


def confirmed(result: Result) -> Answering:
    """What a look-up says once the holder has confirmed, or has not."""
    return lambda platform, message: signed(
        platform, message, 200, verification(platform, result) | {"state": "answered"}
    )


def lost(platform: Platform, message: RequestMessage) -> Cut:
    """The act is done, and the answer is lost on its way."""
    act(platform, message, "eligible", {})
    return Cut()


def gateway(_platform: Platform, _message: RequestMessage) -> Sent:
    """Something in between could not reach the platform; it cannot sign."""
    return Sent(502, {"content-type": "text/html"}, b"<h1>Bad gateway</h1>")


def redirect(platform: Platform, _message: RequestMessage) -> Sent:
    """Something in between points elsewhere, under the same method and body."""
    return Sent(307, {**JSON, "location": platform.url + ELSEWHERE}, b"{}")


def endless(_platform: Platform, _message: RequestMessage) -> Sent:
    """An answer that does not end."""
    return Sent(201, dict(JSON), b"", endless=True)


def unsigned(platform: Platform, _message: RequestMessage) -> Sent:
    """A yes without a signature."""
    return Sent(201, dict(JSON), msgspec.json.encode(verification(platform, "eligible")))


def wrong_signature(platform: Platform, message: RequestMessage) -> Sent:
    """A yes whose signature has the right form and is nobody's."""
    honest = _yes(platform, message)
    return Sent(honest.status, {**honest.headers, "signature": f"sig=:{'A' * 85}Q==:"}, honest.body)


def unknown_key(platform: Platform, message: RequestMessage) -> Sent:
    """A yes signed by a key that is not published."""
    return _yes(platform, message, key=platform.unpublished_key)


def other_purpose(platform: Platform, message: RequestMessage) -> Sent:
    """A yes signed by a published key that is for status lists."""
    return _yes(platform, message, key=platform.status_key)


def outdated(platform: Platform, message: RequestMessage) -> Sent:
    """A yes that was signed ten minutes ago."""
    return _yes(platform, message, created=platform.now - 600)


def altered(platform: Platform, message: RequestMessage) -> Sent:
    """A no that was made a yes on its way: the digest that is signed does not match."""
    declined = signed(platform, message, 201, verification(platform, "declined"))
    return Sent(declined.status, declined.headers, declined.body.replace(b'"declined"', b'"eligible"'))


def altered_with_digest(platform: Platform, message: RequestMessage) -> Sent:
    """A no that was made a yes, and the digest with it: the signature does not match."""
    changed = altered(platform, message)
    return Sent(changed.status, {**changed.headers, "content-digest": content_digest(changed.body)}, changed.body)


def status_changed(platform: Platform, message: RequestMessage) -> Sent:
    """A yes that was signed under another status."""
    honest = signed(platform, message, 404, verification(platform, "eligible"))
    return Sent(201, honest.headers, honest.body)


def moved(platform: Platform, _message: RequestMessage) -> Sent:
    """A yes to the first sending, in answer to a later one: the same act under the same key, and yet another request."""
    return _yes(platform, platform.received[0].message)


def unbound(platform: Platform, message: RequestMessage) -> Sent:
    """A yes with a good signature over status, type and digest alone: it answers no request in particular."""
    honest, key = _yes(platform, message), platform.answer_key
    covered = [
        ('"@status"', "201"),
        *((f'"{name}"', honest.headers[name]) for name in ("content-type", "content-digest")),
    ]
    names = " ".join(name for name, _ in covered)
    parameters = f'({names});created={platform.now};keyid="{key.key_id}";tag="{TAG}"'
    signature = sign_bytes(key.private_key, signature_base(covered, parameters))
    return Sent(201, {**honest.headers, **signature_headers(parameters, signature)}, honest.body)


def _yes(platform: Platform, message: RequestMessage, **changes: Any) -> Sent:
    return signed(platform, message, 201, verification(platform, "eligible"), **changes)
