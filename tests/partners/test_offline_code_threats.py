"""Attacks on IC3 without the server, each refused; with the named defence taken away, each succeeds: so the test can fail."""

from collections.abc import Callable
from typing import Any

import pytest

from partners.codes import base45, ic3
from partners.codes.ic3 import NO_CHALLENGE, Outcome, Terminal
from partners.signatures import suites
from partners.signatures.key_sets import IssuerKey, KeySet, read_key_set
from partners.signatures.suites import Suite, suite
from tests.builders.offline import BEGINS, BENEFIT, LIFETIME, NOW, SLOT, Issuer, secret
from tests.vectors import make_ic3

INTL = Issuer(suite("intl"))
TERMINAL = INTL.terminal()


def outcome(
    text: str, at: int = NOW, terminal: Terminal = TERMINAL, challenge: bytes = NO_CHALLENGE, *, seen: bool = False
) -> Outcome:
    """What a terminal says."""
    return ic3.verify(text, terminal, at, lambda _: seen, challenge).outcome


def split(text: str) -> tuple[bytes, bytes]:
    """Attestation and proof."""
    data = base45.decode(text.removeprefix("IC3:"))
    return data[:109], data[109:]


def test_no_changed_character_at_any_place_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The signatures; without either of them, a changed character passes."""
    text = INTL.code()
    changed = [
        text[:position] + other + text[position + 1 :]
        for position, character in enumerate(text)
        for other in base45.ALPHABET
        if other != character
    ]
    assert len(changed) == 282 * 44
    assert Outcome.VALID not in set(map(outcome, changed))
    holder_only = [text for text in changed if text[:166] == changed[-1][:166]]
    monkeypatch.setattr(ic3, "_is_holders", lambda *_: True)
    assert Outcome.VALID in set(map(outcome, holder_only))


def test_a_code_of_ones_own_making_is_refused() -> None:
    """The issuer's signature; a terminal that believes any key takes the forgery."""
    forger = suite("intl").issuer.signer(secret("forger"))
    said = ic3.Attestation(
        slot=SLOT, benefit=BENEFIT, not_before=BEGINS, status_index=1,
        device_key=INTL.suite.holder.public(secret("forger's phone")),
    )  # fmt: skip
    attestation = ic3.issue(said, INTL.suite, forger)
    text = ic3.encode(attestation, ic3.prove(attestation, INTL.suite, INTL.device("forger's phone"), NOW))
    assert outcome(text) is Outcome.BAD_ISSUER_SIG

    class Credulous:
        algorithm = "EdDSA"

        def verify(self, signature: bytes, message: bytes) -> bool:
            return True

    undefended = Terminal({SLOT: IssuerKey(INTL.suite, Credulous())}.get, {BENEFIT: LIFETIME}, lambda _: 0)
    assert outcome(text, terminal=undefended) is Outcome.VALID


def test_a_copied_attestation_is_worth_nothing_without_its_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof; without it whoever photographed a code once makes new ones."""
    stolen, _ = split(INTL.code())
    later = NOW + 600
    text = ic3.encode(stolen, ic3.prove(stolen, INTL.suite, INTL.device("thief"), later))
    assert outcome(text, later) is Outcome.BAD_HOLDER_SIG
    monkeypatch.setattr(ic3, "_is_holders", lambda *_: True)
    assert outcome(text, later) is Outcome.VALID


def test_a_picture_works_neither_later_nor_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Step and seen-set; without the first a screenshot lives a day, without the second a video plays to the next clerk."""
    text = INTL.code()
    assert outcome(text, NOW + 60) is Outcome.STALE
    assert outcome(text, NOW + 20, seen=True) is Outcome.SEEN
    assert outcome(text, NOW + 20, seen=False) is Outcome.VALID
    monkeypatch.setattr(ic3, "is_fresh", lambda *_: True)
    assert outcome(text, NOW + 60) is Outcome.VALID


def test_the_same_attestation_under_a_new_proof_is_the_same_use() -> None:
    """The use is named by the attestation; named by the whole code, every step would be a fresh use."""
    first, second = INTL.code(NOW), INTL.code(NOW + 30)
    used = ic3.verify(first, TERMINAL, NOW, lambda _: False).use
    assert split(first)[0] == split(second)[0]
    assert ic3.verify(second, TERMINAL, NOW + 30, {used}.__contains__).outcome is Outcome.SEEN
    assert ic3.verify(second, TERMINAL, NOW + 30, {first}.__contains__).outcome is Outcome.VALID


