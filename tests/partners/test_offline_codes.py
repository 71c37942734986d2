"""IC3: what a phone shows a terminal accepts once, and no byte of it is about a person."""

import io
import json
from typing import Any

import pytest
import qrcode
import zxingcpp
from hypothesis import example, given, settings
from hypothesis import strategies as some
from PIL import Image, ImageFilter

from partners.codes import base45, ic3
from partners.codes.ic3 import Attestation, Outcome, Terminal
from partners.signatures.key_sets import IssuerKey
from partners.signatures.suites import suite
from tests.builders.offline import BEGINS, BENEFIT, LIFETIME, NOW, SLOT, Issuer, secret, suite_or_skip
from tests.vectors import make_ic3

VECTORS: dict[str, Any] = json.loads(make_ic3.PATH.read_text(encoding="ascii"))
INTL = Issuer(suite("intl"))


def published_terminal(list_usable: bool = True) -> Terminal:
    """The terminal of the vectors."""
    size, revoked = VECTORS["terminal"]["status_list_size"], VECTORS["terminal"]["revoked"]
    intl = suite("intl")
    keys = {
        int(slot): IssuerKey(intl, intl.issuer.verifier(intl.issuer.public(bytes.fromhex(key))))
        for slot, key in VECTORS["issuer_secrets"].items()
    }
    lifetimes = {int(number): seconds for number, seconds in VECTORS["terminal"]["lifetimes"].items()}
    status = {index: int(index in revoked) for index in range(size)}
    return Terminal(keys.get, lifetimes, status.get if list_usable else lambda _: None)


def outcome(text: str, at: int = NOW, challenge: bytes = ic3.NO_CHALLENGE, *, seen: bool = False) -> Outcome:
    """What a terminal that believes our issuer says."""
    return ic3.verify(text, INTL.terminal(), at, lambda _: seen, challenge).outcome


def test_the_file_is_what_its_script_writes() -> None:
    assert make_ic3.PATH.read_text(encoding="ascii") == make_ic3.document()


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in VECTORS["shown"]])
def test_a_phone_shows_this(case: dict[str, Any]) -> None:
    intl = suite("intl")
    fields = ("slot", "benefit", "not_before", "status_index", "needs_challenge")
    said = Attestation(device_key=bytes.fromhex(case["device_key"]), **{name: case[name] for name in fields})
    issuer = intl.issuer.signer(bytes.fromhex(VECTORS["issuer_secrets"][str(case["slot"])]))
    attestation = ic3.issue(said, intl, issuer)
    assert attestation.hex() == case["attestation"]
    challenge = bytes.fromhex(case["challenge"])
    device = intl.holder.signer(bytes.fromhex(VECTORS["device_secret"]))
    proof = ic3.prove(attestation, intl, device, case["unix_seconds"], challenge)
    assert proof[:12].hex() == case["proof"][:24]
    # ES256 draws at random, and every proof is right; the one of the file is drawn as RFC 6979 says.
    for made in (proof, bytes.fromhex(case["proof"])):
        text = ic3.encode(attestation, made)
        verdict = ic3.verify(text, published_terminal(), case["unix_seconds"], lambda _: False, challenge)
        assert (verdict.outcome, verdict.attestation) == (Outcome.VALID, said)
        assert verdict.use is not None
        assert verdict.use.hex() == case["use"]
    assert text == case["text"]


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in VECTORS["scanned"]])
def test_a_scanned_text_is_judged_so_at_each_stage(case: dict[str, Any]) -> None:
    stages = list(case["stages"].items())
    failed = next((place for place, (_, passed) in enumerate(stages) if passed is False), len(stages))
    assert [passed for _, passed in stages] == [True] * failed + [False] * (failed < len(stages)) + [None] * (
        len(stages) - failed - 1
    )
    expected = [Outcome.MALFORMED, *list(Outcome)[2:], Outcome.VALID]
    assert expected[failed] == case["result"]
    assert (ic3.parse(case["text"]) is not None) == case["stages"]["well_formed"]
    verdict = ic3.verify(
        case["text"], published_terminal(case["list_usable"]), case["terminal_time"], lambda _: case["seen"],
        bytes.fromhex(case["challenge"]),
    )  # fmt: skip
    assert verdict.outcome == case["result"]
    assert (verdict.attestation is not None) == bool(case["stages"]["issuer_signature"])


