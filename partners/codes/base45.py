"""Base45 (RFC 9285), canonical only: a text that does not come back the same from its own bytes is refused."""

import struct

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

_FOREIGN = 0xFF
_VALUES = bytes(ALPHABET.find(chr(code)) if chr(code) in ALPHABET else _FOREIGN for code in range(256))
# The two lower characters of every group: one look-up instead of a division.
_PAIRS = [low + middle for middle in ALPHABET for low in ALPHABET]


def encode(data: bytes) -> str:
    """Three characters for two bytes, two for a last single one (RFC 9285, section 4)."""
    half = len(data) // 2
    groups = struct.unpack(f">{half}H", data[: 2 * half])
    text = "".join([_PAIRS[group % 2025] + ALPHABET[group // 2025] for group in groups])
    return text + _PAIRS[data[-1]] if len(data) % 2 else text


def decode(text: str) -> bytes:
    """The bytes of a base45 text. Raises ValueError for a foreign character, a wrong length or a value out of range."""
    try:
        values = text.encode("ascii").translate(_VALUES)
    except UnicodeEncodeError:
        raise ValueError("a character is not of base45") from None
    if _FOREIGN in values:
        raise ValueError("a character is not of base45")
    whole, left = divmod(len(values), 3)
    if left == 1:
        raise ValueError("the length is not of base45")
    end = 3 * whole
    groups = zip(values[0:end:3], values[1:end:3], values[2:end:3], strict=True)
    try:
        data = struct.pack(f">{whole}H", *[low + 45 * middle + 2025 * high for low, middle, high in groups])
        return data + bytes([values[end] + 45 * values[end + 1]]) if left else data
    except (struct.error, ValueError):
        raise ValueError("a group is out of range") from None
