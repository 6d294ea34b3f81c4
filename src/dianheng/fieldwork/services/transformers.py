"""What the rules say of a transformer that was measured where it hangs."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from dianheng.assets.choices import TRANSFORMERS
from dianheng.assets.models import Device, DeviceModel, Installation
from dianheng.common.texts import why
from dianheng.customers.models import UsagePoint
from dianheng.metrology.environment import Environment
from dianheng.metrology.errors import MetrologyError
from dianheng.metrology.observations import Observation
from dianheng.metrology.records import RecordVerdict
from dianheng.metrology.rule_sets import RuleSet
from dianheng.metrology.schemes import Stage
from dianheng.metrology.transformer_records import ERRORS, transformer_judge
from dianheng.metrology.transformer_schemes import (
    TransformerPlate,
    TransformerScheme,
    generate_transformer_scheme,
    regulation_of,
    standard_class_needed,
)
from dianheng.verification.rules import class_number
from dianheng.verification.selectors.on_site import (
    Point,
    observed_points,
    plain,
    points_part,
    transformer_plate_of,
)
from dianheng.verification.services.sorting import category_of
from dianheng.verification.services.transformer_history import (
    add_previous,
    of_record,
    signs_question,
    turned,
)

from ..choices import TaskKind
from ..models import FieldTask
from ..rules import FORBIDDEN_TEXTS, Block, Calibrator, calibrator_blocks
from ..selectors import known_errors, transformers_at
from ..sheet import Problem, Sheet
from .judge import Judged, result_of

CONDITIONS = ("temperature_c", "humidity_pct")
FIELDS = {"temperature": "temperature_c", "humidity": "humidity_pct"}


def transformer_at(point: UsagePoint, stated: str, at: datetime) -> Device | None:
    """The transformer of this number that hung at a usage point at a moment."""
    for row in transformers_at(point, at):
        if stated in (row.device.barcode, row.device.asset_no or row.device.barcode):
            return row.device
    return None


def site_scheme(plate: TransformerPlate) -> TransformerScheme:
    """Items and points of a transformer in use."""
    return generate_transformer_scheme(plate, Stage.IN_USE)


def regulations_of_transformers(tasks: QuerySet[FieldTask]) -> list[RuleSet]:
    """By which the transformers are judged that hang where tasks ask for them."""
    asked = tasks.filter(kind__in=(TaskKind.TRANSFORMER, TaskKind.WHOLE))
    models = DeviceModel.objects.filter(
        pk__in=Installation.objects.filter(
            usage_point__in=asked.values("usage_point"), removed_at=None,
            device__kind__in=TRANSFORMERS,
        ).values("device__model")
    )  # fmt: skip
    found = []
    for model in models:
        with suppress(MetrologyError):  # without its plate nothing is judged
            found.append(regulation_of(transformer_plate_of(model)))
    return found


def kept_points(raw: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a transformer's record beside conditions and texts."""
    return {
        "transformer": raw["transformer"],
        "points": plain(raw.get("points") or []),
        "signs_confirmed": bool(raw.get("signs_confirmed")),
    }


def judge_transformer(
    found: Judged, sheet: Sheet, raw: Mapping[str, Any], *, device: Device, at: datetime,
    day: date, calibrator: Calibrator,
) -> None:  # fmt: skip
    """Every point against the tables by which the laboratory judges transformers in use."""
    part = points_part(raw, category_of(device))
    found.problems += [Problem(f["field"], f["code"], str(f["text"])) for f in part.faults]
    for name in CONDITIONS:
        if sheet[name] is None:
            code = f"{name.rpartition('_')[0]}_missing"
            found.problems.append(Problem(name, code, str(FORBIDDEN_TEXTS[code])))
    if not any(point.item in ERRORS for point in part.points):
        text = _("No error was measured at any point.")
        found.problems.append(Problem("points", "empty", text))
    if found.problems:
        return
    plate = transformer_plate_of(device.model)
    scheme = site_scheme(plate)
    found.used.append(scheme.rules)
    needed, stated = (
        standard_class_needed(scheme.rules, plate),
        class_number(calibrator.accuracy_class),
    )
    good_enough = None if needed is None else stated is not None and stated <= needed
    found.blocks += calibrator_blocks(replace(calibrator, is_good_enough=good_enough), day)
    _ask_signs(found, part.points, raw, plate, scheme, device, at)
    try:
        observed = observed_points(part.points)
        judged = transformer_judge(plate, scheme).judge(
            [one for _point, one in observed], Environment(*(sheet[name] for name in CONDITIONS))
        )
    except MetrologyError as error:
        found.problems.append(Problem("points", error.code, why(error)))
        return
    _outside(found, judged, scheme, sheet)
    found.results += _results(judged, observed)


def _ask_signs(
    found: Judged, points: Sequence[Point], raw: Mapping[str, Any], plate: TransformerPlate,
    scheme: TransformerScheme, device: Device, at: datetime,
) -> None:  # fmt: skip
    """Hand the points the last errors of the device; mirrored ones are asked, never turned."""
    known = known_errors([device.pk], at).get(device.pk)
    add_previous(points, known.values if known else {})
    if known is None or raw.get("signs_confirmed"):
        return
    for item in turned(points, plate, scheme.rules, known.values):
        asked = signs_question(item, of_record(known.number))
        found.problems.append(Problem("signs_confirmed", asked["code"], str(asked["text"])))


def _outside(found: Judged, judged: RecordVerdict, scheme: TransformerScheme, sheet: Sheet) -> None:
    for name in judged.environment_outside:
        facts = {"value": f"{sheet[FIELDS[name]]:f}", "rules": scheme.rules.name}
        found.blocks.append(Block(f"{name}_outside", facts))


def _results(
    judged: RecordVerdict, observed: Sequence[tuple[Point, Observation]]
) -> list[dict[str, Any]]:
    """Verdicts in the order of the points, what is derived from them, and what is missing."""
    rows = [result_of(verdict) for verdict in judged.verdicts]
    for row, (point, _one) in zip(rows, observed, strict=False):
        if point.item in ERRORS:
            row["place"] = {
                "part": point.direction, "phases": point.phases, "burden": point.factor,
                "percent": point.load, "ratio": point.facts["ratio"],
            }  # fmt: skip
    told = {(row["item"], row["point"]) for row in rows}
    rows += [
        {
            "item": one.item, "point": one.point, "conclusion": "incomplete", "reason": one.reason,
            "samples": [], "value": "", "rounded": "", "unit": "", "limit": "", "rule": "",
            "certainty": "confirmed",
        }
        for one in judged.missing
        if (one.item, one.point) not in told
    ]  # fmt: skip
    return rows
