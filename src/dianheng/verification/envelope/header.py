"""The header of one device of an upload."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from dianheng.common.texts import gettext_lazy as _

from .parts import CATEGORIES, HEADER_FIELDS, OVERALL, ROLES, TEST_KINDS, DevicePart
from .values import (
    MOMENT,
    SHORT_TEXT,
    decimal_in,
    is_short,
    objects_in,
    one_of,
    plain,
    read_moment,
    texts_in,
    whole_number,
)


def read_header(part: DevicePart, header: Mapping[str, Any]) -> None:
    for name in ("task_no", "asset_no", "serial_no", "comm_address", "retest_reason"):
        value = header.get(name)
        if value is None:
            continue
        if not is_short(value):
            part.fault(f"header.{name}", "text", SHORT_TEXT)
        else:
            setattr(part, name, value.strip())
    for name in ("task_no", "asset_no"):
        if header.get(name) in (None, ""):
            part.fault(f"header.{name}", "missing", _("is missing"))
    part.category = one_of(part, header, "equipment_category", CATEGORIES, "METER")
    part.test_kind = one_of(part, header, "test_kind", TEST_KINDS, "")
    part.overall = one_of(part, header, "overall", OVERALL, "")
    confirmed = header.get("signs_confirmed")
    if confirmed is not None and not isinstance(confirmed, bool):
        part.fault("header.signs_confirmed", "form", _("is true or false"))
    part.signs_confirmed = confirmed is True
    part.position_no = whole_number(part, header, "header.position_no", "position_no", 1, 1000)
    part.attempt = whole_number(part, header, "header.attempt", "attempt", 1, 99)
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
        n: plain(header[n])
        for n in ("model", "accuracy_class", "constant", "rated", "signs_confirmed")
        if n in header
    }
    extra = {name: plain(value) for name, value in header.items() if name not in HEADER_FIELDS}
    part.header = {**kept, **({"extra": extra} if extra else {})}


def _header_moment(part: DevicePart, header: Mapping[str, Any], name: str) -> datetime | None:
    value = header.get(name)
    if value is None:
        return None
    moment = read_moment(value)
    if moment is None:
        part.fault(f"header.{name}", "moment", MOMENT)
    return moment


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
        temperature = decimal_in(part, f"{where}.temperature_c", values.get("temperature_c"))
        humidity = decimal_in(part, f"{where}.humidity_pct", values.get("humidity_pct"))
        if humidity is not None and not 0 <= humidity <= 100:
            part.fault(f"{where}.humidity_pct", "range", _("lies from 0 to 100"))
        if temperature is not None and not -60 <= temperature <= 100:
            part.fault(f"{where}.temperature_c", "range", _("lies from -60 to 100"))
        setattr(part, f"temperature_{moment}_c", temperature)
        setattr(part, f"humidity_{moment}_pct", humidity)


def _standards(part: DevicePart, data: Any) -> tuple[Mapping[str, str], ...]:
    found = []
    for number, each in enumerate(objects_in(part, "header.standards", data)):
        where = f"header.standards[{number}]"
        texts = texts_in(
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
    for number, each in enumerate(objects_in(part, "header.operators", data)):
        where = f"header.operators[{number}]"
        texts = texts_in(part, where, each, ("person_no", "role"))
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
        if not is_short(checker):
            part.fault("header.checker", "text", SHORT_TEXT)
        elif checker.strip():
            found.append({"person_no": checker.strip(), "role": "CHECKER"})
    return tuple(found)


def _seals(part: DevicePart, data: Any) -> tuple[tuple[str, str], ...]:
    found = []
    for number, each in enumerate(objects_in(part, "header.seals", data)):
        texts = texts_in(part, f"header.seals[{number}]", each, ("seal_no", "position"))
        if not texts.get("seal_no"):
            part.fault(f"header.seals[{number}].seal_no", "missing", _("is missing"))
            continue
        found.append((texts["seal_no"], texts.get("position", "")))
    return tuple(found)
