"""IC1 and base45: canonical, bound to ticket and step, and nothing hostile gets past the parser."""

import base45 as other_base45
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some

from partners.codes import base45, ic1
from partners.codes.ic1 import Scene, Ticket

SLOT_KEY = bytes(range(32))
NOW = 1_790_000_010


def ticket(ticket_id: bytes = b"0123456789", slot: int = 3) -> Ticket:
    """A ticket of the slot's key."""
    return Ticket(ticket_id, ic1.ticket_key(SLOT_KEY, ticket_id), slot)


@pytest.mark.parametrize(
    ("data", "text"), [(b"AB", "BB8"), (b"Hello!!", "%69 VD92EX0"), (b"base-45", "UJCLQE7W581"), (b"ietf!", "QED8WEX0")]
)
def test_base45_examples_of_rfc_9285(data: bytes, text: str) -> None:
    assert (base45.encode(data), base45.decode(text)) == (text, data)


@given(some.binary(max_size=64))
def test_base45_agrees_with_another_implementation(data: bytes) -> None:
    assert base45.encode(data) == other_base45.b45encode(data).decode()
    assert base45.decode(base45.encode(data)) == data


@pytest.mark.parametrize("text", ["GGW", ":::", "A", "AAAA", "ab8", "BB8\n", "ＢＢ８"])
def test_base45_out_of_range_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"base45|range"):
        base45.decode(text)


@given(some.text(alphabet=base45.ALPHABET, max_size=12))
def test_base45_has_one_text_for_each_value(text: str) -> None:
    try:
        data = base45.decode(text)
    except ValueError:
        return
    assert base45.encode(data) == text


@given(some.binary(min_size=10, max_size=10), some.integers(0, 15), some.sampled_from(Scene), some.integers(0, 2**36))
def test_a_code_comes_back_and_is_genuine(ticket_id: bytes, slot: int, scene: Scene, now: int) -> None:
    code = ic1.parse(ic1.encode(ticket(ticket_id, slot), scene, now))
    assert code is not None
    assert (code.ticket_id, code.slot, code.scene, code.step) == (ticket_id, slot, scene, now // 30)
    assert ic1.is_genuine(code, SLOT_KEY)


def test_a_code_has_43_characters_and_fits_qr_version_3() -> None:
    import qrcode

    text = ic1.encode(ticket(), Scene.LIBRARY, NOW)
    drawing = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M)
    drawing.add_data(text)
    drawing.make()
    assert (len(text), drawing.version) == (43, 3)


def test_every_changed_character_is_refused() -> None:
    text = ic1.encode(ticket(), Scene.LIBRARY, NOW)
    for position in range(len(text)):
        for character in base45.ALPHABET:
            changed = text[:position] + character + text[position + 1 :]
            code = ic1.parse(changed)
            assert changed == text or code is None or not ic1.is_genuine(code, SLOT_KEY)


@pytest.mark.parametrize(
    "text",
    [
        "", "IC1:", "ic1:" + "0" * 39, "IC2:" + "0" * 39, "IC1:" + "0" * 39 + "\n", " IC1:" + "0" * 39,
        "https://example.org/IC1:000000000000000000000000000", "IC1:" + "'; DROP TABLE record; --" + "0" * 15,
        "IC1:" + "\x00" * 39, "IC1:" + "::" * 20, "0" * 513, "IC1:" + "0" * 10_000_000,
    ],
)  # fmt: skip
def test_hostile_content_is_not_a_code(text: str) -> None:
    assert ic1.parse(text) is None


@given(some.text(max_size=60))
@settings(max_examples=300)
@example("IC1:" + ":" * 39)
def test_no_text_makes_the_parser_fail(text: str) -> None:
    ic1.parse(text)
    ic1.parse_digits(text)
    ic1.parse("IC1:" + text)


@given(some.integers(0, 2**33), some.integers(-30, 30))
def test_thirty_seconds_of_skew_always_pass(now: int, skew: int) -> None:
    assert ic1.is_fresh(ic1.step_at(max(0, now + skew)), now) or now + skew < 0


@given(some.integers(120, 2**33), some.sampled_from([-1, 1]), some.integers(60, 10_000))
def test_sixty_seconds_and_more_never_pass(now: int, direction: int, skew: int) -> None:
    assert not ic1.is_fresh(ic1.step_at(max(0, now + direction * skew)), now) or now + direction * skew < 0


@given(some.binary(min_size=10, max_size=10), some.integers(90, 2**33))
def test_the_same_ticket_as_digits(ticket_id: bytes, now: int) -> None:
    text = ic1.digits(ticket(ticket_id), now)
    assert len(text) == 20
    code = ic1.parse_digits(f"{text[:4]} {text[4:8]}-{text[8:]}")
    assert code is not None
    assert code.handle == ic1.digit_handle(ticket_id)
    assert ic1.digit_step(code, ticket(ticket_id).key, now + 29) is not None


def test_one_wrong_digit_is_noticed_before_anything_is_looked_up() -> None:
    text = ic1.digits(ticket(), NOW)
    for position in range(20):
        for digit in "0123456789":
            changed = text[:position] + digit + text[position + 1 :]
            assert changed == text or ic1.parse_digits(changed) is None


def test_the_digits_move_with_the_step_and_the_handle_stays() -> None:
    shown = {ic1.digits(ticket(), NOW + 30 * later) for later in range(20)}
    assert len(shown) == 20
    assert {text[:12] for text in shown} == {ic1.digit_handle(ticket().ticket_id)}


def test_digits_of_another_time_or_ticket_are_refused() -> None:
    code = ic1.parse_digits(ic1.digits(ticket(), NOW))
    assert code is not None
    assert ic1.digit_step(code, ticket().key, NOW + 90) is None
    assert ic1.digit_step(code, ticket(b"9876543210").key, NOW) is None
