"""Where the fonts of the papers are, and which characters they can draw.

Fonts are installed with the front-end packages, never kept in the repository: Noto Sans SC
(regular, bold) must be there, Noto Serif SC (regular) gives the body its 宋体 look; in a folder
of one's own that lacks it the body is set in Sans.
"""

import os
import struct
from functools import cache
from pathlib import Path

from dianheng.documents.signing.texts import said

PACKAGE = Path(__file__).resolve().parents[2]
REPOSITORY = PACKAGE.parents[1]


class FontsMissingError(RuntimeError):
    """No folder with the fonts of the papers was found."""


def font_files(folder: Path) -> list[Path]:
    """The TrueType and OpenType files in a folder and below, in a fixed order."""
    return sorted(
        file for file in folder.rglob("*") if file.suffix.lower() in {".ttf", ".otf", ".ttc"}
    )


def font_folder() -> Path:
    """The folder with the fonts: DIANHENG_FONTS, else what the front-end build placed.

    Raises:
        FontsMissingError: none of the places has Noto Sans SC; the text names them.
    """
    places = [REPOSITORY / "build/vendor/fonts", PACKAGE / "vendor/fonts"]
    named = os.environ.get("DIANHENG_FONTS")
    if named:
        places = [Path(named)]
    for place in places:
        if any("NotoSansSC" in file.name for file in font_files(place)):
            return place
    tried = ", ".join(str(place) for place in places)
    raise FontsMissingError(said("fonts_missing", places=tried))


@cache
def drawable(folder: Path) -> frozenset[int]:
    """Code points that at least one font of the folder can draw."""
    points: set[int] = set()
    for file in font_files(folder):
        points |= _code_points(file.read_bytes())
    return frozenset(points)


def _code_points(font: bytes) -> set[int]:
    """Code points of a font file, from its Unicode `cmap` (OpenType formats 4 and 12)."""
    (tables,) = struct.unpack_from(">H", font, 4)
    for number in range(tables):
        tag, _, offset, _ = struct.unpack_from(">4sLLL", font, 12 + 16 * number)
        if tag == b"cmap":
            return _cmap(font, offset)
    return set()


def _cmap(font: bytes, start: int) -> set[int]:
    points: set[int] = set()
    (subtables,) = struct.unpack_from(">H", font, start + 2)
    for number in range(subtables):
        platform, encoding, offset = struct.unpack_from(">HHL", font, start + 4 + 8 * number)
        if platform not in (0, 3) or (encoding in (0, 5) and platform == 3):
            continue
        at = start + offset
        (form,) = struct.unpack_from(">H", font, at)
        if form == 12:
            (groups,) = struct.unpack_from(">L", font, at + 12)
            for group in range(groups):
                first, last, _ = struct.unpack_from(">LLL", font, at + 16 + 12 * group)
                points.update(range(first, last + 1))
        elif form == 4:
            points |= _segments(font, at)
    return points


def _segments(font: bytes, at: int) -> set[int]:
    points: set[int] = set()
    (double,) = struct.unpack_from(">H", font, at + 6)
    count = double // 2
    ends = struct.unpack_from(f">{count}H", font, at + 14)
    starts = struct.unpack_from(f">{count}H", font, at + 16 + double)
    deltas = struct.unpack_from(f">{count}H", font, at + 16 + 2 * double)
    offsets_at = at + 16 + 3 * double
    offsets = struct.unpack_from(f">{count}H", font, offsets_at)
    for i in range(count):
        for point in range(starts[i], ends[i] + 1):
            if point == 0xFFFF:
                continue
            if offsets[i] == 0:
                glyph = (point + deltas[i]) & 0xFFFF
            else:
                where = offsets_at + 2 * i + offsets[i] + 2 * (point - starts[i])
                (glyph,) = struct.unpack_from(">H", font, where)
            if glyph:
                points.add(point)
    return points
