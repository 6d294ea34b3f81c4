"""Labels as PDF for label sheets and rolls, to the millimetre."""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from dianheng.documents.signing.canonical import plain

from .codes import code128_modules, code128_svg, qr_svg
from .compose import for_page, known_language
from .press import TEMPLATES, compile_document
from .schema import LABELS
from .schema.reading import PaperDataError, read

# Which field of a label stands in its codes.
CODED = {
    "qualification_mark": "bar_code",
    "box_label": "box_no",
    "shelf_label": "code",
    "status_label": "asset_no",
    "meter_label": "bar_code",
}
_WITH_BARS = {"box_label", "shelf_label", "meter_label"}


class SheetUnfitError(ValueError):
    """The sheet is unknown, or its labels are too small for this kind."""


@cache
def sheets() -> dict[str, dict[str, Any]]:
    """The label sheets by name; measures in millimetres."""
    return tomllib.loads((TEMPLATES / "sheets.toml").read_text(encoding="utf-8"))


def _sheet(name: str, kind: str) -> dict[str, Any]:
    found = sheets().get(name)
    if found is None:
        raise SheetUnfitError(f"unknown sheet {name}; known: {', '.join(sheets())}")
    if kind not in found["kinds"]:
        fits = ", ".join(n for n, sheet in sheets().items() if kind in sheet["kinds"])
        raise SheetUnfitError(f"{kind} does not fit on {name}; it fits on {fits}")
    return found


def _label(kind: str, label: Any) -> dict[str, Any]:
    if isinstance(label, Mapping):
        label = read(LABELS[kind], plain(label))
    elif not isinstance(label, LABELS[kind]):
        raise PaperDataError(f"{kind} is made from {LABELS[kind].__name__}")
    data: dict[str, Any] = plain(label)
    coded = data[CODED[kind]]
    found: dict[str, Any] = {"data": for_page(data), "qr": qr_svg(coded, quiet=1)}
    if kind in _WITH_BARS:
        found["bar"] = code128_svg(coded)
        found["modules"] = code128_modules(coded)
    return found


def compose_labels(
    kind: str,
    labels: Sequence[Any],
    sheet: str,
    lang: str = "zh",
    *,
    first: int = 1,
    offset_mm: tuple[float, float] = (0.0, 0.0),
    created_at: datetime | None = None,
    test: bool = False,
) -> bytes:
    """Labels of one kind on as many sheets as they need.

    Args:
        kind: a name in `schema.LABELS`.
        labels: dataclasses of that kind, or the same as plain data.
        sheet: a name in `sheets()`.
        first: the first label of the first sheet that is still there, from 1.
        offset_mm: what the printer needs to the right and down.
        created_at: moment that stands in the PDF; without it a fixed one, so that the same
            labels give the same bytes.
        test: outlines and rulers instead of labels, to measure the offset.

    Raises:
        SheetUnfitError: unknown sheet, or the label is too big for it.
        PaperDataError: data that do not fit the kind, or `first` off the sheet.
    """
    known_language(lang)
    if kind not in LABELS:
        raise PaperDataError(f"unknown kind of label: {kind}")
    measures = _sheet(sheet, kind)
    if not 1 <= first <= measures["columns"] * measures["rows"]:
        raise PaperDataError(f"the sheet has no label number {first}")
    job = {
        "kind": kind,
        "lang": lang,
        "sheet": measures,
        "labels": [] if test else [_label(kind, label) for label in labels],
        "first": first - 1,
        "dx": offset_mm[0],
        "dy": offset_mm[1],
        "test": test,
    }
    moment = created_at or datetime(2000, 1, 1, tzinfo=UTC)
    return compile_document("labels.typ", job, moment, archive=False, tags=False)
