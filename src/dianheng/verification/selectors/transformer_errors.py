"""The errors of transformers as their records have them, point by point."""

from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias

from dianheng.metrology.transformer_records import ERRORS

from ..models import ApprovalLine, TestResult

Errors: TypeAlias = dict[Hashable, Decimal]


@dataclass(frozen=True)
class KnownErrors:
    """Unrounded errors by point (`point_key`), and the record that has them."""

    number: str
    measured_on: date
    values: Errors
    page: str  # name of the address of the record


def point_key(row: Any, load: str) -> Hashable:
    """What makes two points the same."""
    return error_key(
        row.item, row.direction, row.phases, row.factor, load, (row.facts or {}).get("ratio")
    )


def error_key(
    item: str, part: str, phases: str, burden: str, percent: str, ratio: str | None
) -> Hashable:
    """A point: f or δ of a part (CT, PT), its phase, burden, percent and ratio."""
    return (item, part, phases, burden, percent, ratio)


def errors_of_records(record_ids: Iterable[int]) -> dict[int, Errors]:
    """Errors of records by their keys."""
    found: dict[int, Errors] = defaultdict(dict)
    for row in TestResult.objects.filter(
        record_id__in=[key for key in record_ids if key], item__in=ERRORS, value__isnull=False
    ):
        assert row.value is not None
        found[row.record_id][point_key(row, row.load_point)] = row.value
    return found


def approved_errors(device_ids: Iterable[int]) -> dict[int, KnownErrors]:
    """Errors of the last approved verification of each device that has one."""
    lines = list(
        ApprovalLine.objects.filter(device__in=device_ids)
        .select_related("record")
        .order_by("device", "-pk")
        .distinct("device")
    )
    errors = errors_of_records(line.record_id for line in lines)
    return {
        line.device_id: KnownErrors(
            line.record.number, line.verified_on, errors[line.record_id], "record"
        )
        for line in lines
        if line.record_id in errors
    }
