"""The upload format as two CSV files: one row a device, one row a point, joined by `asset_no`.

Names are those of the JSON form; nested ones are joined by dots (`environment.start.temperature_c`,
`facts.key_state`). Lists: `samples` joined by `|`; `standards` as
`asset_no|class|certificate_no|valid_until`, `operators` as `person_no:ROLE`, `seals` as
`seal_no:POSITION`, each joined by `;`. Fields of the envelope stand in each row of the header.
"""

import csv
import hashlib
import io
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from dianheng.common.errors import BadInput

from .texts import SCHEMA, decoded, filled, parts, whole

ENVELOPE = (
    "schema",
    "upload_id",
    "sent_at",
    "source_system",
    "bench_no",
    "bench_serial",
    "software_version",
    "signature",  # over both files, one after the other, with this field empty
)
WHOLE = ("position_no", "attempt", "seq", "pulses")
LISTS = ("findings", "rates_kwh")  # facts that are lists even with one entry
MOST_ROWS = 100_000


def envelope_from_csv(header: bytes, points: bytes) -> dict[str, Any]:
    """The envelope of a pair of files.

    Raises:
        BadInput: a file cannot be read, or its columns are not those of the form.
    """
    devices = _rows(header, "header.csv", {"task_no", "asset_no", "finished_at"})
    by_device: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in _rows(points, "points.csv", {"asset_no", "item"}):
        by_device[row["asset_no"].strip()].append(_point(row))
    if not devices:
        raise BadInput(_("header.csv has no device."))
    known = {row["asset_no"].strip() for row in devices}
    strangers = sorted(set(by_device) - known)
    if strangers:
        raise BadInput(
            _("points.csv has devices that header.csv does not have."),
            [{"field": "asset_no", "code": "unknown", "text": code} for code in strangers[:100]],
        )
    first = devices[0]
    upload_id = first.get("upload_id") or derived_id(header + points)
    return {
        "schema": SCHEMA,
        **{name: first[name] for name in ENVELOPE if first.get(name)},
        "upload_id": upload_id,
        "devices": [
            {"header": _header(row), "points": by_device[row["asset_no"].strip()]}
            for row in devices
        ],
    }


def derived_id(body: bytes) -> str:
    """A number for an upload that brings none: the same content has the same one."""
    return f"sha256-{hashlib.sha256(body).hexdigest()[:48]}"


def _rows(body: bytes, name: str, needed: set[str]) -> list[dict[str, str]]:
    text = decoded(body)
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        columns = [str(column).strip() for column in reader.fieldnames or []]
        missing = sorted(needed - set(columns))
        if missing:
            names = ", ".join(missing)
            raise BadInput(_("%(file)s lacks columns: %(names)s") % {"file": name, "names": names})
        reader.fieldnames = columns
        rows: list[dict[str, str]] = []
        for row in reader:
            if len(rows) >= MOST_ROWS or None in row:
                raise BadInput(_("%(file)s has too many rows or fields.") % {"file": name})
            rows.append({key: (value or "").strip() for key, value in row.items()})
    except csv.Error as error:
        facts = {"file": name, "reason": str(error)}
        raise BadInput(_("%(file)s is no CSV: %(reason)s") % facts) from None
    return rows


def _header(row: Mapping[str, str]) -> dict[str, Any]:
    header = _nested({name: value for name, value in row.items() if name not in ENVELOPE})
    for name in WHOLE:
        if name in header:
            header[name] = whole(header[name])
    if "signs_confirmed" in header:
        header["signs_confirmed"] = _fact(header["signs_confirmed"])
    for name, read in (("standards", _standard), ("operators", _operator), ("seals", _seal)):
        if isinstance(header.get(name), str):
            header[name] = [read(each) for each in header[name].split(";") if each.strip()]
    return header


def _standard(text: str) -> dict[str, str]:
    names = ("asset_no", "accuracy_class", "certificate_no", "valid_until")
    return filled(dict(zip(names, [part.strip() for part in text.split("|")], strict=False)))


def _operator(text: str) -> dict[str, str]:
    number, _colon, role = text.partition(":")
    return filled({"person_no": number.strip(), "role": role.strip() or "VERIFIER"})


def _seal(text: str) -> dict[str, str]:
    number, _colon, position = text.partition(":")
    return filled({"seal_no": number.strip(), "position": position.strip()})


def _point(row: Mapping[str, str]) -> dict[str, Any]:
    point = _nested({name: value for name, value in row.items() if name != "asset_no"})
    for name in WHOLE:
        if name in point:
            point[name] = whole(point[name])
    if "samples" in point:
        point["samples"] = parts(point["samples"])
    facts = point.get("facts")
    if isinstance(facts, dict):
        point["facts"] = {
            name: parts(value) if name in LISTS else _fact(value) for name, value in facts.items()
        }
    return point


def _fact(value: Any) -> Any:
    """Truth values and lists of facts; the rest stays text."""
    if isinstance(value, dict):
        return {name: _fact(part) for name, part in value.items()}
    lowered = str(value).strip().lower()
    if lowered in ("true", "false"):
        return lowered == "true"
    return parts(value) if "|" in str(value) else value


def _nested(row: Mapping[str, str]) -> dict[str, Any]:
    """`a.b` as an object in an object; what is empty is left out."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        if value == "":
            continue
        place: Any = found
        *path, last = name.split(".")
        for part in path:
            place = place.setdefault(part, {})
            if not isinstance(place, dict):
                raise BadInput(_("The columns %(name)s contradict each other.") % {"name": name})
        place[last] = value
    return found
