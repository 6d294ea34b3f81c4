"""What the pages share on which records are typed: head of a record, standards, what is wrong."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy

from dianheng.common.lists import NotUnderstood, read_moment
from dianheng.identity.models import Person

from ..models import BenchLoad, LoadPosition
from ..words import point_text

# Places in the upload format: id and label of the field in which they are typed.
_FIELDS: Mapping[str, tuple[str, Any]] = {
    "header.started_at": ("started_at", gettext_lazy("Begun")),
    "header.finished_at": ("finished_at", gettext_lazy("Finished")),
    "header.environment.start.temperature_c": (
        "temperature_start", gettext_lazy("Temperature, begin"),
    ),
    "header.environment.end.temperature_c": ("temperature_end", gettext_lazy("Temperature, end")),
    "header.environment.start.humidity_pct": (
        "humidity_start", gettext_lazy("Humidity, begin"),
    ),
    "header.environment.end.humidity_pct": ("humidity_end", gettext_lazy("Humidity, end")),
    "header.standards": ("standards", gettext_lazy("Standards, bar codes")),
    "header.operators": ("verifiers", gettext_lazy("Verifiers, staff numbers")),
    "header.seals": ("seal_left", gettext_lazy("Seal, left")),
    "header.seals[1]": ("seal_right", gettext_lazy("Seal, right")),
    "header.signs_confirmed": ("signs_confirmed", gettext_lazy("Signs")),
    "points": ("", gettext_lazy("Readings")),
}  # fmt: skip
_POINT = re.compile(r"points\[(\d+)\]")


def header_of(load: BenchLoad, put: LoadPosition, typed: Mapping[str, str]) -> dict[str, Any]:
    """The header of the upload format from the fields of the form."""

    def text(name: str) -> str:
        return typed.get(name, "")

    return {
        "task_no": load.task.number,
        "asset_no": put.task_device.device.asset_number,
        "position_no": put.position,
        "test_kind": load.task.kind.upper(),
        "standards": [{"asset_no": code} for code in text("standards").split()],
        "environment": {
            moment: {
                "temperature_c": text(f"temperature_{moment}"),
                "humidity_pct": text(f"humidity_{moment}"),
            }
            for moment in ("start", "end")
        },
        "operators": [
            {"person_no": code, "role": "VERIFIER"} for code in text("verifiers").split()
        ],
        "started_at": moment_of(text("started_at")),
        "finished_at": moment_of(text("finished_at")),
        "attempt": put.attempt,
    }


def head_before(load: BenchLoad, typist: Person) -> dict[str, str]:
    """What the form takes over from the record kept last of the load: standards, room, people.

    The room as it was today; the verifiers where the typist is among them.
    """
    last = load.records.order_by("-pk").first()
    if last is None:
        return {}
    climate = {
        "temperature_start": last.temperature_start_c, "temperature_end": last.temperature_end_c,
        "humidity_start": last.humidity_start_pct, "humidity_end": last.humidity_end_pct,
    }  # fmt: skip
    is_of_today = timezone.localdate(last.finished_at) == timezone.localdate()
    verifiers = [each for each in last.operators if each["role"] == "VERIFIER"]
    is_of_typist = any(each["person_id"] == typist.pk for each in verifiers)
    return {
        **{
            name: f"{value:f}"
            for name, value in climate.items()
            if is_of_today and value is not None
        },
        "standards": " ".join(each["asset_no"] for each in last.standards if each.get("asset_no")),
        "verifiers": " ".join(each["person_no"] for each in verifiers if is_of_typist),
    }


def told_of(
    problems: Iterable[Mapping[str, Any]], points: Sequence[tuple[str, str]]
) -> list[dict[str, Any]]:
    """What the page says of each problem: label and id of its field, never the path in the format.

    Args:
        points: id and label of what was typed, in the order of the envelope.
    """
    found = []
    for one in problems:
        path = str(one.get("field", ""))
        at = _POINT.match(path)
        if one.get("key"):  # a cell
            key, label = one["key"], point_text(path)
        elif at is not None and int(at[1]) <= len(points):
            key, label = points[int(at[1]) - 1]
        else:
            held = [name for name in _FIELDS if re.match(rf"{re.escape(name)}(?![\w.])", path)]
            key, label = _FIELDS[max(held, key=len)] if held else ("", "")
        found.append({"key": key, "label": label, "text": one["text"]})
    return found


def moment_of(text: str) -> str | None:
    """A moment as typed, in the organisation's zone; unreadable text goes on as it is."""
    if not text:
        return None
    try:
        return read_moment(text).isoformat()
    except NotUnderstood:
        return text


def standards_of(installation: Any) -> str:
    """Bar codes of the main standards of the bench's installation today, as the field has them."""
    if installation is None:
        return ""
    today = timezone.localdate()
    parts = installation.parts.filter(role="main", valid_from__lte=today).select_related("device")
    return " ".join(
        part.device.barcode
        for part in parts
        if part.valid_through is None or part.valid_through >= today
    )
