"""Compact JWS (RFC 7515) under a fixed profile: the header is exactly `alg`, `kid`, `typ`, and none of it chooses anything.

The key that is known under `kid` decides the algorithm and `alg` has to be its name; a header that brings a key, a critical
extension or any other member is refused (RFC 8725, section 3.1). Every part is canonical base64url: one text for one token.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from partners import base64url


class Header(msgspec.Struct, forbid_unknown_fields=True):
    """The protected header."""

    alg: str
    kid: str
    typ: str


class Token(msgspec.Struct, frozen=True):
    """A token that was read, not yet verified: its header, the claims' bytes, what is signed, and the signature."""

    header: Header
    claims: bytes
    signed: bytes
    signature: bytes


def write(claims: Mapping[str, Any], header: Header, sign: Callable[[bytes], bytes]) -> str:
    """The token. `sign` gives the signature of the bytes it is handed."""
    parts = (msgspec.to_builtins(header), claims)
    signed = ".".join(base64url.encode(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    return f"{signed}.{base64url.encode(sign(signed.encode()))}"


def parse(text: str, maximum: int) -> Token | None:
    """The token in a text of at most `maximum` characters, or None if it is not one; a longer text is not read."""
    parts = text.split(".") if len(text) <= maximum else []
    if len(parts) != 3:
        return None
    try:
        header, claims, signature = (base64url.decode(part) for part in parts)
        return Token(msgspec.json.decode(header, type=Header), claims, f"{parts[0]}.{parts[1]}".encode(), signature)
    except ValueError:
        return None
