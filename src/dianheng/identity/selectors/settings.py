"""The value of a company's setting on a day."""

from datetime import date
from typing import Any

from django.utils import timezone

from ..models import Setting, Unit
from ..registry import all_settings


def setting(key: str, unit_id: int | None = None, on: date | None = None) -> Any:
    """The newest value in force for the unit or its nearest ancestor, else the default."""
    kind = all_settings()[key]
    units: list[int | None] = [None]
    if unit_id is not None:
        codes = Unit.objects.values_list("path", flat=True).get(pk=unit_id).strip("/").split("/")
        known = dict(Unit.objects.filter(code__in=codes).values_list("code", "pk"))
        units = [known[code] for code in reversed(codes)] + [None]
    rows = Setting.objects.filter(key=key, valid_from__lte=on or timezone.localdate()).order_by(
        "valid_from"
    )
    found = {row.unit_id: row.value for row in rows}
    for unit in units:
        if unit in found:
            return kind.parse(str(found[unit]))
    return kind.default
