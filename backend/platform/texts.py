"""Text that people write: bounded, and without the control characters that PostgreSQL and screens choke on."""

from typing import Annotated

from msgspec import Meta

# No control characters; a line break is allowed only in long texts. `(?!\n)` because `$` also matches before a last line
# break in Python, and `\Z` is unknown to the regular expressions of JSON Schema.
_LINE = r"^[^\x00-\x1f\x7f-\x9f]*(?!\n)$"
_LINES = r"^[^\x00-\x09\x0b-\x1f\x7f-\x9f]*(?!\n)$"

ShortText = Annotated[str, Meta(min_length=1, max_length=200, pattern=_LINE)]
# Takes lengths of its own: `Annotated[Lines, Meta(min_length=1, max_length=512)]`.
Lines = Annotated[str, Meta(pattern=_LINES)]
LongText = Annotated[str, Meta(min_length=1, max_length=4000, pattern=_LINES)]
Reference = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:-]+(?!\n)$")]
