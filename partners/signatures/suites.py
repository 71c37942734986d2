"""One interface for signing and verifying, and the suites 算法套件 behind it: `intl`, and `gm` 国密 where OpenSSL 3 is at hand.

A suite names one algorithm for each role and travels with the issuer's key: what is signed never chooses it. All secrets
have 32 bytes and all signatures 64, so a code has one size in every suite. A key in a secure element takes part by being a
Signer of its own.
"""

import functools
import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from partners import base64url
from partners.signatures import keys, sm2

_HALF = 32
# SEC 2, section 2.4.2.
_P256_ORDER = 0xFFFFFFFF_00000000_FFFFFFFF_FFFFFFFF_BCE6FAAD_A7179E84_F3B9CAC2_FC632551


class Signer(Protocol):
    """Signs with one private key."""

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of the signature."""


class Verifier(Protocol):
    """Verifies with one public key."""

    @property
    def algorithm(self) -> str:
        """The name of the key's algorithm, as in a JOSE header."""

    def verify(self, signature: bytes, message: bytes) -> bool:
        """Whether `signature` is the key's over `message`."""


class Algorithm(Protocol):
    """A signature algorithm: keys from bytes."""

    @property
    def name(self) -> str:
        """Its name in a JOSE header."""

    def signer(self, secret: bytes) -> Signer:
        """A private key of 32 bytes. Raises ValueError."""

    def public(self, secret: bytes) -> bytes:
        """The public key's bytes, as `verifier` takes them."""

    def verifier(self, public: bytes) -> Verifier:
        """A public key: 32 bytes of Ed25519, or a compressed point of 33. Raises ValueError for what is none."""

    def jwk(self, public: bytes) -> dict[str, str]:
        """The public key as a JWK with only its required members."""


class Suite(msgspec.Struct, frozen=True):
    """What signs attestations and status lists (`issuer`) and what signs on a phone (`holder`), with digest and MAC (32 bytes)."""

    name: str
    issuer: Algorithm
    holder: Algorithm
    digest: Callable[[bytes], bytes]
    mac: Callable[[bytes, bytes], bytes]


class _Ed25519Signer(msgspec.Struct, frozen=True):
    key: Ed25519PrivateKey

    def sign(self, message: bytes) -> bytes:
        return keys.sign_bytes(self.key, message)


class _Ed25519Verifier(msgspec.Struct, frozen=True):
    key: Ed25519PublicKey
    algorithm: str = "EdDSA"

    def verify(self, signature: bytes, message: bytes) -> bool:
        return keys.verify_bytes(self.key, signature, message)


class Ed25519(msgspec.Struct, frozen=True):
    """Ed25519 (RFC 8032)."""

    name: str = "EdDSA"

    def signer(self, secret: bytes) -> Signer:
        """A seed."""
        return _Ed25519Signer(Ed25519PrivateKey.from_private_bytes(secret))

    def public(self, secret: bytes) -> bytes:
        """32 bytes."""
        key = Ed25519PrivateKey.from_private_bytes(secret).public_key()
        return key.public_bytes(Encoding.Raw, PublicFormat.Raw)

    def verifier(self, public: bytes) -> Verifier:
        """32 bytes."""
        return _Ed25519Verifier(Ed25519PublicKey.from_public_bytes(public))

    def jwk(self, public: bytes) -> dict[str, str]:
        """As RFC 8037."""
        return keys.jwk_of(Ed25519PublicKey.from_public_bytes(public))


class _LowSSigner(msgspec.Struct, frozen=True):
    key: ec.EllipticCurvePrivateKey

    def sign(self, message: bytes) -> bytes:
        return low_s(keys.sign_bytes(self.key, message))


class _LowSVerifier(msgspec.Struct, frozen=True):
    key: ec.EllipticCurvePublicKey
    algorithm: str = "ES256"

    def verify(self, signature: bytes, message: bytes) -> bool:
        return is_low_s(signature) and keys.verify_bytes(self.key, signature, message)


