"""IC3, the offline code: one benefit, one use, verified without a network (docs/protocol.md, section 8).

    IC3:base45( attestation 109 | proof 76 )
    attestation   type and slot 1 | flags 1 | benefit 2 | not before 4 | status index 4 | device key 33 | signature 64
    proof         step 4 | challenge 8 | signature 64

The issuer signs "ic3a" and the first 45 bytes, whose digest names the use; the phone signs "ic3p", that name, step and
challenge. The key in the slot brings its suite with it, so nothing in the code chooses an algorithm. Every attestation has a device key of its
own and a random status index: two of one person have nothing in common. No byte is about a person, and none is free to be:
`parse` refuses unknown flags and a not-before that is not on the hour.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum

import msgspec

from partners.codes import base45
from partners.codes.ic1 import is_fresh, step_at
from partners.signatures.key_sets import IssuerKey
from partners.signatures.suites import Signer, Suite

PREFIX = "IC3:"
CHALLENGE_PREFIX = "IC3C:"
ATTESTATION_BYTES = 109
PROOF_BYTES = 76
CHALLENGE_BYTES = 8
TEXT_LENGTH = 282
NO_CHALLENGE = bytes(CHALLENGE_BYTES)
# The only flag: the benefit is redeemed only against a challenge of the terminal.
NEEDS_CHALLENGE = 0x01
HOUR = 3600
LONGEST_OVERLAP_HOURS = 5

_TYPE = 0x30
_SIGNED = 45
_CHALLENGE_TEXT_LENGTH = 17


class Outcome(StrEnum):
    """What a terminal learns from a code; only VALID opens the benefit."""

    VALID = "valid"
    MALFORMED = "malformed"
    UNKNOWN_KEY = "unknown-key"
    BAD_ISSUER_SIG = "bad-issuer-signature"
    WRONG_BENEFIT = "wrong-benefit"
    OUT_OF_WINDOW = "out-of-window"
    LIST_EXPIRED = "list-expired"
    REVOKED = "revoked"
    BAD_HOLDER_SIG = "bad-holder-signature"
    STALE = "stale"
    WRONG_CHALLENGE = "wrong-challenge"
    SEEN = "seen"


class Attestation(msgspec.Struct, frozen=True, kw_only=True):
    """What the issuer says: this device may use this benefit once, for the benefit's life from `not_before` on.

    slot: 0 to 15. benefit: its number, 2 bytes. not_before: Unix seconds, a whole hour (`not_before`). status_index: in the
    status list of attestations. device_key: compressed point, 33 bytes.
    """

    slot: int
    benefit: int
    not_before: int
    status_index: int
    device_key: bytes
    needs_challenge: bool = False


class Code(msgspec.Struct, frozen=True):
    """A code that was read, not yet verified: what it says, and the bytes that say it."""

    attestation: Attestation
    attestation_bytes: bytes
    issuer_signature: bytes
    step: int
    challenge: bytes
    holder_signature: bytes


class Verdict(msgspec.Struct, frozen=True):
    """The outcome; once the issuer's signature is good also what was attested, and `use`, its name (`name_of_use`)."""

    outcome: Outcome
    attestation: Attestation | None = None
    use: bytes | None = None


class Terminal(msgspec.Struct, frozen=True):
    """What a terminal holds.

    issuer_keys: by slot. lifetimes: seconds by the number of each benefit that is accepted. status: what the status list
    says of an index, 0 for valid; None if there is no list that may still be used, or it does not reach so far.
    """

    issuer_keys: Callable[[int], IssuerKey | None]
    lifetimes: Mapping[int, int]
    status: Callable[[int], int | None]


