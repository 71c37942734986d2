"""Paging: opaque cursors over a stable order, never offsets."""

import base64
import binascii
from typing import Annotated, Any

import msgspec
from litestar.params import Parameter

from backend.platform.problems import BAD_CURSOR

# A row's number in its table: a PostgreSQL bigint.
RowNumber = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]

MAXIMUM_LIMIT = 200
DEFAULT_LIMIT = 50


def encode(position: object) -> str:
    """The cursor that continues after `position` (any value msgspec can write)."""
    return base64.urlsafe_b64encode(msgspec.json.encode(position)).rstrip(b"=").decode()


def decode(cursor: str | None, kind: Any) -> Any:
    """The position in a cursor, of the type `kind`, or None on the first page. Raises BAD_CURSOR."""
    if cursor is None:
        return None
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        return msgspec.json.decode(base64.b64decode(padded, altchars=b"-_", validate=True), type=kind)
    except (ValueError, binascii.Error, msgspec.DecodeError, msgspec.ValidationError):
        raise BAD_CURSOR.error() from None


Cursor = Annotated[str | None, Parameter(description="上一页返回的 next。`next` of the page before.", max_length=500)]
Limit = Annotated[int, Parameter(description="每页条数。Entries per page.", ge=1, le=MAXIMUM_LIMIT)]
