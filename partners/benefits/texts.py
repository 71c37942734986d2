"""A text in the two languages of every page."""

from typing import Annotated

import msgspec
from msgspec import Meta


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text in Chinese and English."""

    zh: Annotated[str, Meta(min_length=1, max_length=500)]
    en: Annotated[str, Meta(min_length=1, max_length=500)]
