"""What earlier records say of the transformers of an upload: last errors, failures, signs."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Avg, Count
from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import TRANSFORMERS
from dianheng.common.errors import Text
from dianheng.metrology.quantities import mean, plain_text
from dianheng.metrology.rule_sets import RuleSet, rule_set
from dianheng.metrology.transformer_records import ERRORS, looks_turned
from dianheng.metrology.transformer_schemes import TransformerPlate

from ..choices import Outcome
from ..envelope import Point
from ..models import TestRecord, TestResult
from ..registry import stated_errors
from ..selectors.transformer_errors import (
    Errors,
    approved_errors,
    error_key,
    errors_of_records,
    point_key,
)
from ..subjects import plate_for
from .incoming import Incoming

LIKE = 20  # so many records of the same make say how its errors lie
LIKE_LEAST = 3
SIGNS = "signs"
SYMBOLS = {"ratio_error": "f", "phase_displacement": "δ"}


def add_history(incoming: Iterable[Incoming]) -> dict[int, list[dict[str, Any]]]:
    """Hand the points their device's last errors; returns what is to be asked, by index.

    What is known of a device is never taken from the upload. Signs that lie mirrored to its last
    record or to what its maker states, and where there is neither to its make, are asked and not
    turned: the sender confirms them or sends the record again.
    """
    taken = [each for each in incoming if each.task.model.kind in TRANSFORMERS]
    if not taken:
        return {}
    devices = [each.held.device_id for each in taken]
    approved = approved_errors(devices)
    newest = {
        row["device_id"]: row
        for row in TestRecord.objects.filter(device__in=devices)
        .order_by("device", "-pk")
        .distinct("device")
        .values("device_id", "pk", "number")
    }
    errors = errors_of_records(row["pk"] for row in newest.values())
    stated = stated_errors(devices)
    of_make: dict[int, Errors] = {}
    questions = {}
    for each in taken:
        device_id = each.held.device_id
        last_approved = approved.get(device_id)
        add_previous(each.part.points, last_approved.values if last_approved else {})
        _add_failure(each)
        last = newest.get(device_id)
        patterns: list[tuple[Errors, Text]] = []
        if last and errors.get(last["pk"]):
            patterns.append((errors[last["pk"]], of_record(last["number"])))
        if device_id in stated:
            known, number = stated[device_id]
            patterns.append((known, _("those that the maker states (%(no)s)") % {"no": number}))
        if not patterns:  # of the device itself nothing is known
            model_id = each.task.model_id
            if model_id not in of_make:
                of_make[model_id] = _errors_of_make(model_id)
            patterns.append((of_make[model_id], _("those of this make")))
        version = each.task.scheme_version
        plate = plate_for(each.task.model)
        assert isinstance(plate, TransformerPlate)
        rules = rule_set(version.standard, version.edition)
        mirrored: dict[str, Text] = {}
        for known, named in patterns:
            for item in turned(each.part.points, plate, rules, known):
                mirrored.setdefault(item, named)
        if mirrored and not each.part.signs_confirmed:
            questions[each.part.index] = [signs_question(*one) for one in mirrored.items()]
        elif mirrored:
            each.warn(SIGNS, ", ".join(SYMBOLS[item] for item in mirrored))
    return questions


# Task by task: of a make that has no record yet all records there are would be looked through.
_NEWEST = """
select r.id
  from (select id from verification_verificationtask where model_id = %s order by id desc limit %s) t
 cross join lateral
       (select id from verification_testrecord where task_id = t.id order by id desc limit %s) r
 order by r.id desc limit %s
"""
LIKE_TASKS = 50  # the newest of the make are looked into


def _errors_of_make(model_id: int) -> Errors:
    """Mean errors of the newest records of a model; none where there are too few."""
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST, [model_id, LIKE_TASKS, LIKE, LIKE])
        records = [key for (key,) in cursor.fetchall()]
    rows = (
        TestResult.objects.filter(record_id__in=records, item__in=ERRORS, value__isnull=False)
        .values("item", "direction", "phases", "factor", "load_point", "facts__ratio")
        .annotate(mean=Avg("value"), count=Count("record_id", distinct=True))
        .order_by()
    )
    return {
        error_key(
            row["item"],
            row["direction"],
            row["phases"],
            row["factor"],
            row["load_point"],
            row["facts__ratio"],
        ): row["mean"]
        for row in rows
        if row["count"] >= LIKE_LEAST
    }


def add_previous(points: Sequence[Point], known: Mapping[Hashable, Decimal]) -> None:
    """Hand the points the errors that are known of the device; what the sender stated is not used."""
    for point in points:
        if point.item not in ERRORS:
            continue
        facts = {name: value for name, value in point.facts.items() if name != "previous"}
        before = known.get(point_key(point, point.load))
        if before is not None:
            facts["previous"] = plain_text(before, 12)
        point.facts = facts


def _add_failure(taken: Incoming) -> None:
    """Whether the test before this one failed: only then is demagnetised."""
    is_retest = taken.attempt > 1
    has_failed = is_retest and taken.held.outcome == Outcome.FAILED
    for point in taken.part.points:
        if point.item == "demagnetising":
            point.facts = {**point.facts, "after_failure": has_failed}
            if point.facts.get("is_done") and not has_failed:
                taken.warn("demagnetised_first")


def turned(
    points: Iterable[Point],
    plate: TransformerPlate,
    rules: RuleSet,
    known: Mapping[Hashable, Decimal],
) -> list[str]:
    """Which errors lie mirrored to what is known."""
    classes = {part.device.value: part.accuracy_class for part in plate.parts}
    measured: dict[tuple[str, str], Errors] = defaultdict(dict)
    for point in points:
        if point.item in ERRORS and point.samples and point.direction in classes:
            key = point_key(point, point.load)
            measured[point.item, point.direction][key] = mean(point.samples)
    found = []
    for (item, part), errors in measured.items():
        unit = "pct" if item == "ratio_error" else "min"
        interval = rules.find(f"rounding_interval_{unit}/{classes[part]}")
        if interval is not None and looks_turned(errors, known, interval.value):
            found.append(item)
    return list(dict.fromkeys(found))


def of_record(number: str) -> Text:
    """The errors of a record, as a question about signs names them."""
    return _("those of record %(no)s") % {"no": number}


def signs_question(item: str, known: Text) -> dict[str, Any]:
    """Signs are asked and not turned.

    Args:
        known: whose errors they lie mirrored to, in words.
    """
    text = _(
        "all %(error)s lie mirrored at zero to %(known)s: the tester may count "
        "their sign the other way. Enter them as the regulation counts them, or confirm the signs."
    )
    facts = {"error": SYMBOLS[item], "known": known}
    return {"field": "header.signs_confirmed", "code": SIGNS, "text": text % facts}
