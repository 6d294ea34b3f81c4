"""Bar codes as drawings: one SVG path of whole modules, sharp at any size."""

from functools import lru_cache
from typing import Any, cast

import zxingcpp

_KINDS = {
    "qr": zxingcpp.BarcodeFormat.QRCode,
    "code128": zxingcpp.BarcodeFormat.Code128,
}


class CodeTooLongError(ValueError):
    """The text does not fit into a bar code that could still be read on paper."""


def _runs(row: list[int]) -> list[tuple[int, int]]:
    """Dark runs of a row of pixels (0 is dark) as (start, length)."""
    runs = []
    start = -1
    for x, light in enumerate([*row, 255]):
        if not light and start < 0:
            start = x
        elif light and start >= 0:
            runs.append((start, x - start))
            start = -1
    return runs


def _matrix(text: str, kind: str, quality: str) -> list[list[int]]:
    options = {"ec_level": quality} if kind == "qr" else {}
    try:
        code = zxingcpp.create_barcode(text, _KINDS[kind], **options)
        picture: Any = code.to_image(scale=1, add_quiet_zones=False)
    except (ValueError, RuntimeError) as error:
        raise CodeTooLongError(f"no {kind} code for {len(text)} characters: {error}") from error
    return cast(list[list[int]], memoryview(picture).tolist())


@lru_cache(maxsize=256)
def qr_svg(text: str, quality: str = "M", quiet: int = 2) -> str:
    """QR code as SVG; `quiet` is the white border in modules.

    The border asked for by ISO/IEC 18004 is four modules; two stand in the drawing, the
    paper's layout leaves the rest.

    Raises:
        CodeTooLongError: more than a QR code holds.
    """
    rows = _matrix(text, "qr", quality)
    size = len(rows)
    path = "".join(
        f"M{x} {y}h{length}v1h-{length}z" for y, row in enumerate(rows) for x, length in _runs(row)
    )
    full = size + 2 * quiet
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{full}" height="{full}" '
        f'viewBox="-{quiet} -{quiet} {full} {full}"><path d="{path}"/></svg>'
    )


@lru_cache(maxsize=1024)
def code128_svg(text: str) -> str:
    """Code 128 as SVG, one unit per module, to be stretched to the height of the label.

    Raises:
        CodeTooLongError: characters that Code 128 lacks, or too many.
    """
    row = _matrix(text, "code128", "")[0]
    bars = "".join(f"M{x} 0h{length}v1h-{length}z" for x, length in _runs(row))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{len(row)}" height="1" '
        f'viewBox="0 0 {len(row)} 1" preserveAspectRatio="none"><path d="{bars}"/></svg>'
    )


def code128_modules(text: str) -> int:
    """Width of the Code 128 symbol in modules, without quiet zones."""
    return len(_matrix(text, "code128", "")[0])
