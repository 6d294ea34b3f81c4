"""Composite error of the whole installation over load and power factor, and what to change first."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.common.charts import Chart, Mark
from dianheng.common.forms import Form
from dianheng.common.pages import needs
from dianheng.customers.rules import EDITIONS
from dianheng.customers.selectors import visible_point
from dianheng.identity.selectors import setting
from dianheng.metrology.composite import (
    ComplexError,
    CompositeError,
    Element,
    OperatingPoint,
    burden_range_pct,
    composite_over,
    what_to_change_first,
)
from dianheng.metrology.plates import Wiring
from dianheng.metrology.rule_sets import rule_set

from ..parts import LOADS, PartErrors, parts_of
from ..selectors import VIEW
from ..services.judge import element_names

FACTORS = (("1.0", True), ("0.9", True), ("0.8", True), ("0.5", True), ("0.8", False))
LARGEST = Decimal(600)


def _figure(label: Any) -> forms.DecimalField:
    field = forms.DecimalField(
        label=label, required=False, min_value=-LARGEST, max_value=LARGEST, max_digits=9, decimal_places=4
    )  # fmt: skip
    field.widget.attrs["aria-label"] = label
    return field


class CompositeForm(Form):
    """Errors of every part at each load; what is left empty has none.

    What the records have may be typed over, with a note that says why.
    """

    edition = forms.ChoiceField(
        label=gettext_lazy("Edition of DL/T 448"),
        choices=[(e, e) for e in EDITIONS],
        required=False,
    )
    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, max_length=200,
        help_text=gettext_lazy("Where values of records are typed over: why, and where from."),
    )  # fmt: skip

    def __init__(self, *args: Any, wiring: Wiring, parts: Mapping[str, PartErrors], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.names = element_names(wiring)
        self.parts = parts
        for load in LOADS:
            self.fields[f"meter_{load}"] = _figure(_("Meter at %(load)s %%") % {"load": load})
        for n, (voltage, current) in enumerate(self.names, 1):
            for load in LOADS:
                about = {"phase": current.upper(), "load": load}
                self.fields[f"ct_{n}_{load}_f"] = _figure(
                    _("CT %(phase)s at %(load)s %%, f") % about
                )
                self.fields[f"ct_{n}_{load}_d"] = _figure(
                    _("CT %(phase)s at %(load)s %%, δ") % about
                )
            about = {"phase": voltage.upper()}
            for kind, f_label, d_label in (
                ("vt", _("VT %(phase)s, f"), _("VT %(phase)s, δ")),
                ("drop", _("Drop %(phase)s, f"), _("Drop %(phase)s, δ")),
            ):
                self.fields[f"{kind}_{n}_f"] = _figure(f_label % about)
                self.fields[f"{kind}_{n}_d"] = _figure(d_label % about)
        self.dress()
        for field in self.fields.values():
            field.widget.attrs["aria-label"] = str(field.label)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.typed_over(data) and not data.get("note"):
            text = _("Values of records are typed over: say why, and where the new ones come from.")
            self.add_error("note", text)
        return data

    def typed_over(self, data: Mapping[str, Any]) -> set[str]:
        """Parts whose values are other ones than their record has."""
        return {
            part
            for part, errors in self.parts.items()
            for name, value in errors.values.items()
            if name in data and data[name] != value
        }

    @property
    def meter(self) -> list[Any]:
        """Errors of the meter by load."""
        return [self[f"meter_{load}"] for load in LOADS]

    @property
    def elements(self) -> list[tuple[str, PartErrors | None, list[Any]]]:
        """Rows: part, its record, ratio error and displacement by load, or once."""
        rows = []
        for n, (_voltage, current) in enumerate(self.names, 1):
            cells = [self[f"ct_{n}_{load}_{what}"] for load in LOADS for what in "fd"]
            rows.append((f"CT {current.upper()}", self.parts.get(f"ct_{n}"), cells))
        for kind, label in (("vt", "VT"), ("drop", _("Drop"))):
            for n, (voltage, _current) in enumerate(self.names, 1):
                cells = [self[f"{kind}_{n}_{what}"] for what in "fd"]
                rows.append((f"{label} {voltage.upper()}", self.parts.get(f"{kind}_{n}"), cells))
        return rows

    def points(self) -> list[OperatingPoint]:
        """Operating points over load and power factor."""
        data = self.cleaned_data

        def error(name: str) -> ComplexError:
            return ComplexError(
                data.get(f"{name}_f") or Decimal(0), data.get(f"{name}_d") or Decimal(0)
            )

        return [
            OperatingPoint(
                Decimal(load), Decimal(factor), is_inductive,
                tuple(
                    Element(error(f"ct_{n}_{load}"), error(f"vt_{n}"), error(f"drop_{n}"))
                    for n in range(1, len(self.names) + 1)
                ),
                data.get(f"meter_{load}") or Decimal(0),
            )
            for load in LOADS
            for factor, is_inductive in FACTORS
        ]  # fmt: skip

    def lower_at(self, load: Decimal) -> dict[str, ComplexError]:
        """Errors at lower burden by part; of a part that was typed over none is known."""
        over = self.typed_over(self.cleaned_data)
        found = {}
        for part, errors in self.parts.items():
            stem = f"{part}_{load:f}" if part.startswith("ct") else part
            names = (f"{stem}_f", f"{stem}_d")
            if part not in over and all(name in errors.lower for name in names):
                found[part] = ComplexError(*(errors.lower[name] for name in names))
        return found


def factor_text(point: OperatingPoint) -> str:
    """0.8L, 0.8C, 1.0."""
    return f"{point.cos_phi:f}" + ("" if point.cos_phi == 1 else "L" if point.is_inductive else "C")


def _signed(value: Decimal) -> str:
    return f"{round(value, 3):+.3f}"


@needs(VIEW)
def page(request: HttpRequest, number: str) -> HttpResponse:
    """Composite errors of a usage point from the errors of its parts."""
    rights: Any = request.rights  # type: ignore[attr-defined]
    point = visible_point(rights, number)
    wiring = Wiring(point.wiring)
    asked = "meter_100" in request.GET
    # Who may see the point, but no checks of its unit, types the errors.
    is_seen = rights.may(VIEW, point.unit.path)
    parts = parts_of(point, element_names(wiring)) if is_seen else {}
    start = {name: value for one in parts.values() for name, value in one.values.items()}
    start["edition"] = setting("fieldwork.composite_edition", point.unit_id)
    form = CompositeForm(request.GET if asked else None, wiring=wiring, parts=parts, initial=start)
    context: dict[str, Any] = {
        "title": _("Composite error of %(no)s") % {"no": number}, "point": point, "form": form,
        "loads": LOADS, "of_meter": parts.get("meter"), "crumbs": [
            (_("Usage points"), reverse("usage_points")),
            (number, reverse("usage_point", args=[number])),
        ],
    }  # fmt: skip
    if asked and form.is_valid():
        rules = rule_set("DL/T 448", form.cleaned_data["edition"] or start["edition"])
        points = form.points()
        found = composite_over(rules, wiring, points)
        advice = what_to_change_first(rules, wiring, points)
        context |= {
            "rules": rules.name,
            "note": form.cleaned_data["note"],
            "typed_over": [_part(part, form.names) for part in sorted(form.typed_over(form.cleaned_data))],
            "factors": [factor_text(one) for one in points[: len(FACTORS)]],
            "rows": _rows(points, found, [
                burden_range_pct(rules, wiring, one, form.lower_at(one.load_pct)) for one in points
            ]),
            "at_lower": [
                _part(part, form.names) for part in sorted(form.lower_at(Decimal(LOADS[-1])))
            ],
            "chart": _chart(points, found),
            "advice": [
                {
                    "part": _part(one.part, form.names), "now": f"{round(one.worst_now_pct, 3):f}",
                    "then": f"{round(one.worst_then_pct, 3):f}", "gain": _signed(one.gain_pct),
                    "helps": one.gain_pct > 0,
                }
                for one in advice
            ],
        }  # fmt: skip
    return render(request, "fieldwork/composite.html", context)


def _rows(
    points: list[OperatingPoint],
    found: tuple[CompositeError, ...],
    ranges: list[tuple[Decimal, Decimal]],
) -> list[Any]:
    """By load: the composite error at each factor, and between what the burden can move it."""
    cells = [
        (_signed(one.total_pct), "" if low == high else f"{_signed(low)} … {_signed(high)}")
        for one, (low, high) in zip(found, ranges, strict=True)
    ]
    count = len(FACTORS)
    return [(LOADS[i], cells[i * count : (i + 1) * count]) for i in range(len(LOADS))]


def _chart(points: list[OperatingPoint], found: tuple[CompositeError, ...]) -> Chart:
    marks = [
        Mark(f"{point.load_pct:f} % · {factor_text(point)}", round(one.total_pct, 4))
        for point, one in zip(points, found, strict=True)
    ]
    worst = max(found, key=lambda one: one.total_pct.copy_abs())
    return Chart(
        "bars", _("Composite error by load and power factor"), marks, y_label="%",
        summary=_("The largest composite error is %(value)s %%.") % {"value": _signed(worst.total_pct)},
    )  # fmt: skip


_PARTS = {
    "ct": gettext_lazy("Current transformer %(phase)s"),
    "vt": gettext_lazy("Voltage transformer %(phase)s"),
    "drop": gettext_lazy("Secondary circuit %(phase)s"),
}


def _part(part: str, names: list[tuple[str, str]]) -> str:
    if part == "meter":
        return _("Meter")
    kind, _sign, number = part.partition("_")
    voltage, current = names[int(number) - 1]
    return str(_PARTS[kind]) % {"phase": (current if kind == "ct" else voltage).upper()}
