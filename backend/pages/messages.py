"""What goes in and out of the pages room."""

from typing import Annotated

import msgspec
from msgspec import Meta

MAXIMUM_DRAWINGS = 20

# Only the text of an integrity code is drawn: `IC1:` and base45 (RFC 9285), QR version 3.
CodeText = Annotated[
    str,
    Meta(
        pattern=r"^IC1:[0-9A-Z $%*+./:-]{39}(?!\n)$",
        max_length=43,
        description="诚信码文本 text of an integrity code",
    ),
]


class DrawingOrder(msgspec.Struct, forbid_unknown_fields=True):
    """The codes that the phone will show in the next minutes, 1 to 20."""

    texts: Annotated[list[CodeText], Meta(min_length=1, max_length=MAXIMUM_DRAWINGS)]


class Drawing(msgspec.Struct):
    """The dark modules of a QR symbol of `size` x `size` modules, without quiet zone, as the path of an SVG."""

    size: int
    path: str


class Drawings(msgspec.Struct):
    """In the order of the texts."""

    drawings: list[Drawing]
