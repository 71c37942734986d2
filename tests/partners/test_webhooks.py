"""Webhook signatures, ours and another implementation's: what was signed is believed, and nothing else."""

import base64
import time
from collections.abc import Mapping

import pytest
import standardwebhooks

from partners import webhooks
from partners.sdk import WebhookNotTrusted, verify_webhook
from partners.webhooks import Distrust

# The sample of the specification and of its libraries.
SAMPLE_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SAMPLE_ID, SAMPLE_SECONDS, SAMPLE_BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
SAMPLE_SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

NOW = 1_795_420_800
KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
BODY = '{"type":"order.agreed","timestamp":"2026-11-23T08:00:00Z","data":{"order_id":"一"}}'.encode()


def signed(*keys: bytes, seconds: int = NOW) -> dict[str, str]:
    """The headers of a message of ours."""
    return webhooks.sign(keys or (KEY,), "evt-1", seconds, BODY)


def test_the_sample_of_the_specification_is_signed_to_the_letter() -> None:
    headers = webhooks.sign([webhooks.secret_key(SAMPLE_SECRET)], SAMPLE_ID, SAMPLE_SECONDS, SAMPLE_BODY)
    assert headers == {
        "webhook-id": SAMPLE_ID, "webhook-timestamp": str(SAMPLE_SECONDS), "webhook-signature": SAMPLE_SIGNATURE
    }  # fmt: skip
    assert webhooks.verify([webhooks.secret_key(SAMPLE_SECRET)], headers, SAMPLE_BODY, SAMPLE_SECONDS) is None


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/New_York"])
def test_the_other_implementation_believes_us_wherever_the_server_stands(
    zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        headers = signed(OTHER, KEY, seconds=int(time.time()))
        for key in (KEY, OTHER):
            theirs = standardwebhooks.Webhook(webhooks.secret_text(key))
            assert theirs.verify(BODY, headers)["type"] == "order.agreed"
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            standardwebhooks.Webhook(webhooks.secret_text(bytes(32))).verify(BODY, headers)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_while_a_secret_is_replaced_either_one_is_enough() -> None:
    headers = signed(OTHER, KEY)
    assert headers["webhook-signature"].count("v1,") == 2
    assert webhooks.verify([KEY], headers, BODY, NOW) is None
    assert webhooks.verify([OTHER], headers, BODY, NOW) is None
    assert webhooks.verify([bytes(32)], headers, BODY, NOW) is Distrust.SIGNATURE_INVALID


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"webhook-id": "evt-2"}, Distrust.SIGNATURE_INVALID),
        ({"webhook-id": "evt-1\u00e9"}, Distrust.SIGNATURE_INVALID),
        ({"webhook-id": ""}, Distrust.HEADER_MISSING),
        ({"webhook-timestamp": str(NOW + 1)}, Distrust.SIGNATURE_INVALID),
        ({"webhook-timestamp": f"{NOW}.0"}, Distrust.TIMESTAMP_MALFORMED),
        ({"webhook-timestamp": f" {NOW}"}, Distrust.TIMESTAMP_MALFORMED),
        ({"webhook-timestamp": "１７９５４２０８００"}, Distrust.TIMESTAMP_MALFORMED),
        ({"webhook-timestamp": str(NOW - 301)}, Distrust.TOO_OLD),
        ({"webhook-timestamp": str(NOW + 301)}, Distrust.FROM_THE_FUTURE),
        ({"webhook-signature": ""}, Distrust.HEADER_MISSING),
        ({"webhook-signature": "nonsense"}, Distrust.SIGNATURE_INVALID),
        ({"webhook-signature": "v1"}, Distrust.SIGNATURE_INVALID),
        ({"webhook-signature": "v1,***"}, Distrust.SIGNATURE_INVALID),
        ({"webhook-signature": "v1,é"}, Distrust.SIGNATURE_INVALID),
        ({"webhook-signature": "v1,"}, Distrust.SIGNATURE_INVALID),
    ],
)
def test_what_was_changed_on_the_way_is_not_believed(changes: Mapping[str, str], why: Distrust) -> None:
    assert webhooks.verify([KEY], {**signed(), **changes}, BODY, NOW) is why


def test_another_version_of_the_signature_is_passed_over_and_never_taken_for_ours() -> None:
    headers = signed()
    ours = headers["webhook-signature"]
    for given, believed in ((f"v1a,AAAA {ours}", True), (ours.replace("v1,", "v2,"), False)):
        distrust = webhooks.verify([KEY], {**headers, "webhook-signature": given}, BODY, NOW)
        assert (distrust is None) is believed


def test_every_byte_of_the_body_is_signed() -> None:
    headers = signed()
    for place in range(len(BODY)):
        changed = BODY[:place] + bytes([BODY[place] ^ 1]) + BODY[place + 1 :]
        assert webhooks.verify([KEY], headers, changed, NOW) is Distrust.SIGNATURE_INVALID
    assert webhooks.verify([KEY], headers, BODY + b"\n", NOW) is Distrust.SIGNATURE_INVALID


def test_a_dot_cannot_move_from_the_id_into_the_time() -> None:
    with pytest.raises(ValueError, match="dot"):
        webhooks.sign([KEY], "evt.1", NOW, BODY)
    with pytest.raises(ValueError, match="empty"):
        webhooks.sign([KEY], "", NOW, BODY)


@pytest.mark.parametrize(
    "text",
    [
        "", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_*", "whsec_AAA",
        "whsec_" + base64.b64encode(bytes(23)).decode(), "whsec_" + base64.b64encode(bytes(65)).decode(),
    ],
)  # fmt: skip
def test_what_is_no_secret_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="secret"):
        webhooks.secret_key(text)


def test_a_secret_is_read_back_as_it_was_written() -> None:
    assert webhooks.secret_key(webhooks.secret_text(KEY)) == KEY


def test_a_receiver_gets_the_event_and_its_id() -> None:
    headers = {name.title(): value for name, value in signed().items()}
    message = verify_webhook(webhooks.secret_text(KEY), headers, BODY, now=lambda: NOW + 299.9)
    assert (message.id, message.type, message.data) == ("evt-1", "order.agreed", {"order_id": "一"})
    assert message.timestamp.isoformat() == "2026-11-23T08:00:00+00:00"


def test_a_receiver_is_told_why_a_message_is_not_believed() -> None:
    for given, at, code in ((KEY, NOW + 301, "too-old"), (OTHER, NOW, "signature-invalid")):
        with pytest.raises(WebhookNotTrusted) as refused:
            verify_webhook(webhooks.secret_text(given), signed(), BODY, now=lambda at=at: at)  # type: ignore[misc]
        assert refused.value.code == code
    unreadable = webhooks.sign([KEY], "evt-1", NOW, b"{}")
    with pytest.raises(WebhookNotTrusted, match="body-unreadable"):
        verify_webhook(webhooks.secret_text(KEY), unreadable, b"{}", now=lambda: NOW)
