"""QR codes read from the drawing of a page, without a rasteriser.

Papers draw their code as one path of whole modules (`papers/codes.py`); the path is collected
from the page's content stream, painted into a small picture and read like a photograph.
"""

import io
from collections.abc import Iterator
from typing import Any

import zxingcpp
from pypdf import PdfReader
from pypdf.generic import ContentStream

_FORMATS: Any = zxingcpp.BarcodeFormat.QRCode
_FEWEST_RECTANGLES = 60
_LARGEST = 200
_SCALE = 4
_QUIET = 4
_PAINTS = {b"f", b"F", b"f*", b"B", b"b", b"B*", b"b*"}
_FORGETS = {b"n", b"S", b"s"}

Rectangle = tuple[int, int, int, int]


def _whole(number: Any) -> int:
    value = float(number)
    if value != int(value):
        raise ValueError("not on the grid")
    return int(value)


def _paths(operations: list[tuple[Any, bytes]]) -> Iterator[list[Rectangle]]:
    """Filled paths made of rectangles with whole corners, in their own units."""
    rectangles: list[Rectangle] = []
    corners: list[tuple[int, int]] = []
    for operands, operator in operations:
        if operator in (b"m", b"l", b"h", b"re", b"c") or operator in _PAINTS:
            if operator != b"l" and corners:
                if len(corners) >= 4:
                    xs, ys = zip(*corners, strict=True)
                    rectangles.append((min(xs), min(ys), max(xs), max(ys)))
                corners = []
            try:
                if operator in (b"m", b"l"):
                    corners.append((_whole(operands[0]), _whole(operands[1])))
                elif operator == b"re":
                    x, y, w, h = (_whole(number) for number in operands)
                    rectangles.append((x, y, x + w, y + h))
            except ValueError:
                corners = []
        if operator in _PAINTS:
            if len(rectangles) >= _FEWEST_RECTANGLES:
                yield rectangles
            rectangles = []
        elif operator in _FORGETS:
            rectangles, corners = [], []


def _read(rectangles: list[Rectangle]) -> str:
    left = min(r[0] for r in rectangles)
    top = min(r[1] for r in rectangles)
    size = max(max(r[2] - left, r[3] - top) for r in rectangles)
    if not 0 < size <= _LARGEST:
        return ""
    side = (size + 2 * _QUIET) * _SCALE
    picture = bytearray(b"\xff" * side * side)
    for x0, y0, x1, y1 in rectangles:
        start = (x0 - left + _QUIET) * _SCALE
        dark = bytes((x1 - x0) * _SCALE)
        for row in range((y0 - top + _QUIET) * _SCALE, (y1 - top + _QUIET) * _SCALE):
            at = row * side + start
            picture[at : at + len(dark)] = dark
    view: Any = memoryview(picture).cast("B", (side, side))
    found = zxingcpp.read_barcodes(view, formats=_FORMATS)
    return found[0].text if found else ""


def codes_of_pages(pdf: bytes) -> list[tuple[int, str]]:
    """Texts of the QR codes drawn in a PDF, each with its page from 1."""
    reader = PdfReader(io.BytesIO(pdf))
    found = []
    for number, page in enumerate(reader.pages, 1):
        contents = page.get_contents()
        if contents is None:
            continue
        operations = ContentStream(contents, reader).operations
        for rectangles in _paths(operations):
            if text := _read(rectangles):
                found.append((number, text))
    return found