def test_one_changed_character_is_judged_as_published() -> None:
    published = VECTORS["mutated"]
    text, at = published["text"], published["terminal_time"]
    found: dict[str, list[int]] = {}
    for position, other in enumerate(published["replaced_by"]):
        changed = text[:position] + other + text[position + 1 :]
        verdict = ic3.verify(changed, published_terminal(), at, lambda _: False)
        found.setdefault(verdict.outcome.value, []).append(position)
    assert found == published["positions"]
    assert sorted(position for positions in found.values() for position in positions) == list(range(282))
    assert "valid" not in found


@pytest.mark.parametrize("name", ["intl", "gm"])
def test_the_same_code_in_every_suite(name: str) -> None:
    issuer = Issuer(suite_or_skip(name))
    text = issuer.code()
    assert len(text) == ic3.TEXT_LENGTH
    drawing = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M)
    drawing.add_data(text)
    drawing.make()
    assert drawing.version == 10
    verdict = ic3.verify(text, issuer.terminal(), NOW, lambda _: False)
    assert verdict.outcome is Outcome.VALID
    assert verdict.use == issuer.suite.digest(base45.decode(text.removeprefix("IC3:"))[:45])
    assert ic3.verify(text, issuer.terminal(), NOW, {verdict.use}.__contains__).outcome is Outcome.SEEN
    assert ic3.verify(text, issuer.terminal(frozenset({77})), NOW, lambda _: False).outcome is Outcome.REVOKED


