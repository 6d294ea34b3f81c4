"""The neutral upload format of benches (`metering-test-upload/1`): from its data to typed parts.

Nothing is decided here. What cannot be read makes the whole envelope unreadable; what is wrong
with one device is listed with that device and leaves the others alone. Fields that the format
does not know are kept in `extra`. docs/reference/bench-upload.md is the format for people.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from dianheng.common.errors import BadInput, Text
from dianheng.common.texts import gettext_lazy as _
from dianheng.metrology.errors import WrongValue
from dianheng.metrology.loads import read_factor, read_load
from dianheng.metrology.observations import LOADED_ITEMS
from dianheng.metrology.quantities import read_decimal

SCHEMA = "metering-test-upload/1"
MOST_DEVICES = 500
MOST_POINTS = 1000
MOST_SAMPLES = 100

CATEGORIES = ("METER", "CT", "VT", "TERMINAL", "FIELD_METER", "VT_DROP", "BURDEN")
TEST_KINDS = (
    "INITIAL",
    "SUBSEQUENT",
    "IN_USE",
    "TEMPORARY",
    "CUSTOMER_REQUEST",
    "ARBITRATION",
    "SAMPLING",
    "ACCEPTANCE",
    "FIELD_CHECK",
)
OVERALL = ("PASS", "FAIL", "INCOMPLETE")
CONCLUSIONS = ("PASS", "FAIL", "NA")
ROLES = ("VERIFIER", "CHECKER")
UNITS = ("%", "s/d", "s", "min", "V", "kV", "kWh", "kvarh", "MOhm", "VA", "kW", "imp")
DIRECTIONS = {
    "FWD_ACTIVE": "forward_active",
    "REV_ACTIVE": "reverse_active",
    "FWD_REACTIVE": "forward_reactive",
    "REV_REACTIVE": "reverse_reactive",
}
PHASES = ("ABC", "A", "B", "C")
# Items of the format and of the rules; "" is kept but not judged.
ITEMS = {
    "VISUAL": "appearance",
    "INSULATION": "",
    "AC_VOLTAGE": "ac_voltage",
    "NO_LOAD": "creep",
    "STARTING": "start",
    "BASIC_ERROR": "basic_error",
    "REPEATABILITY": "standard_deviation",
    "CONSTANT": "constant",
    "REGISTER": "constant",
    "CLOCK": "clock_rate",
    "CLOCK_VALUE": "clock_value",
    "DEMAND": "demand",
    "TARIFF_SWITCH": "tariff_switch",
    "VARIATION": "variation",
    "CONSISTENCY": "consistency",
    "LOAD_VARIATION": "load_variation",
    "INFLUENCE": "",
    "COMMUNICATION": "communication",
    "ESAM_KEY": "key_state",
    "RELAY": "relay",
    "COMBINATION": "combination",
    "PARAMETER": "parameter",
    "RATIO_ERROR": "",
    "PHASE_DISPLACEMENT": "",
    "BURDEN": "",
    "VT_DROP": "",
    "POWER_CONSUMPTION": "",
}
ENVELOPE_FIELDS = {
    "schema",
    "upload_id",
    "sent_at",
    "source_system",
    "bench_no",
    "bench_serial",
    "software_version",
    "signature",
    "devices",
}
HEADER_FIELDS = {
    "task_no",
    "position_no",
    "asset_no",
    "serial_no",
    "comm_address",
    "equipment_category",
    "test_kind",
    "model",
    "accuracy_class",
    "constant",
    "rated",
    "standards",
    "environment",
    "seals",
    "started_at",
    "finished_at",
    "operators",
    "checker",
    "overall",
    "attempt",
    "retest_reason",
}
POINT_FIELDS = {
    "item",
    "seq",
    "direction",
    "phase",
    "load_current",
    "current_a",
    "voltage_pct",
    "frequency_hz",
    "power_factor",
    "pulses",
    "samples",
    "mean",
    "rounded",
    "limit_low",
    "limit_high",
    "unit",
    "std_dev",
    "conclusion",
    "tested_at",
    "remark",
    "facts",
}


@dataclass(slots=True)
class Point:
    """One item at one point as the bench sent it; numbers exact."""

    seq: int
    name: str  # the bench's own name of the item
    item: str  # name of the rules; empty when they do not judge it
    direction: str = "forward_active"
    phases: str = "ABC"
    load: str = ""
    factor: str = ""
    samples: tuple[Decimal, ...] = ()
    pulses: int | None = None
    voltage_pct: Decimal | None = None
    mean: Decimal | None = None
    rounded: str = ""
    limit_low: Decimal | None = None
    limit_high: Decimal | None = None
    unit: str = ""
    conclusion: str = ""
    tested_at: datetime | None = None
    remark: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class DevicePart:
    """One device of an envelope: what was read of it, and every fault found."""

    index: int
    received: Mapping[str, Any]
    task_no: str = ""
    asset_no: str = ""
    position_no: int | None = None
    serial_no: str = ""
    comm_address: str = ""
    category: str = "METER"
    test_kind: str = ""
    attempt: int | None = None
    retest_reason: str = ""
    standards: tuple[Mapping[str, str], ...] = ()
    operators: tuple[Mapping[str, str], ...] = ()
    temperature_start_c: Decimal | None = None
    temperature_end_c: Decimal | None = None
    humidity_start_pct: Decimal | None = None
    humidity_end_pct: Decimal | None = None
    seals: tuple[tuple[str, str], ...] = ()
    started_at: datetime | None = None
    finished_at: datetime | None = None
    overall: str = ""
    header: dict[str, Any] = field(default_factory=dict)
    points: list[Point] = field(default_factory=list)
    faults: list[dict[str, Any]] = field(default_factory=list)

    def fault(self, where: str, code: str, text: Text) -> None:
        """Note one fault."""
        self.faults.append({"field": where, "code": code, "text": text})


@dataclass(slots=True)
class Envelope:
    """A whole upload."""

    upload_id: str
    sent_at: datetime | None
    bench_no: str
    signature: str
    extra: dict[str, Any]
    devices: list[DevicePart]


def read_json(body: bytes) -> Mapping[str, Any]:
    """The object in a JSON text; numbers exact, no NaN, no endless ones.

    Raises:
        BadInput: no JSON, or not an object.
    """
    try:
        data = json.loads(
            body.decode("utf-8-sig"), parse_float=_exact, parse_int=_whole, parse_constant=str
        )
    except (ValueError, RecursionError) as error:
        raise BadInput(
            _("This is no readable JSON."), [_shown("", "json", str(error)[:200])]
        ) from None
    if not isinstance(data, dict):
        raise BadInput(_("The envelope is not a JSON object."))
    if b"\\ud" in body.lower():
        # Half a character, which JSON can write and no database can hold.
        try:
            json.dumps(data, ensure_ascii=False, default=str).encode()
        except UnicodeEncodeError:
            raise BadInput(_("The text holds half a character.")) from None
    return data


# What is no number in JSON, or an endless one, is left as text: it is refused where it stands,
# with its device, and does not make the envelope unreadable.
def _exact(text: str) -> Decimal | str:
    return Decimal(text) if len(text) <= 64 else text


def _whole(text: str) -> int | str:
    return int(text) if len(text) <= 19 else text


def read_envelope(data: Mapping[str, Any]) -> Envelope:
    """The parts of an envelope.

    Raises:
        BadInput: the envelope itself is not of the form; each fault of a single device stands
            in that device's `faults` instead.
    """
    faults: list[dict[str, Any]] = []
    schema, upload_id = data.get("schema"), data.get("upload_id")
    if schema != SCHEMA:
        faults.append(_shown("schema", "schema", _("must be “%(schema)s”") % {"schema": SCHEMA}))
    if (
        not isinstance(upload_id, str)
        or not 8 <= len(upload_id) <= 64
        or not upload_id.isprintable()
    ):
        faults.append(
            _shown(
                "upload_id", "missing", _("is a text of 8 to 64 characters, new for each upload")
            )
        )
    devices = data.get("devices")
    if not isinstance(devices, list) or not devices:
        faults.append(_shown("devices", "missing", _("is a list of at least one device")))
    elif len(devices) > MOST_DEVICES:
        faults.append(
            _shown(
                "devices", "too_many", _("has at most %(most)s devices") % {"most": MOST_DEVICES}
            )
        )
    sent_at = None
    if data.get("sent_at") is not None:
        sent_at = _moment(data["sent_at"])
        if sent_at is None:
            faults.append(_shown("sent_at", "moment", MOMENT))
    for name in ("source_system", "bench_no", "bench_serial", "software_version", "signature"):
        if not _is_short(data.get(name, "")):
            faults.append(_shown(name, "text", SHORT_TEXT))
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


MOMENT = _("is a moment with its offset, for example 2026-11-22T09:30:00+08:00")
SHORT_TEXT = _("is a text of at most 200 characters")
NUMBER = _("is a decimal number of ordinary size, written as text")


def _shown(where: str, code: str, text: Text) -> dict[str, Any]:
    return {"field": where, "code": code, "text": text}


def _is_short(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 200 and "\0" not in value


def _moment(value: Any) -> datetime | None:
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    # Years that the calendar of the database or of a time zone cannot hold are no moments.
    return moment if moment.tzinfo is not None and 1990 <= moment.year <= 2200 else None


def plain(value: Any) -> Any:
    """The same value in what JSON columns hold: decimals as text, no zero bytes."""
    if isinstance(value, Mapping):
        return {str(name).replace("\0", ""): plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, Decimal):
        return (
            format(value, "f") if value.is_finite() and abs(value.adjusted()) < 40 else str(value)
        )
    if isinstance(value, str):
        return value.replace("\0", "")
    return value


def read_device(index: int, data: Any) -> DevicePart:
    """One device of the list; faults are noted in it."""
    part = DevicePart(index, data if isinstance(data, dict) else {})
    if not isinstance(data, dict) or not isinstance(data.get("header"), dict):
        part.fault("header", "missing", _("a device is an object with header and points"))
        return part
    _header(part, data["header"])
    points = data.get("points")
    if not isinstance(points, list) or not points:
        part.fault("points", "missing", _("is a list of at least one point"))
    elif len(points) > MOST_POINTS:
        part.fault("points", "too_many", _("has at most %(most)s points") % {"most": MOST_POINTS})
    else:
        for number, point in enumerate(points, 1):
            _point(part, number, point)
        _check_sequence(part)
    for name, value in data.items():
        if name not in ("header", "points"):
            part.header.setdefault("extra", {})[name] = plain(value)
    return part


def _check_sequence(part: DevicePart) -> None:
    seen: set[int] = set()
    for point in part.points:
        if point.seq in seen:
            part.fault(f"points[{point.seq}].seq", "twice", _("stands twice"))
        seen.add(point.seq)


def _header(part: DevicePart, header: Mapping[str, Any]) -> None:
    for name in ("task_no", "asset_no", "serial_no", "comm_address", "retest_reason"):
        value = header.get(name)
        if value is None:
            continue
        if not _is_short(value):
            part.fault(f"header.{name}", "text", SHORT_TEXT)
        else:
            setattr(part, name, value.strip())
    for name in ("task_no", "asset_no"):
        if header.get(name) in (None, ""):
            part.fault(f"header.{name}", "missing", _("is missing"))
    part.category = _one_of(part, header, "equipment_category", CATEGORIES, "METER")
    part.test_kind = _one_of(part, header, "test_kind", TEST_KINDS, "")
    part.overall = _one_of(part, header, "overall", OVERALL, "")
    part.position_no = _whole_number(part, header, "header.position_no", "position_no", 1, 1000)
    part.attempt = _whole_number(part, header, "header.attempt", "attempt", 1, 99)
    part.started_at = _header_moment(part, header, "started_at")
    part.finished_at = _header_moment(part, header, "finished_at")
    if header.get("finished_at") is None:
        part.fault("header.finished_at", "missing", _("is missing"))
    if part.started_at and part.finished_at and part.finished_at < part.started_at:
        part.fault("header.finished_at", "order", _("lies before the start"))
    _environment(part, header.get("environment"))
    part.standards = _standards(part, header.get("standards"))
    part.operators = _operators(part, header.get("operators"), header.get("checker"))
    part.seals = _seals(part, header.get("seals"))
    kept = {
        n: plain(header[n]) for n in ("model", "accuracy_class", "constant", "rated") if n in header
    }
    extra = {name: plain(value) for name, value in header.items() if name not in HEADER_FIELDS}
    part.header = {**kept, **({"extra": extra} if extra else {})}


def _one_of(
    part: DevicePart, header: Mapping[str, Any], name: str, known: Sequence[str], default: str
) -> str:
    value = header.get(name)
    if value is None:
        return default
    if value not in known:
        part.fault(
            f"header.{name}", "choice", _("is one of %(known)s") % {"known": ", ".join(known)}
        )
        return default
    return str(value)


def _whole_number(
    part: DevicePart, data: Mapping[str, Any], where: str, name: str, least: int, most: int
) -> int | None:
    value = data.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        part.fault(
            where,
            "number",
            _("is a whole number from %(least)s to %(most)s") % {"least": least, "most": most},
        )
        return None
    return value


def _header_moment(part: DevicePart, header: Mapping[str, Any], name: str) -> datetime | None:
    value = header.get(name)
    if value is None:
        return None
    moment = _moment(value)
    if moment is None:
        part.fault(f"header.{name}", "moment", MOMENT)
    return moment


def _decimal(part: DevicePart, where: str, value: Any) -> Decimal | None:
    if value is None or value == "":
        return None
    try:
        return read_decimal(value)
    except WrongValue:
        part.fault(where, "number", NUMBER)
        return None


def _environment(part: DevicePart, data: Any) -> None:
    if data is None:
        return
    if not isinstance(data, dict):
        part.fault("header.environment", "form", _("has start and end"))
        return
    for moment in ("start", "end"):
        values = data.get(moment) or {}
        if not isinstance(values, dict):
            part.fault(f"header.environment.{moment}", "form", _("has temperature and humidity"))
            continue
        where = f"header.environment.{moment}"
        temperature = _decimal(part, f"{where}.temperature_c", values.get("temperature_c"))
        humidity = _decimal(part, f"{where}.humidity_pct", values.get("humidity_pct"))
        if humidity is not None and not 0 <= humidity <= 100:
            part.fault(f"{where}.humidity_pct", "range", _("lies from 0 to 100"))
        if temperature is not None and not -60 <= temperature <= 100:
            part.fault(f"{where}.temperature_c", "range", _("lies from -60 to 100"))
        setattr(part, f"temperature_{moment}_c", temperature)
        setattr(part, f"humidity_{moment}_pct", humidity)


def _list_of_objects(part: DevicePart, where: str, data: Any) -> list[dict[str, Any]]:
    if data is None:
        return []
    if not isinstance(data, list) or len(data) > 50 or not all(isinstance(d, dict) for d in data):
        part.fault(where, "form", _("is a list of objects"))
        return []
    return data


def _texts(
    part: DevicePart, where: str, data: Mapping[str, Any], names: Sequence[str]
) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in names:
        value = data.get(name)
        if value is None:
            continue
        if not _is_short(value):
            part.fault(f"{where}.{name}", "text", SHORT_TEXT)
            continue
        found[name] = value.strip()
    return found


def _standards(part: DevicePart, data: Any) -> tuple[Mapping[str, str], ...]:
    found = []
    for number, each in enumerate(_list_of_objects(part, "header.standards", data)):
        where = f"header.standards[{number}]"
        texts = _texts(
            part, where, each, ("asset_no", "accuracy_class", "certificate_no", "valid_until")
        )
        if not texts.get("asset_no") and not texts.get("certificate_no"):
            part.fault(where, "missing", _("names its number or its certificate"))
        if texts.get("valid_until"):
            try:
                date.fromisoformat(texts["valid_until"])
            except ValueError:
                part.fault(f"{where}.valid_until", "date", _("is a date such as 2026-11-22"))
        found.append(texts)
    return tuple(found)


def _operators(part: DevicePart, data: Any, checker: Any) -> tuple[Mapping[str, str], ...]:
    found = []
    for number, each in enumerate(_list_of_objects(part, "header.operators", data)):
        where = f"header.operators[{number}]"
        texts = _texts(part, where, each, ("person_no", "role"))
        if not texts.get("person_no"):
            part.fault(f"{where}.person_no", "missing", _("is missing"))
        if texts.get("role", "VERIFIER") not in ROLES:
            part.fault(
                f"{where}.role", "choice", _("is one of %(known)s") % {"known": ", ".join(ROLES)}
            )
        found.append(
            {"person_no": texts.get("person_no", ""), "role": texts.get("role", "VERIFIER")}
        )
    if checker is not None:
        if not _is_short(checker):
            part.fault("header.checker", "text", SHORT_TEXT)
        elif checker.strip():
            found.append({"person_no": checker.strip(), "role": "CHECKER"})
    return tuple(found)


def _seals(part: DevicePart, data: Any) -> tuple[tuple[str, str], ...]:
    found = []
    for number, each in enumerate(_list_of_objects(part, "header.seals", data)):
        texts = _texts(part, f"header.seals[{number}]", each, ("seal_no", "position"))
        if not texts.get("seal_no"):
            part.fault(f"header.seals[{number}].seal_no", "missing", _("is missing"))
            continue
        found.append((texts["seal_no"], texts.get("position", "")))
    return tuple(found)


def _point(part: DevicePart, number: int, data: Any) -> None:
    where = f"points[{number}]"
    if not isinstance(data, dict):
        part.fault(where, "form", _("is an object"))
        return
    name = data.get("item")
    if name not in ITEMS:
        part.fault(f"{where}.item", "choice", _("is none of the items of the format"))
        return
    item = ITEMS[name]
    point = Point(number, name, item)
    seq = data.get("seq")
    if seq is not None:
        point.seq = _whole_number(part, data, f"{where}.seq", "seq", 0, 100_000) or 0
    _point_place(part, where, point, data)
    point.samples = _samples(part, where, data.get("samples"))
    point.pulses = _whole_number(part, data, f"{where}.pulses", "pulses", 0, 10**12)
    point.voltage_pct = _decimal(part, f"{where}.voltage_pct", data.get("voltage_pct"))
    point.mean = _decimal(part, f"{where}.mean", data.get("mean"))
    point.limit_low = _decimal(part, f"{where}.limit_low", data.get("limit_low"))
    point.limit_high = _decimal(part, f"{where}.limit_high", data.get("limit_high"))
    rounded = data.get("rounded")
    is_given = rounded not in (None, "")
    if is_given and _decimal(part, f"{where}.rounded", rounded) is not None:
        point.rounded = str(rounded).strip()
    unit = data.get("unit")
    if unit not in (None, ""):
        if unit not in UNITS:
            part.fault(
                f"{where}.unit", "choice", _("is one of %(known)s") % {"known": ", ".join(UNITS)}
            )
        else:
            point.unit = unit
    conclusion = data.get("conclusion")
    if conclusion not in (None, ""):
        if conclusion not in CONCLUSIONS:
            part.fault(
                f"{where}.conclusion",
                "choice",
                _("is one of %(known)s") % {"known": ", ".join(CONCLUSIONS)},
            )
        else:
            point.conclusion = conclusion
    if data.get("tested_at") is not None:
        point.tested_at = _moment(data["tested_at"])
        if point.tested_at is None:
            part.fault(f"{where}.tested_at", "moment", MOMENT)
    remark = data.get("remark")
    if remark is not None:
        if not isinstance(remark, str) or len(remark) > 2000:
            part.fault(f"{where}.remark", "text", _("is a text of at most 2000 characters"))
        else:
            point.remark = remark.replace("\0", "")
    facts = data.get("facts")
    if facts is not None:
        if not isinstance(facts, dict) or len(facts) > 100:
            part.fault(f"{where}.facts", "form", _("is an object"))
        else:
            point.facts = plain(facts)
    for name_, value in data.items():
        if name_ not in POINT_FIELDS:
            point.extra[name_] = plain(value)
    for name_ in ("current_a", "frequency_hz", "std_dev"):
        if data.get(name_) is not None:
            value = _decimal(part, f"{where}.{name_}", data[name_])
            point.extra[name_] = None if value is None else format(value, "f")
    part.points.append(point)


def _point_place(part: DevicePart, where: str, point: Point, data: Mapping[str, Any]) -> None:
    direction = data.get("direction")
    if direction is not None:
        if direction not in DIRECTIONS:
            part.fault(
                f"{where}.direction",
                "choice",
                _("is one of %(known)s") % {"known": ", ".join(DIRECTIONS)},
            )
        else:
            point.direction = DIRECTIONS[direction]
    phase = data.get("phase")
    if phase is not None:
        if phase not in PHASES:
            part.fault(
                f"{where}.phase", "choice", _("is one of %(known)s") % {"known": ", ".join(PHASES)}
            )
        else:
            point.phases = phase
    load, factor = data.get("load_current"), data.get("power_factor")
    is_needed = point.item in LOADED_ITEMS
    try:
        if load not in (None, ""):
            read_load(load if isinstance(load, str) else "")
            point.load = load.strip()
        elif is_needed:
            part.fault(f"{where}.load_current", "missing", _("is missing"))
    except WrongValue:
        part.fault(f"{where}.load_current", "load", _("is a current such as Ib, 0.5Imax, 0.05In"))
    try:
        if factor not in (None, ""):
            read_factor(factor if isinstance(factor, str) else "")
            point.factor = factor.strip()
        elif point.item == "basic_error":
            part.fault(f"{where}.power_factor", "missing", _("is missing"))
    except WrongValue:
        part.fault(f"{where}.power_factor", "factor", _("is a factor such as 1.0, 0.5L, 0.8C"))


def _samples(part: DevicePart, where: str, data: Any) -> tuple[Decimal, ...]:
    if data is None:
        return ()
    if not isinstance(data, list) or len(data) > MOST_SAMPLES:
        part.fault(
            f"{where}.samples",
            "form",
            _("is a list of at most %(most)s texts") % {"most": MOST_SAMPLES},
        )
        return ()
    found = []
    for number, value in enumerate(data):
        try:
            if not isinstance(value, str):
                raise WrongValue("not_text", "a sample is text")
            found.append(read_decimal(value))
        except WrongValue:
            part.fault(f"{where}.samples[{number}]", "sample", NUMBER)
    return tuple(found)
