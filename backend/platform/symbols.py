"""Drawing QR symbols as the path of an SVG."""

from itertools import groupby
from typing import Any

import msgspec
import zxingcpp


class Symbol(msgspec.Struct, frozen=True):
    """The dark modules of a QR symbol of `size` x `size` modules, without quiet zone, as the path of an SVG."""

    size: int
    path: str


def symbol(text: str) -> Symbol:
    """The QR symbol of `text`, error correction M, of the smallest version that holds it. About 0.5 ms."""
    barcode = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    # The package's types do not say that its image is a buffer of one byte a pixel.
    image: Any = barcode.to_image(scale=1, add_quiet_zones=False)
    size: int = image.shape[0]
    pixels = bytes(image)
    rows = (pixels[start : start + size] for start in range(0, size * size, size))
    return Symbol(size, "".join(_runs(y, row) for y, row in enumerate(rows)))


def _runs(y: int, row: bytes) -> str:
    path, x = "", 0
    for shade, modules in groupby(row):
        width = len(list(modules))
        if shade == 0:
            path += f"M{x} {y}h{width}v1h-{width}z"
        x += width
    return path
