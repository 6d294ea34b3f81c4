"""Errors of the parts of an installation as their last records have them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from django.db.models import Q
from django.utils import timezone

from dianheng.assets.choices import HungRole
from dianheng.assets.models import Device, Installation
from dianheng.assets.selectors.installations import hanging_at
from dianheng.common.numbers import halfwidth
from dianheng.customers.models import UsagePoint
from dianheng.metrology.errors import MetrologyError
from dianheng.metrology.quantities import plain_text
from dianheng.metrology.transformer_records import ERRORS
from dianheng.metrology.transformer_schemes import is_current_ratio, read_ratios
from dianheng.verification.selectors.transformer_errors import KnownErrors

from .choices import Outcome
from .models import FieldCheck
from .selectors import checks_of_point, known_errors, transformers_at
from .told import sheet_of

LOADS = (5, 20, 100)  # % of the rated primary current; voltages are taken at 100 %
# The composite error is worked out at rated burden; the lower one says how far it can move, since
# the rules name no burden for it and what hangs there now is not known at each point.
RATED, LOWER = "rated", "lower"
ROLES = {"ct": HungRole.CURRENT_TRANSFORMER, "vt": HungRole.VOLTAGE_TRANSFORMER}
PARTS = {"ct": "CT", "vt": "PT"}
PLACES = 4  # as the form takes them


@dataclass(frozen=True)
class PartErrors:
    """Errors of a part by the names of the form, and the record that has them."""

    part: str  # meter, ct_1, vt_1, drop_1 …
    values: Mapping[str, Decimal]
    number: str
    page: str
    measured_on: date
    device_no: str = ""
    lower: Mapping[str, Decimal] = field(default_factory=dict)  # the same names, at lower burden


def parts_of(point: UsagePoint, names: list[tuple[str, str]]) -> dict[str, PartErrors]:
    """What the records know of each part of a usage point, by part.

    Args:
        names: voltage and current of each element, as `element_names` gives them.
    """
    hung = list(transformers_at(point))
    known = known_errors([row.device_id for row in hung])
    found = [*_of_meter(point), *_of_drops(point, len(names))]
    for n, (voltage, current) in enumerate(names, 1):
        for kind, name in (("ct", current), ("vt", voltage)):
            row = _hanging(hung, kind, name)
            if row is not None and row.device_id in known:
                errors = known[row.device_id]
                rated, lower = (
                    dict(_values(errors, row.device, kind, n, name, burden))
                    for burden in (RATED, LOWER)
                )
                if rated:
                    one = _part(f"{kind}_{n}", rated, errors, row.device.barcode)
                    found.append(replace(one, lower=_rounded(lower)))
    return {one.part: one for one in found}


def _part(
    part: str, values: Mapping[str, Decimal], errors: KnownErrors, device_no: str
) -> PartErrors:
    return PartErrors(
        part, _rounded(values), errors.number, errors.page, errors.measured_on, device_no
    )


def _rounded(values: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return {name: Decimal(plain_text(round(value, PLACES))) for name, value in values.items()}


def _hanging(hung: list[Installation], kind: str, name: str) -> Installation | None:
    """The transformer of an element: its own, one of all phases, or a combined one."""
    rows = [row for row in hung if row.role == ROLES[kind]]
    own = next((row for row in rows if row.element == name), None)
    whole = [row for row in hung if row.role == HungRole.COMBINED_TRANSFORMER]
    return own or next((row for row in [*rows, *whole] if not row.element), None)


def _values(
    errors: KnownErrors, device: Device, kind: str, n: int, name: str, burden: str
) -> list[tuple[str, Decimal]]:
    measured = {key[5]: None for key in errors.values if key[1] == PARTS[kind]}  # type: ignore[index]
    ratio = ratio_of(device, kind, list(measured))
    phases = (name[0].upper(), "ABC")
    found = []
    for load in LOADS if kind == "ct" else (100,):
        stem = f"{kind}_{n}_{load}" if kind == "ct" else f"{kind}_{n}"
        for item, what in zip(ERRORS, "fd", strict=True):
            for phase in phases:
                key = (item, PARTS[kind], phase, burden, str(load), ratio)
                if key in errors.values:
                    found.append((f"{stem}_{what}", errors.values[key]))
                    break
    return found


def ratio_of(device: Device, kind: str, measured: Sequence[str]) -> str | None:
    """The ratio in use, if it was measured; where none is stated, the only one that was."""
    detail = getattr(device, "transformer", None)
    try:
        stated = read_ratios(halfwidth(detail.ratio if detail else ""))
    except MetrologyError:
        stated = ()
    # Of a combined transformer the ratio of the other part says nothing.
    in_use = [one for one in stated if is_current_ratio(one) == (kind == "ct")]
    if in_use:
        return next((one for one in measured if one in in_use), None)
    return measured[0] if len(measured) == 1 else None


def _has(item: str) -> Q:
    """Records that measured an item with a calibrator that may."""
    return Q(results__contains=[{"item": item}]) & ~Q(outcome=Outcome.NOT_JUDGED)


def _of_meter(point: UsagePoint) -> list[PartErrors]:
    """The last working error with a verdict of the meter that hangs there, at every load."""
    hung = hanging_at(point).filter(role=HungRole.METER).first()
    if hung is None:
        return []
    rows = checks_of_point(point).filter(meter=hung.device, done_at__gte=hung.installed_at)
    judged = Q()
    for conclusion in ("pass", "fail"):  # not one that its conditions locked
        item = {"item": "working_error", "conclusion": conclusion}
        judged |= Q(results__contains=[item])
    for check in rows.filter(judged).exclude(outcome=Outcome.NOT_JUDGED)[:1]:
        one = next(r for r in check.results if r["item"] == "working_error")
        values = {f"meter_{load}": Decimal(one["value"]) for load in LOADS}
        return [_of_check("meter", values, check, hung.device.barcode)]
    return []


def _of_drops(point: UsagePoint, count: int) -> list[PartErrors]:
    rows = checks_of_point(point).filter(_has("secondary_voltage_drop"))
    for check in rows[:1]:
        sheet = sheet_of(check)
        return [
            _of_check(f"drop_{n}", values, check)
            for n in range(1, count + 1)
            if (
                values := {
                    name: value
                    for what in "fd"
                    if (value := sheet[(name := f"drop_{n}_{what}")]) is not None
                }
            )
        ]
    return []


def _of_check(
    part: str, values: Mapping[str, Decimal], check: FieldCheck, device_no: str = ""
) -> PartErrors:
    day = timezone.localdate(check.done_at)
    return PartErrors(part, _rounded(values), check.number, "field_check", day, device_no)