def not_before(start: int, overlap_hours: int) -> int:
    """The not-before of an attestation that must serve from `start` (Unix seconds) on: the hour begun, moved back by 0 to 5
    whole hours that the issuer drew at random, so that neither the moment of issue nor one's place in a series shows."""
    if not 0 <= overlap_hours <= LONGEST_OVERLAP_HOURS:
        raise ValueError("the overlap is 0 to 5 hours")
    return (start // HOUR - overlap_hours) * HOUR


def issue(attestation: Attestation, suite: Suite, signer: Signer) -> bytes:
    """The attestation signed by the issuer, 109 bytes. Raises ValueError for what no terminal would accept, also for a
    device key that is no point of the suite's curve."""
    suite.holder.verifier(attestation.device_key)
    if attestation.not_before % HOUR or not 0 <= attestation.slot <= 0x0F:
        raise ValueError("not before is a whole hour, the slot 0 to 15")
    try:
        signed = (
            bytes([_TYPE | attestation.slot, NEEDS_CHALLENGE if attestation.needs_challenge else 0])
            + attestation.benefit.to_bytes(2, "big")
            + attestation.not_before.to_bytes(4, "big")
            + attestation.status_index.to_bytes(4, "big")
            + attestation.device_key
        )
    except OverflowError:
        raise ValueError("a number does not fit its bytes") from None
    return signed + signer.sign(_issued(signed))


def prove(
    attestation: bytes, suite: Suite, signer: Signer, unix_seconds: int, challenge: bytes = NO_CHALLENGE
) -> bytes:
    """The phone's proof for an instant and a terminal's challenge, 76 bytes; `attestation` has 109, the signer is its device key.

    A key in a secure element gives high s half of the time: `suites.low_s` before it is handed on.
    """
    if len(attestation) != ATTESTATION_BYTES or len(challenge) != CHALLENGE_BYTES:
        raise ValueError("an attestation has 109 bytes, a challenge 8")
    step = step_at(unix_seconds)
    return step.to_bytes(4, "big") + challenge + signer.sign(_proved(name_of_use(attestation, suite), step, challenge))


def name_of_use(attestation: bytes, suite: Suite) -> bytes:
    """What names the one use that an attestation stands for, 32 bytes: the digest of what the issuer signed.

    Not of its signature: signed twice (a retry, and SM2 draws at random), it is still one use.
    """
    return suite.digest(attestation[:_SIGNED])


def encode(attestation: bytes, proof: bytes) -> str:
    """The text of the code: 282 characters, QR version 10."""
    return PREFIX + base45.encode(attestation + proof)


def parse(text: str) -> Code | None:
    """The code in a scanned text, or None if it is not one: foreign prefix, length, alphabet, not canonical, unknown type or
    flag, not-before off the hour. Of another length nothing is read; nothing in the text is ever followed or opened."""
    if len(text) != TEXT_LENGTH or not text.startswith(PREFIX):
        return None
    body = text[len(PREFIX) :]
    try:
        data = base45.decode(body)
    except ValueError:
        return None
    begins = int.from_bytes(data[4:8], "big")
    if base45.encode(data) != body or data[0] & 0xF0 != _TYPE or data[1] & ~NEEDS_CHALLENGE or begins % HOUR:
        return None
    proof = data[ATTESTATION_BYTES:]
    return Code(
        attestation=Attestation(
            slot=data[0] & 0x0F,
            benefit=int.from_bytes(data[2:4], "big"),
            not_before=begins,
            status_index=int.from_bytes(data[8:12], "big"),
            device_key=data[12:_SIGNED],
            needs_challenge=data[1] == NEEDS_CHALLENGE,
        ),
        attestation_bytes=data[:ATTESTATION_BYTES],
        issuer_signature=data[_SIGNED:ATTESTATION_BYTES],
        step=int.from_bytes(proof[:4], "big"),
        challenge=proof[4:12],
        holder_signature=proof[12:],
    )


def verify(
    text: str,
    terminal: Terminal,
    unix_seconds: int,
    seen: Callable[[bytes], bool],
    challenge: bytes = NO_CHALLENGE,
) -> Verdict:
    """Judges a scanned text; the first failure in the order of `Outcome` wins.

    `seen` tells whether a use (32 bytes) was accepted here before; whoever acts on VALID records it first, in a way that lets
    only one caller do so. `challenge` is what this terminal gave the phone, if it did. STALE is said only once both signatures
    are good: a forger learns nothing about the clock.
    """
    code = parse(text)
    if code is None:
        return Verdict(Outcome.MALFORMED)
    key = terminal.issuer_keys(code.attestation.slot)
    if key is None:
        return Verdict(Outcome.UNKNOWN_KEY)
    if not key.verifier.verify(code.issuer_signature, _issued(code.attestation_bytes[:_SIGNED])):
        return Verdict(Outcome.BAD_ISSUER_SIG)
    use = name_of_use(code.attestation_bytes, key.suite)
    return Verdict(_outcome(code, key.suite, use, terminal, unix_seconds, seen, challenge), code.attestation, use)


def _outcome(
    code: Code,
    suite: Suite,
    use: bytes,
    terminal: Terminal,
    unix_seconds: int,
    seen: Callable[[bytes], bool],
    challenge: bytes,
) -> Outcome:
    """The outcome for a code that the issuer has signed."""
    said = code.attestation
    lifetime = terminal.lifetimes.get(said.benefit)
    if lifetime is None:
        return Outcome.WRONG_BENEFIT
    if not said.not_before <= unix_seconds < said.not_before + lifetime:
        return Outcome.OUT_OF_WINDOW
    status = terminal.status(said.status_index)
    if status is None:
        return Outcome.LIST_EXPIRED
    if status != 0:
        return Outcome.REVOKED
    if not _is_holders(code, suite, use):
        return Outcome.BAD_HOLDER_SIG
    if not is_fresh(code.step, unix_seconds):
        return Outcome.STALE
    if code.challenge != challenge or (said.needs_challenge and challenge == NO_CHALLENGE):
        return Outcome.WRONG_CHALLENGE
    return Outcome.SEEN if seen(use) else Outcome.VALID


def _is_holders(code: Code, suite: Suite, use: bytes) -> bool:
    """Whether the attested device key made the proof; a key that is no point of the curve made none."""
    try:
        device = suite.holder.verifier(code.attestation.device_key)
    except ValueError:
        return False
    return device.verify(code.holder_signature, _proved(use, code.step, code.challenge))


def challenge_text(challenge: bytes) -> str:
    """What the terminal shows for the phone to scan, 17 characters; `challenge` is 8 random bytes, not all zero."""
    if len(challenge) != CHALLENGE_BYTES or challenge == NO_CHALLENGE:
        raise ValueError("a challenge has 8 bytes and is not zero")
    return CHALLENGE_PREFIX + base45.encode(challenge)


def parse_challenge(text: str) -> bytes | None:
    """The challenge in a scanned text, or None if it is none."""
    if len(text) != _CHALLENGE_TEXT_LENGTH or not text.startswith(CHALLENGE_PREFIX):
        return None
    try:
        challenge = base45.decode(text[len(CHALLENGE_PREFIX) :])
    except ValueError:
        return None
    return challenge if challenge != NO_CHALLENGE and challenge_text(challenge) == text else None


def _issued(signed: bytes) -> bytes:
    return b"ic3a" + signed


def _proved(use: bytes, step: int, challenge: bytes) -> bytes:
    return b"ic3p" + use + step.to_bytes(4, "big") + challenge
