"""What goes in and out of the pages room."""

from typing import Annotated

import msgspec
from msgspec import Meta

MAXIMUM_DRAWINGS = 40

# Only what an integrity code is made of is drawn: `IC1:` and base45 (RFC 9285) as QR, version 3; its 20 digits as Code 128.
CodeText = Annotated[
    str,
    Meta(
        pattern=r"^(?:IC1:[0-9A-Z $%*+./:-]{39}|[0-9]{20})(?!\n)$",
        max_length=43,
        description="诚信码文本或数字 text or digits of an integrity code",
    ),
]


class DrawingOrder(msgspec.Struct, forbid_unknown_fields=True):
    """The codes that the phone will show in the next minutes, 1 to 40 pictures."""

    texts: Annotated[list[CodeText], Meta(min_length=1, max_length=MAXIMUM_DRAWINGS)]


class Drawing(msgspec.Struct):
    """The dark modules of a QR symbol of `size` x `size` modules, or of a Code 128 of `size` modules and height 1, without quiet
    zone, as the path of an SVG."""

    size: int
    path: str


class Drawings(msgspec.Struct):
    """In the order of the texts."""

    drawings: list[Drawing]
