"""Base45 (RFC 9285), canonical only: a text that does not come back the same from its own bytes is refused."""

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUES = {character: value for value, character in enumerate(ALPHABET)}


def encode(data: bytes) -> str:
    """Three characters for two bytes, two for a last single one (RFC 9285, section 4)."""
    text = []
    for start in range(0, len(data) - 1, 2):
        rest, low = divmod(data[start] * 256 + data[start + 1], 45)
        high, middle = divmod(rest, 45)
        text.append(ALPHABET[low] + ALPHABET[middle] + ALPHABET[high])
    if len(data) % 2:
        high, low = divmod(data[-1], 45)
        text.append(ALPHABET[low] + ALPHABET[high])
    return "".join(text)


def decode(text: str) -> bytes:
    """The bytes of a base45 text. Raises ValueError for a foreign character, a wrong length or a value out of range."""
    try:
        values = [_VALUES[character] for character in text]
    except KeyError:
        raise ValueError("a character is not of base45") from None
    if len(values) % 3 == 1:
        raise ValueError("the length is not of base45")
    data = bytearray()
    for start in range(0, len(values), 3):
        group = values[start : start + 3]
        number = sum(value * 45**place for place, value in enumerate(group))
        size = len(group) - 1
        if number >= 256**size:
            raise ValueError("a group is out of range")
        data += number.to_bytes(size, "big")
    return bytes(data)
