"""Row identifiers: UUID version 7 (RFC 9562, section 5.7), so that new rows land at the end of an index."""

import secrets
from datetime import datetime
from uuid import UUID


def new_id(now: datetime) -> UUID:
    """A fresh UUID whose first 48 bits are `now` in Unix milliseconds and whose other 74 bits are random."""
    milliseconds = int(now.timestamp() * 1000)
    random = secrets.randbits(74)
    value = (milliseconds << 80) | (0x7 << 76) | ((random >> 62) << 64) | (0b10 << 62) | (random & ((1 << 62) - 1))
    return UUID(int=value)