@pytest.mark.parametrize("angle", [0, 7, 90, 183])
@pytest.mark.parametrize("blur", [0.0, 0.8])
def test_another_decoder_reads_the_picture_at_240_pixels(angle: int, blur: float) -> None:
    """Turned, dimmed and blurred, as a camera sees it."""
    text = INTL.code(challenge=b"terminal")
    drawing = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M)
    drawing.add_data(text)
    drawn = io.BytesIO()
    drawing.make_image().save(drawn)
    picture = Image.open(drawn).convert("L").resize((240, 240), Image.Resampling.BILINEAR)
    dimmed = picture.point([60 + shade // 3 for shade in range(256)])
    seen = dimmed.rotate(angle, expand=True, fillcolor=145).filter(ImageFilter.GaussianBlur(blur))
    assert [found.text for found in zxingcpp.read_barcodes(seen)] == [text]


@pytest.mark.parametrize("name", ["intl", "gm"])
def test_an_attestation_signed_twice_is_one_use(name: str) -> None:
    """A retried issue; SM2 draws its signatures at random, so these two are different bytes."""
    issuer = Issuer(suite_or_skip(name))
    first, second = issuer.code(), issuer.code()
    assert first != second
    used = ic3.verify(first, issuer.terminal(), NOW, lambda _: False).use
    assert ic3.verify(second, issuer.terminal(), NOW, {used}.__contains__).outcome is Outcome.SEEN


def test_the_key_in_the_slot_decides_the_suite_not_the_code() -> None:
    gm, intl = Issuer(suite_or_skip("gm")), INTL
    for of, at in ((gm, intl), (intl, gm)):
        assert ic3.verify(of.code(), at.terminal(), NOW, lambda _: False).outcome is Outcome.BAD_ISSUER_SIG


def test_every_byte_is_accounted_for_and_none_is_about_a_person() -> None:
    """Whatever is in a code follows from the benefit, the hour, the key in use, chance, and the phone's clock and terminal."""
    text, challenge = INTL.code(challenge=b"terminal"), b"terminal"
    data = base45.decode(text.removeprefix("IC3:"))
    step = NOW // 30
    issuer_signs = b"ic3a" + data[:45]
    holder_signs = b"ic3p" + INTL.suite.digest(data[:45]) + data[109:121]
    accounted = [
        ("type 3, and the slot of the issuer's key", bytes([0x30 | SLOT])),
        ("flags: whether the benefit needs a challenge", b"\x00"),
        ("the benefit's number", BENEFIT.to_bytes(2, "big")),
        ("the hour from which it holds", BEGINS.to_bytes(4, "big")),
        ("the status index, drawn at random", (77).to_bytes(4, "big")),
        ("the device key, made for this one attestation", INTL.suite.holder.public(secret("phone"))),
        ("the issuer's signature over the bytes before", INTL.suite.issuer.signer(secret("issuer")).sign(issuer_signs)),
        ("the step of the phone's clock", step.to_bytes(4, "big")),
        ("the terminal's challenge", challenge),
    ]
    assert b"".join(value for _, value in accounted) == data[:121]
    # The holder's signature is the rest: made with the device key over what was accounted for.
    device = INTL.suite.holder.verifier(INTL.suite.holder.public(secret("phone")))
    assert len(data) == 185
    assert device.verify(data[121:], holder_signs)


def test_two_attestations_of_a_person_have_no_more_in_common_than_those_of_two_persons() -> None:
    mine, mine_too = INTL.attest("phone, key 1", status_index=11), INTL.attest("phone, key 2", status_index=99_000)
    theirs = INTL.attest("another phone", status_index=500_000)
    assert mine[:8] == mine_too[:8] == theirs[:8]
    for one, other in ((mine, mine_too), (mine, theirs)):
        same = sum(a == b for a, b in zip(one[12:], other[12:], strict=True))
        assert same < 12


@given(some.integers(3600 * 10, 2**32 - 7200), some.integers(0, ic3.LONGEST_OVERLAP_HOURS))
def test_not_before_is_a_whole_hour_and_leaves_most_of_a_day(start: int, overlap: int) -> None:
    begins = ic3.not_before(start, overlap)
    assert begins % 3600 == 0
    assert 0 <= start - begins < 3600 * (ic3.LONGEST_OVERLAP_HOURS + 1)
    assert ic3.not_before(start // 3600 * 3600, overlap) == begins


@pytest.mark.parametrize("overlap", [-1, 6])
def test_an_overlap_out_of_range_is_refused(overlap: int) -> None:
    with pytest.raises(ValueError, match="overlap"):
        ic3.not_before(NOW, overlap)


@pytest.mark.parametrize(
    "changes",
    [
        {"not_before": BEGINS + 1}, {"slot": 16}, {"slot": -1}, {"benefit": 65_536}, {"benefit": -1},
        {"status_index": 2**32}, {"not_before": 2**32 + 3600 - 2**32 % 3600}, {"device_key": b""},
        {"device_key": b"\x04" + bytes(32)}, {"device_key": b"\x02" + b"\xff" * 32}, {"device_key": bytes(33)},
        {"device_key": b"\x02" + b"\x07" * 32},
    ],
)  # fmt: skip
def test_an_issuer_writes_nothing_that_a_terminal_would_refuse(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        INTL.attest(**changes)


@given(
    some.integers(0, 65_535), some.integers(0, 2**32 // 3600), some.integers(0, 2**32 - 1), some.booleans(),
    some.integers(0, 15), some.integers(0, 2**36), some.binary(min_size=8, max_size=8),
)  # fmt: skip
@settings(max_examples=50, deadline=None)
def test_a_code_comes_back(
    benefit: int, hour: int, index: int, needs: bool, slot: int, at: int, challenge: bytes
) -> None:
    fields: dict[str, Any] = {
        "benefit": benefit,
        "not_before": hour * 3600,
        "status_index": index,
        "needs_challenge": needs,
    }
    code = ic3.parse(INTL.code(at, challenge, slot=slot, **fields))
    assert code is not None
    assert code.attestation == Attestation(slot=slot, device_key=INTL.suite.holder.public(secret("phone")), **fields)
    assert (code.step, code.challenge) == (at // 30, challenge)


@given(some.integers(-30, 30), some.integers(0, LIFETIME - 61))
@settings(max_examples=30, deadline=None)
def test_thirty_seconds_of_skew_always_pass(skew: int, elapsed: int) -> None:
    at = BEGINS + 30 + elapsed
    assert outcome(INTL.code(at + skew), at) is Outcome.VALID


@given(some.sampled_from([-1, 1]), some.integers(60, 300))
@settings(max_examples=30, deadline=None)
def test_a_clock_that_is_one_to_five_minutes_off_never_passes(direction: int, skew: int) -> None:
    at = BEGINS + 3600
    assert outcome(INTL.code(at + direction * skew), at) is Outcome.STALE


@given(some.text(max_size=300))
@settings(max_examples=200)
@example("IC3:" + ":" * 278)
def test_no_text_makes_the_parser_fail(text: str) -> None:
    assert ic3.parse(text) is None
    assert ic3.parse_challenge(text) is None
    ic3.parse(("IC3:" + text)[:282].ljust(282, "0"))


@given(some.binary(min_size=8, max_size=8).filter(any))
def test_a_challenge_comes_back_from_its_text(challenge: bytes) -> None:
    text = ic3.challenge_text(challenge)
    assert len(text) == 17
    assert ic3.parse_challenge(text) == challenge
    assert all(
        ic3.parse_challenge(other) is None for other in (text + "\n", text.lower(), "IC3:" + text[5:], text[:-1])
    )


def test_no_challenge_is_not_a_challenge() -> None:
    with pytest.raises(ValueError, match="zero"):
        ic3.challenge_text(bytes(8))
    assert ic3.parse_challenge("IC3C:" + base45.encode(bytes(8))) is None
