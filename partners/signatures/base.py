"""What requests and answers share: the signature base (RFC 9421, section 2.5), its headers, and Content-Digest (RFC 9530)."""

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence

LABEL = "sig"
BLANKS = " \t"

# Visible ASCII, blanks only inside: what HTTP allows more (RFC 9110, section 5.5) could be read as two different texts.
_VALUE = re.compile(r"[!-~](?:[\t -~]*[!-~])?")
# The last character of 64 bytes carries two bits: one signature has one spelling.
_SIGNATURE = re.compile(r"sig=:(?P<value>[A-Za-z0-9+/]{85}[AQgw]==):")


def combined(fields: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Header fields by lower-case name; lines of one name are joined by a comma and a blank (RFC 9421, section 2.1).

    A signature over one of two lines must not hold for a reader that takes the other: so never `dict(fields)`.
    """
    found: dict[str, str] = {}
    for name, value in fields:
        key, trimmed = name.lower(), value.strip(BLANKS)
        found[key] = f"{found[key]}, {trimmed}" if key in found else trimmed
    return found


def content_digest(body: bytes) -> str:
    """The Content-Digest header of a body (RFC 9530, section 2), SHA-256."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def is_signable(value: str) -> bool:
    """Whether a component's value may stand in a signature base."""
    return _VALUE.fullmatch(value.strip(BLANKS)) is not None


def signature_base(components: Sequence[tuple[str, str]], parameters: str) -> bytes:
    """The bytes to sign: one line for each component identifier and its value, then the parameters.

    Raises ValueError for a value that is not visible ASCII: with a line break inside, it could pose as two components.
    """
    lines = []
    for identifier, value in components:
        trimmed = value.strip(BLANKS)
        if _VALUE.fullmatch(trimmed) is None:
            raise ValueError(f"the value of {identifier} is empty or not visible ASCII")
        lines.append(f"{identifier}: {trimmed}")
    lines.append(f'"@signature-params": {parameters}')
    return "\n".join(lines).encode("ascii")


def signature_headers(parameters: str, signature: bytes) -> dict[str, str]:
    """Signature-Input and Signature under our one label."""
    value = base64.b64encode(signature).decode()
    return {"signature-input": f"{LABEL}={parameters}", "signature": f"{LABEL}=:{value}:"}


def signature_in(header: str) -> bytes | None:
    """The 64 bytes of a Signature header with exactly our label, or None."""
    found = _SIGNATURE.fullmatch(header)
    return base64.b64decode(found["value"]) if found is not None else None