class Es256(msgspec.Struct, frozen=True):
    """ECDSA on P-256 with SHA-256, low s only: with r | n - s accepted too, everybody could write a second signature.

    Requests (RFC 9421) go through `keys.verify_bytes`: libraries that sign them do not care for s, and a nonce guards them.
    """

    name: str = "ES256"

    def signer(self, secret: bytes) -> Signer:
        """A private number."""
        return _LowSSigner(self._private(secret))

    def public(self, secret: bytes) -> bytes:
        """A compressed point."""
        return compressed(self._private(secret).public_key())

    def verifier(self, public: bytes) -> Verifier:
        """A compressed point; that it is one, and of this curve, is checked."""
        return _LowSVerifier(self._public(public))

    def jwk(self, public: bytes) -> dict[str, str]:
        """As RFC 7518."""
        return keys.jwk_of(self._public(public))

    def _private(self, secret: bytes) -> ec.EllipticCurvePrivateKey:
        if len(secret) != _HALF:
            raise ValueError("a private key has 32 bytes")
        return ec.derive_private_key(int.from_bytes(secret, "big"), ec.SECP256R1())

    def _public(self, point: bytes) -> ec.EllipticCurvePublicKey:
        if len(point) != _HALF + 1:
            raise ValueError("a compressed point has 33 bytes")
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)


class _Sm2Verifier(msgspec.Struct, frozen=True):
    key: sm2.PublicKey
    algorithm: str = "SM2SM3"

    def verify(self, signature: bytes, message: bytes) -> bool:
        return self.key.verify(signature, message)


class Sm2(msgspec.Struct, frozen=True):
    """SM2 with SM3. `SM2SM3` and the curve `SM2` are our names: JOSE has registered none. One signature has one form here."""

    name: str = "SM2SM3"

    def signer(self, secret: bytes) -> Signer:
        """A private number."""
        return sm2.PrivateKey(secret)

    def public(self, secret: bytes) -> bytes:
        """A compressed point."""
        return sm2.PrivateKey(secret).public_key().compressed

    def verifier(self, public: bytes) -> Verifier:
        """A compressed point; that it is one, and of this curve, is checked."""
        if len(public) != _HALF + 1:
            raise ValueError("a compressed point has 33 bytes")
        return _Sm2Verifier(sm2.PublicKey(public))

    def jwk(self, public: bytes) -> dict[str, str]:
        """As an EC key."""
        point = sm2.PublicKey(public).coordinates
        x, y = base64url.encode(point[:_HALF]), base64url.encode(point[_HALF:])
        return {"kty": "EC", "crv": "SM2", "x": x, "y": y}


def _intl() -> Suite:
    return Suite("intl", Ed25519(), Es256(), lambda data: hashlib.sha256(data).digest(), _hmac_sha256)


def _gm() -> Suite:
    sm2.library()
    return Suite("gm", Sm2(), Sm2(), sm3, hmac_sm3)


_SUITES: Mapping[str, Callable[[], Suite]] = {"intl": _intl, "gm": _gm}


@functools.cache
def suite(name: str) -> Suite:
    """The suite of a name. Raises KeyError for an unknown one, sm2.Unavailable for `gm` on a machine without SM2."""
    return _SUITES[name]()


def suite_of(jwk: Mapping[str, object]) -> tuple[Suite, Verifier]:
    """The suite and the verifier of an issuer's public JWK: Ed25519 is `intl`, SM2 is `gm`.

    Raises ValueError for any other key, a private one, or one that is not canonical; sm2.Unavailable without SM2.
    """
    if (jwk.get("kty"), jwk.get("crv")) == ("EC", "SM2"):
        if "d" in jwk:
            raise ValueError("the JWK holds a private key, which must never leave its owner")
        coordinates = keys.coordinate(jwk.get("x")) + keys.coordinate(jwk.get("y"))
        return suite("gm"), _Sm2Verifier(sm2.PublicKey(coordinates))
    key = keys.public_key_from_jwk(jwk)
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("an issuer's key is Ed25519 or SM2")
    return suite("intl"), _Ed25519Verifier(key)


def compressed(key: ec.EllipticCurvePublicKey) -> bytes:
    """A public key on P-256 as its compressed point, 33 bytes."""
    return key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


def is_low_s(signature: bytes) -> bool:
    """Whether s of an ECDSA signature r | s on P-256 is at most half the order."""
    return int.from_bytes(signature[_HALF:], "big") <= _P256_ORDER // 2


def low_s(signature: bytes) -> bytes:
    """The signature r | s on P-256 in its low form: of s and n - s the smaller. What a phone's key store gives needs this."""
    if is_low_s(signature):
        return signature
    return signature[:_HALF] + (_P256_ORDER - int.from_bytes(signature[_HALF:], "big")).to_bytes(_HALF, "big")


def sm3(data: bytes) -> bytes:
    """SM3 (GB/T 32905), 32 bytes."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize()


def hmac_sm3(key: bytes, message: bytes) -> bytes:
    """HMAC with SM3, 32 bytes."""
    mac = HMAC(key, hashes.SM3())
    mac.update(message)
    return mac.finalize()


def _hmac_sha256(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, hashlib.sha256)
