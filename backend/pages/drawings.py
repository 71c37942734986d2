"""Drawing QR symbols as SVG paths, for phones that compute their codes themselves."""

from itertools import groupby
from typing import Any

import zxingcpp

from backend.pages.messages import Drawing

# Holds the 43 characters of every code at level M; a text with many digits would fit a smaller one and change the picture's size.
_VERSION = 3


def draw(text: str) -> Drawing:
    """The QR symbol of `text`, version 3, error correction M. About 0.5 ms, so it needs no thread."""
    symbol = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M", version=_VERSION)
    # The package's types do not say that its image is a buffer of one byte a pixel.
    image: Any = symbol.to_image(scale=1, add_quiet_zones=False)
    size: int = image.shape[0]
    pixels = bytes(image)
    rows = (pixels[start : start + size] for start in range(0, size * size, size))
    return Drawing(size, "".join(_runs(y, row) for y, row in enumerate(rows)))


def _runs(y: int, row: bytes) -> str:
    path, x = "", 0
    for shade, modules in groupby(row):
        width = len(list(modules))
        if shade == 0:
            path += f"M{x} {y}h{width}v1h-{width}z"
        x += width
    return path
