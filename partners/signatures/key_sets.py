"""Published keys (JWKS, RFC 7517) by what they are for: a key that signs answers can sign no attestation, nor the other way.

The member `purpose` of a key says what it is for: `answer`, `attestation`, `display`, `status`; without it, `answer`. `use` alone does
not tell them apart, and libraries do not enforce it. A key's id is its thumbprint, calculated here; `kid` is not believed.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from partners.signatures import keys
from partners.signatures.keys import PublicKey
from partners.signatures.sm2 import Unavailable
from partners.signatures.suites import Suite, Verifier, suite_of

Purpose = Literal["answer", "attestation", "display", "status"]

MAXIMUM_KEY_SET = 65_536
SLOTS = 16


class IssuerKey(msgspec.Struct, frozen=True):
    """A key that signs attestations, display codes or status lists, with the suite that comes with it."""

    suite: Suite
    verifier: Verifier


class _KeySet(msgspec.Struct):
    keys: list[dict[str, Any]]


class KeySet(msgspec.Struct, frozen=True):
    """A key set by purpose: answer and status keys by id, attestation and display keys by slot (0 to 15)."""

    answer: Mapping[str, PublicKey]
    attestation: Mapping[int, IssuerKey]
    status: Mapping[str, IssuerKey]
    display: Mapping[int, IssuerKey]


def read_key_set(content: bytes) -> KeySet:
    """The keys of a document; those of other kinds, or of a suite that is not available here, are passed over.

    Of two keys of one purpose for one slot neither is taken. Raises ValueError for a document that is no key set, or is longer
    than 64 KiB.
    """
    if len(content) > MAXIMUM_KEY_SET:
        raise ValueError("the key set is too long")
    try:
        published = msgspec.json.decode(content, type=_KeySet).keys
    except RecursionError:
        raise ValueError("the key set is nested too deeply") from None
    answer = {keys.thumbprint(keys.jwk_of(key)): key for key in _answer_keys(published)}
    status = {keys.thumbprint(jwk): key for jwk, key in _issuer_keys(published, "status")}
    return KeySet(answer, _in_slots(published, "attestation"), status, _in_slots(published, "display"))


def _in_slots(published: list[dict[str, Any]], purpose: Purpose) -> dict[int, IssuerKey]:
    in_slots = [(jwk["slot"], key) for jwk, key in _issuer_keys(published, purpose) if _is_slot(jwk.get("slot"))]
    taken = Counter(slot for slot, _ in in_slots)
    return {slot: key for slot, key in in_slots if taken[slot] == 1}


def _is_slot(value: object) -> bool:
    return type(value) is int and 0 <= value < SLOTS


def _for_purpose(published: list[dict[str, Any]], purpose: Purpose) -> Iterator[dict[str, Any]]:
    for jwk in published:
        if jwk.get("use", "sig") == "sig" and jwk.get("purpose", "answer") == purpose:
            yield jwk


def _answer_keys(published: list[dict[str, Any]]) -> Iterator[PublicKey]:
    for jwk in _for_purpose(published, "answer"):
        try:
            key = keys.public_key_from_jwk(jwk)
        except ValueError:
            continue
        if isinstance(key, Ed25519PublicKey):
            yield key


def _issuer_keys(published: list[dict[str, Any]], purpose: Purpose) -> Iterator[tuple[dict[str, Any], IssuerKey]]:
    for jwk in _for_purpose(published, purpose):
        try:
            yield jwk, IssuerKey(*suite_of(jwk))
        except (ValueError, Unavailable):
            continue