def test_a_code_relayed_to_another_terminal_fails_under_a_challenge() -> None:
    """The challenge; the same code without one is accepted at any terminal: said plainly, and why `confirm` and caps exist."""
    here, there = b"terminal", b"elsewher"
    assert outcome(INTL.code(challenge=here), challenge=there) is Outcome.WRONG_CHALLENGE
    assert outcome(INTL.code(challenge=here)) is Outcome.WRONG_CHALLENGE
    assert outcome(INTL.code(), challenge=there) is Outcome.WRONG_CHALLENGE
    assert outcome(INTL.code()) is Outcome.VALID


def test_a_benefit_that_needs_a_challenge_is_not_talked_out_of_it() -> None:
    """The flag is signed: taking it away breaks the issuer's signature, leaving it refuses."""
    text = INTL.code(needs_challenge=True)
    assert outcome(text) is Outcome.WRONG_CHALLENGE
    attestation, proof = split(text)
    assert outcome(ic3.encode(attestation[:1] + b"\x00" + attestation[2:], proof)) is Outcome.BAD_ISSUER_SIG
    assert outcome(INTL.code(needs_challenge=False)) is Outcome.VALID


def test_a_second_spelling_of_a_signature_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Low s; without it, anybody turns one accepted code into another text that is as good."""
    attestation, proof = split(INTL.code())
    high = (suites._P256_ORDER - int.from_bytes(proof[44:], "big")).to_bytes(32, "big")
    text = ic3.encode(attestation, proof[:44] + high)
    assert outcome(text) is Outcome.BAD_HOLDER_SIG
    monkeypatch.setattr(suites, "is_low_s", lambda _: True)
    assert outcome(text) is Outcome.VALID


ENCODINGS: list[Callable[[str], str]] = [
    str.lower, lambda text: text + "\n", lambda text: text + " ", lambda text: " " + text, lambda text: text + "==",
    lambda text: text[:-1] + "\n", lambda text: "\ufeff" + text, lambda text: text + "\x00",
    lambda text: text.replace("IC3:", "IC3 :"), lambda text: text.replace(":", "："), lambda text: text + text,
    lambda text: "".join(chr(0xFEE0 + ord(letter)) if letter.isdigit() else letter for letter in text),
    lambda text: text.translate({48 + digit: 0x660 + digit for digit in range(10)}),
    lambda text: "https://example.org/" + text,
]  # fmt: skip


@pytest.mark.parametrize("respelled", [respell(INTL.code()) for respell in ENCODINGS])
def test_one_code_has_one_text(respelled: str) -> None:
    assert outcome(respelled) is Outcome.MALFORMED


def test_a_base45_that_forgives_is_caught_by_encoding_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Re-encoding and the fixed length; with a decoder that strips what it does not know, and both gone, a respelling passes."""
    text = INTL.code()
    respelled = text[:4] + text[4:].lower()
    strict = base45.decode
    monkeypatch.setattr(base45, "decode", lambda given: strict(given.strip().upper()))
    assert outcome(text) is Outcome.VALID
    assert outcome(respelled) is Outcome.MALFORMED
    monkeypatch.setattr(base45, "encode", lambda _: respelled[4:])
    assert outcome(respelled) is Outcome.VALID


class Unread(str):
    """A text that may be asked for its length and nothing else."""

    def startswith(self, *_: object) -> bool:
        raise AssertionError("it was read")

    def __getitem__(self, _: object) -> str:
        raise AssertionError("it was read")

    __iter__ = encode = __getitem__  # type: ignore[assignment]


