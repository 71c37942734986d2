"""A text in the two languages of every page."""

from typing import Annotated

import msgspec
from msgspec import Meta

# No control characters: PostgreSQL and screens choke on them. `(?!\n)` because `$` also matches before a last line break.
ONE_LINE = r"^[^\x00-\x1f\x7f-\x9f]*(?!\n)$"


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text in Chinese and English."""

    zh: Annotated[str, Meta(min_length=1, max_length=500, pattern=ONE_LINE)]
    en: Annotated[str, Meta(min_length=1, max_length=500, pattern=ONE_LINE)]
