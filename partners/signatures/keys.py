"""Keys of signatures: Ed25519 and P-256 as JWK (RFC 7517, RFC 8037), named by their thumbprint (RFC 7638)."""

import hashlib
import json
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError

from partners import base64url

PublicKey = Ed25519PublicKey | ec.EllipticCurvePublicKey
PrivateKey = Ed25519PrivateKey | ec.EllipticCurvePrivateKey

_COORDINATE_BYTES = 32
_SIGNATURE_BYTES = 64


def coordinate(member: object) -> bytes:
    """32 bytes in canonical unpadded base64url. Raises ValueError."""
    if not isinstance(member, str):
        raise ValueError("a JWK member is not text")
    value = base64url.decode(member)
    if len(value) != _COORDINATE_BYTES:
        raise ValueError("a JWK member has not 32 bytes")
    return value


def jwk_of(key: PublicKey) -> dict[str, str]:
    """The public key as a JWK with only its required members. Raises ValueError for a curve other than Ed25519 and P-256."""
    if isinstance(key, Ed25519PublicKey):
        return {"kty": "OKP", "crv": "Ed25519", "x": base64url.encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw))}
    if not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("only Ed25519 and P-256 are registered")
    numbers = key.public_numbers()
    return {
        "kty": "EC",
        "crv": "P-256",
        "x": base64url.encode(numbers.x.to_bytes(_COORDINATE_BYTES, "big")),
        "y": base64url.encode(numbers.y.to_bytes(_COORDINATE_BYTES, "big")),
    }


def public_key_from_jwk(jwk: Mapping[str, object]) -> PublicKey:
    """The key of a JWK. Raises ValueError if it is not a public Ed25519 or P-256 key in canonical form, or if its owner
    sent the private part along."""
    if "d" in jwk:
        raise ValueError("the JWK holds a private key, which must never leave its owner")
    kind = (jwk.get("kty"), jwk.get("crv"))
    if kind == ("OKP", "Ed25519"):
        return Ed25519PublicKey.from_public_bytes(coordinate(jwk.get("x")))
    if kind == ("EC", "P-256"):
        x, y = (int.from_bytes(coordinate(jwk.get(name)), "big") for name in ("x", "y"))
        return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    raise ValueError("only Ed25519 and P-256 are registered")


def thumbprint(jwk: Mapping[str, object]) -> str:
    """The key id: RFC 7638 thumbprint, SHA-256 over the required members in lexicographic order."""
    members = ("crv", "kty", "x", "y") if jwk.get("kty") == "EC" else ("crv", "kty", "x")
    canonical = json.dumps({name: jwk[name] for name in members}, sort_keys=True, separators=(",", ":"))
    return base64url.encode(hashlib.sha256(canonical.encode()).digest())


def algorithm_of(key: PublicKey | PrivateKey) -> str:
    """The name in RFC 9421's registry: `ed25519` or `ecdsa-p256-sha256`."""
    return "ed25519" if isinstance(key, Ed25519PublicKey | Ed25519PrivateKey) else "ecdsa-p256-sha256"


def sign_bytes(key: PrivateKey, message: bytes) -> bytes:
    """64 bytes: Ed25519 (RFC 8032), or ES256 as r and s (RFC 9421, section 3.3.4)."""
    if isinstance(key, Ed25519PrivateKey):
        return key.sign(message)
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(SHA256())))
    return r.to_bytes(_COORDINATE_BYTES, "big") + s.to_bytes(_COORDINATE_BYTES, "big")


def verify_bytes(key: PublicKey, signature: bytes, message: bytes) -> bool:
    """Whether `signature` (64 bytes) is the key's over `message`; the key's own kind decides the algorithm.

    Ed25519 is checked by libsodium: half the time of OpenSSL's, which would be most of a signed request (decision 0038).
    """
    if len(signature) != _SIGNATURE_BYTES:
        return False
    try:
        if isinstance(key, Ed25519PublicKey):
            crypto_sign_open(signature + message, key.public_bytes_raw())
        else:
            r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
            key.verify(encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))
    except (InvalidSignature, BadSignatureError, ValueError):
        return False
    return True