@pytest.mark.parametrize("size", [513, 283, 281, 10_000_000])
def test_a_text_of_another_length_is_refused_unread(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The length; without it, the whole text is gone through."""
    text = Unread("IC3:" + "0" * (size - 4))
    assert outcome(text) is Outcome.MALFORMED
    assert ic3.parse_challenge(text) is None
    monkeypatch.setattr(ic3, "TEXT_LENGTH", size)
    with pytest.raises(AssertionError, match="read"):
        outcome(text)


@pytest.mark.parametrize(
    "content",
    [
        "'; DROP TABLE accepted; --", "\" OR 1=1 --", "http://169.254.169.254/", "javascript:alert(1)", "file:///etc/passwd",
        "\x1b[2J\x1b[H", "\r\nSet-Cookie: a=b", "\x00" * 40, "\u202e\u2066", "😀" * 20, "\ud800", "%s%n{0}", "../" * 20,
    ],
)  # fmt: skip
def test_hostile_content_is_malformed_and_goes_nowhere(content: str) -> None:
    for text in (content, "IC3:" + content, ("IC3:" + content).ljust(282, "0")[:282], content.rjust(282, "0")):
        assert ic3.verify(text, TERMINAL, NOW, lambda _: False) == ic3.Verdict(Outcome.MALFORMED)


def test_what_the_issuer_could_hide_in_spare_bits_is_malformed() -> None:
    """Unknown flags and a not-before off the hour, well signed: no bits are left for an issuer to mark a person with."""
    for fields in ({"flags": 2}, {"flags": 0x80}, {"begins": BEGINS + 1}, {"begins": BEGINS + 1800}):
        text = make_ic3.code(**fields)  # type: ignore[arg-type]
        assert outcome(text) is Outcome.MALFORMED
    assert ic3.parse(make_ic3.code()) is not None


def test_a_code_cannot_bring_its_own_algorithm() -> None:
    """The key decides: signed with the device's ES256, or with MACs under the public key, an attestation is no issuer's."""
    intl = INTL.suite
    said = ic3.Attestation(
        slot=SLOT, benefit=BENEFIT, not_before=BEGINS, status_index=1, device_key=intl.holder.public(secret("phone"))
    )

    class PublicKeyAsSecret:
        def sign(self, message: bytes) -> bytes:
            return intl.mac(intl.issuer.public(secret("issuer")), message) * 2

    for signer in (intl.holder.signer(secret("phone")), PublicKeyAsSecret()):
        attestation = ic3.issue(said, intl, signer)
        text = ic3.encode(attestation, ic3.prove(attestation, intl, INTL.device(), NOW))
        assert outcome(text) is Outcome.BAD_ISSUER_SIG
    # A terminal that tried the device's algorithm as well would take it.
    es256 = intl.holder.verifier(intl.holder.public(secret("phone")))
    attestation = ic3.issue(said, intl, intl.holder.signer(secret("phone")))
    text = ic3.encode(attestation, ic3.prove(attestation, intl, INTL.device(), NOW))
    undefended = Terminal({SLOT: IssuerKey(intl, es256)}.get, {BENEFIT: LIFETIME}, lambda _: 0)
    assert outcome(text, terminal=undefended) is Outcome.VALID


def terminal_of(keys: KeySet) -> Terminal:
    """A terminal with these keys."""
    return Terminal(keys.attestation.get, {BENEFIT: LIFETIME}, lambda _: 0)


@pytest.mark.parametrize("purpose", ["answer", "status", "device", "", None, 1])
def test_a_key_of_another_purpose_issues_nothing(purpose: Any) -> None:
    """The purpose of a published key; under `attestation`, the same key is believed."""
    assert (
        outcome(INTL.code(), terminal=terminal_of(read_key_set(INTL.key_set(purpose=purpose)))) is Outcome.UNKNOWN_KEY
    )
    assert outcome(INTL.code(), terminal=terminal_of(read_key_set(INTL.key_set()))) is Outcome.VALID


@pytest.mark.parametrize("slot", [4, "3", 3.0, True, None, -1, 16, [3], "3; DROP TABLE", {"slot": 3}])
def test_a_slot_is_a_number_and_nothing_else(slot: Any) -> None:
    """Key id injection: what is published under anything but the number 3 is not the key of slot 3."""
    assert outcome(INTL.code(), terminal=terminal_of(read_key_set(INTL.key_set(slot=slot)))) is Outcome.UNKNOWN_KEY


def test_a_suite_is_frozen_and_known_by_name() -> None:
    with pytest.raises(AttributeError):
        INTL.suite.issuer = INTL.suite.holder  # type: ignore[misc]
    for name in ("none", "INTL", "", "intl\n"):
        with pytest.raises(KeyError):
            suite(name)
    assert isinstance(suite("intl"), Suite)


def test_ten_thousand_captured_codes_presented_again_are_all_refused() -> None:
    """In every way that the pure part judges: at once, a step later, as text changed at one place, at a terminal that saw it."""
    captured = [INTL.code(NOW + 30 * (number // 50), device=f"phone {number}") for number in range(100)]
    seen = {
        ic3.verify(text, TERMINAL, NOW + 30 * (number // 50), lambda _: False).use
        for number, text in enumerate(captured)
    }
    assert len(seen) == 100
    assert None not in seen
    refused = 0
    for number in range(10_000):
        text, at = captured[number % 100], NOW + 30 * (number % 100 // 50)
        way = number // 100 % 4
        shown = text if way < 2 else text[:200] + base45.ALPHABET[number // 400 % 45] + text[201:]
        later = at + (0, 30, 0, 86_400)[way]
        refused += ic3.verify(shown, TERMINAL, later, seen.__contains__).outcome is not Outcome.VALID
    assert refused == 10_000
