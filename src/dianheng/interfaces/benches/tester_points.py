"""Which point of the scheme a line of a tester's table means."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from dianheng.metrology.errors import MetrologyError
from dianheng.metrology.quantities import read_decimal
from dianheng.metrology.transformer_schemes import read_ratios
from dianheng.verification.selectors.tester_places import PlacePoint

PARTS = {"ct": "CT", "电流": "CT", "电流互感器": "CT", "计量ct": "CT", "vt": "VT", "pt": "VT",
         "电压": "VT", "电压互感器": "VT", "计量pt": "VT"}  # fmt: skip
BURDENS = {"rated": "RATED", "额定": "RATED", "额定负荷": "RATED", "上限": "RATED", "满载": "RATED",
           "lower": "LOWER", "下限": "LOWER", "下限负荷": "LOWER", "轻载": "LOWER"}  # fmt: skip


@dataclass(frozen=True)
class Unclear:
    """No point fits what is stated, or several do."""

    code: str
    text: str


def _same(known: str, stated: str) -> bool:
    try:
        return read_decimal(known) == read_decimal(stated.removesuffix("%"))
    except MetrologyError:
        return False


def _is_ratio(point: PlacePoint, text: str) -> bool:
    try:
        return read_ratios(text) == (point.ratio,)
    except MetrologyError:
        return False


def _is_burden(point: PlacePoint, text: str) -> bool:
    named = BURDENS.get(text.lower())
    if named is not None:
        return point.burden == named
    return _same(point.burden_va, text.upper().removesuffix("VA").strip())


_FITS: Mapping[str, Callable[[PlacePoint, str], bool]] = {
    "part": lambda point, text: point.part == PARTS.get(text.lower()),
    "ratio": _is_ratio,
    "phase": lambda point, text: point.phase == text.upper().removesuffix("相"),
    "burden": _is_burden,
    "factor": lambda point, text: _same(point.factor, text),
    "percent": lambda point, text: _same(point.percent, text),
}
PLACE = tuple(_FITS)


def point_meant(
    points: Sequence[PlacePoint], stated: Mapping[str, str]
) -> tuple[str, ...] | Unclear:
    """The key of the one point that fits; what is not stated is left open.

    Args:
        points: of the scheme.
        stated: texts of a line by `PLACE`; empty where it says nothing.
    """
    left = list(points)
    for name, fits in _FITS.items():
        text = stated[name]
        if not text:
            continue
        kept = [point for point in left if fits(point, text)]
        if not kept:
            facts = {"name": _names()[name], "text": text[:40], "known": _known(left, name)}
            says = _("%(name)s “%(text)s” is not in the scheme here: %(known)s.")
            return Unclear(name, says % facts)
        left = kept
    if len(left) == 1:
        return left[0].key
    name = next(name for name in PLACE if len({_shown(point, name) for point in left}) > 1)
    facts = {"name": _names()[name], "known": _known(left, name)}
    return Unclear(f"{name}_missing", _("it does not say the %(name)s: %(known)s.") % facts)


def _known(points: Sequence[PlacePoint], name: str) -> str:
    return ", ".join(dict.fromkeys(_shown(point, name) for point in points))


def _shown(point: PlacePoint, name: str) -> str:
    if name == "burden":
        return f"{_('rated') if point.burden == 'RATED' else _('lower')} {point.burden_va} VA"
    shown: str = getattr(point, name)
    return f"{shown} %" if name == "percent" else shown


def _names() -> dict[str, str]:
    return {
        "part": _("part"), "ratio": _("ratio"), "phase": _("phase"), "burden": _("burden"),
        "factor": _("power factor of the burden"), "percent": _("percent"),
    }  # fmt: skip


def point_text(key: tuple[str, ...]) -> str:
    """A point as people say it."""
    part, phase, ratio, burden, percent = key
    said = _("rated") if burden == "RATED" else _("lower")
    return f"{part} {ratio} {'' if phase == 'ABC' else phase + ' '}{said} {percent} %"
