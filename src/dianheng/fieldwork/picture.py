"""The phasor diagram of a record: drawn from what was measured, U1 (U12) upwards, lags clockwise."""

import math
from collections.abc import Sequence
from decimal import Decimal

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from dianheng.metrology.wiring_phasors import Measurement, Phasor

from .sheet import names_of

SIZE = 320
LONG = {"U": 118.0, "I": 84.0}
COLOUR = {"U": "#2b6cb0", "I": "#c53030"}
DASH = {"U": "none", "I": "6 3"}


def phasor_picture(measurement: Measurement) -> SafeString:
    """An SVG: voltages blue and solid, currents red and dashed, each as long as its part of the largest."""
    middle = SIZE / 2
    names = names_of(measurement.wiring)
    arrows = [
        arrow
        for kind, labels, phasors in (
            ("U", names[0], measurement.voltages),
            ("I", names[1], measurement.currents),
        )
        for arrow in _arrows(kind, labels, phasors, middle)
    ]
    drawn = format_html_join(
        "",
        '<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="{}" stroke-width="2" stroke-dasharray="{}"/>'
        '<polygon points="{}" fill="{}"/>'
        '<text x="{}" y="{}" fill="{}" font-size="13" font-family="Noto Sans SC, sans-serif" text-anchor="middle">{}</text>',
        arrows,
    )
    said = "; ".join(
        f"{name} {phasor.size:g} ∠ {-(phasor.lag_deg or 0):g}°"
        for labels, phasors in ((names[0], measurement.voltages), (names[1], measurement.currents))
        for name, phasor in zip(labels, phasors, strict=True)
    )
    return format_html(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" width="{size}" height="{size}"'
        ' role="img" aria-label="{said}"><circle cx="{c}" cy="{c}" r="130" fill="none" stroke="#999999"'
        ' stroke-width="0.6"/><line x1="{c}" y1="22" x2="{c}" y2="298" stroke="#999999" stroke-width="0.5"/>'
        '<line x1="22" y1="{c}" x2="298" y2="{c}" stroke="#999999" stroke-width="0.5"/>{drawn}</svg>',
        size=SIZE, c=_text(middle), drawn=drawn, said=said,
    )  # fmt: skip


def _arrows(
    kind: str, labels: Sequence[str], phasors: Sequence[Phasor], middle: float
) -> list[tuple[str, ...]]:
    largest = max((each.size for each in phasors), default=0) or 1
    found = []
    for label, each in zip(labels, phasors, strict=True):
        length = LONG[kind] * each.size / largest
        if length < 4:
            continue
        turn = math.radians(each.lag_deg or 0)
        right, up = math.sin(turn), math.cos(turn)
        x, y = middle + length * right, middle - length * up
        head = [
            (x, y),
            (x - 9 * right - 4 * up, y + 9 * up - 4 * right),
            (x - 9 * right + 4 * up, y + 9 * up + 4 * right),
        ]
        # The name of a current stands beside its arrow, where no voltage in line covers it.
        aside = (16 * right, -16 * up) if kind == "U" else (13 * up, 13 * right)
        found.append(
            (
                _text(middle), _text(middle), _text(x - 5 * right), _text(y + 5 * up), COLOUR[kind],
                DASH[kind], " ".join(f"{_text(a)},{_text(b)}" for a, b in head), COLOUR[kind],
                _text(x + aside[0]), _text(y + aside[1] + 4), COLOUR[kind], label,
            )
        )  # fmt: skip
    return found


def _text(value: float) -> str:
    """Two decimals at most, the same on every machine."""
    return f"{Decimal(f'{value:.1f}').normalize():f}"
