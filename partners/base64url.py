"""Base64url without padding (RFC 7515, section 2), canonical only: one value has one spelling."""

import base64
import binascii


def encode(value: bytes) -> str:
    """The text of `value`, without padding."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """The bytes of a text. Raises ValueError for padding, a foreign character or bits that stand for nothing."""
    try:
        value = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise ValueError("the text is not base64url") from None
    if encode(value) != text:
        raise ValueError("the text is not canonical base64url")
    return value
