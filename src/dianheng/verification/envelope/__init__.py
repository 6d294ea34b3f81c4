"""The neutral upload format of benches (`metering-test-upload/1`): from its data to typed parts.

Nothing is decided here. What cannot be read makes the whole envelope unreadable; what is wrong
with one device is listed with that device and leaves the others alone. Fields that the format
does not know are kept in `extra`. docs/reference/bench-upload.md is the format for people.
"""

from collections.abc import Mapping
from typing import Any

from dianheng.common.errors import BadInput
from dianheng.common.texts import gettext_lazy as _

from .header import read_header
from .parts import (
    DIRECTIONS,
    ENVELOPE_FIELDS,
    ITEMS,
    MOST_DEVICES,
    MOST_POINTS,
    SCHEMA,
    DevicePart,
    Envelope,
    Point,
)
from .points import check_sequence, read_point
from .values import MOMENT, SHORT_TEXT, fault_at, is_short, plain, read_json, read_moment

__all__ = [
    "DIRECTIONS",
    "ITEMS",
    "SCHEMA",
    "DevicePart",
    "Envelope",
    "Point",
    "plain",
    "read_device",
    "read_envelope",
    "read_json",
]


def read_envelope(data: Mapping[str, Any]) -> Envelope:
    """The parts of an envelope.

    Raises:
        BadInput: the envelope itself is not of the form; each fault of a single device stands
            in that device's `faults` instead.
    """
    faults: list[dict[str, Any]] = []
    schema, upload_id = data.get("schema"), data.get("upload_id")
    if schema != SCHEMA:
        faults.append(fault_at("schema", "schema", _("must be “%(schema)s”") % {"schema": SCHEMA}))
    if (
        not isinstance(upload_id, str)
        or not 8 <= len(upload_id) <= 64
        or not upload_id.isprintable()
    ):
        faults.append(
            fault_at(
                "upload_id", "missing", _("is a text of 8 to 64 characters, new for each upload")
            )
        )
    devices = data.get("devices")
    if not isinstance(devices, list) or not devices:
        faults.append(fault_at("devices", "missing", _("is a list of at least one device")))
    elif len(devices) > MOST_DEVICES:
        faults.append(
            fault_at(
                "devices", "too_many", _("has at most %(most)s devices") % {"most": MOST_DEVICES}
            )
        )
    sent_at = None
    if data.get("sent_at") is not None:
        sent_at = read_moment(data["sent_at"])
        if sent_at is None:
            faults.append(fault_at("sent_at", "moment", MOMENT))
    for name in ("source_system", "bench_no", "bench_serial", "software_version", "signature"):
        if not is_short(data.get(name, "")):
            faults.append(fault_at(name, "text", SHORT_TEXT))
    if faults:
        raise BadInput(_("The envelope is not of the form."), faults)
    assert isinstance(devices, list) and isinstance(upload_id, str)
    extra = {name: plain(value) for name, value in data.items() if name not in ENVELOPE_FIELDS}
    for name in ("source_system", "bench_serial", "software_version"):
        if data.get(name):
            extra[name] = data[name]
    return Envelope(
        upload_id,
        sent_at,
        str(data.get("bench_no", "")),
        str(data.get("signature", "")),
        extra,
        [read_device(index, each) for index, each in enumerate(devices)],
    )


def read_device(index: int, data: Any) -> DevicePart:
    """One device of the list; faults are noted in it."""
    part = DevicePart(index, data if isinstance(data, dict) else {})
    if not isinstance(data, dict) or not isinstance(data.get("header"), dict):
        part.fault("header", "missing", _("a device is an object with header and points"))
        return part
    read_header(part, data["header"])
    points = data.get("points")
    if not isinstance(points, list) or not points:
        part.fault("points", "missing", _("is a list of at least one point"))
    elif len(points) > MOST_POINTS:
        part.fault("points", "too_many", _("has at most %(most)s points") % {"most": MOST_POINTS})
    else:
        for number, point in enumerate(points, 1):
            read_point(part, number, point)
        check_sequence(part)
    for name, value in data.items():
        if name not in ("header", "points"):
            part.header.setdefault("extra", {})[name] = plain(value)
    return part
