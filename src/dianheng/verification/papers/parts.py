"""What the laboratory's papers are put together from; figures as they stand on paper."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import timezone, translation

from dianheng.assets.choices import TRANSFORMERS
from dianheng.assets.models import Device, DeviceModel
from dianheng.documents.papers import schema as paper
from dianheng.documents.selectors import body_for
from dianheng.identity.models import Unit
from dianheng.identity.selectors import qualification_at
from dianheng.metrology.rounding import signed_text
from dianheng.metrology.rule_sets import rule_set
from dianheng.metrology.transformer_records import ERRORS
from dianheng.seals.selectors import seals_on_devices
from dianheng.standards.models import StandardCertificate

from ..models import Approval, ReviewLine, TestRecord, TestResult, Verdict
from ..subjects import project_of
from .evidence import Grounds
from .transformers import CHANGES, SENSES, changes_of, transformer_plate

DIRECTIONS = {
    "forward_active": "active_import",
    "reverse_active": "active_export",
    "forward_reactive": "reactive_import",
    "reverse_reactive": "reactive_export",
}
LOADS = {"ABC": "balanced", "A": "phase_a", "B": "phase_b", "C": "phase_c"}
# The papers' own words for items (documents/papers/templates/texts).
ITEMS = {
    "load_difference": "unbalanced_difference",
    "standard_deviation": "deviation",
    "clock_rate": "clock_daily",
    "combination": "register_combination",
    "load_variation": "load_rise_fall",
    "parameter": "parameters",
}
SEAL_POSITIONS = {
    "COVER_LEFT": "meter_cover_left",
    "COVER_RIGHT": "meter_cover_right",
    "TERMINAL": "terminal_cover",
    "MODULE": "module_cover",
}
KEYS = {"formal": "正式密钥", "test": "测试密钥"}
CONCLUSIONS = {"pass": paper.PASS, "fail": paper.FAIL, "": paper.NOT_JUDGED}


def figure(value: Decimal | None, decimals: int | None = None) -> str:
    """A figure without trailing noise; limits that never end are cut at two places."""
    if value is None:
        return ""
    if decimals is not None:
        value = round(value, decimals)
    elif -value.as_tuple().exponent > 6:  # type: ignore[operator]
        value = round(value, 2)
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def limit_text(value: Decimal | None) -> str:
    """A limit in per cent with one decimal at least, as the rule books print it."""
    text = figure(value)
    return f"{text}.0" if text and "." not in text else text


def device_on_paper(device: Device) -> paper.Device:
    """The device with its plate."""
    model, meter = device.model, getattr(device, "meter", None)
    return _plate(model)._with(
        bar_code=device.barcode,
        serial_no=device.serial_no,
        made_on=device.produced_on,
        type_approval_no=(meter.type_approval_no if meter else "") or model.type_approval_no,
        hardware_version=meter.hardware_version if meter else "",
        software_version=meter.software_version if meter else "",
    )


class _Plate(dict[str, Any]):
    """Fields of a device on paper that its model gives."""

    def _with(self, **more: Any) -> paper.Device:
        return paper.Device(**{**self, **more})


def _plate(model: DeviceModel) -> _Plate:
    with translation.override("zh-hans"):
        wiring = (
            f"{model.get_wiring_display()}{model.get_connection_display()}" if model.wiring else ""
        )
    phases = "3×" if model.wiring.startswith("three") else ""

    if model.kind in TRANSFORMERS:
        return _Plate(
            kind_name=model.name,
            model=model.code,
            maker=model.manufacturer.name,
            frequency=f"{figure(model.frequency_hz)} Hz",
            **transformer_plate(model),
        )

    def imp(value: Decimal | None, unit: str) -> str:
        return f"{figure(value)} imp/{unit}" if value else ""

    return _Plate(
        kind_name=model.name,
        model=model.code,
        maker=model.manufacturer.name,
        accuracy_class=model.accuracy_class
        + (f" / {model.reactive_class}" if model.reactive_class else ""),
        voltage=f"{phases}{figure(model.voltage_v)} V" if model.voltage_v else "",
        current=f"{phases}{model.plate_current.removesuffix('A')} A" if model.plate_current else "",
        frequency=f"{figure(model.frequency_hz)} Hz",
        constant=imp(model.constant_imp_per_kwh, "kWh"),
        constant_reactive=imp(model.constant_imp_per_kvarh, "kvarh"),
        wiring=wiring,
    )


def model_on_paper(model: DeviceModel) -> paper.Device:
    """A model where a paper speaks of many devices."""
    return _plate(model)._with(bar_code="")


def regulation(standard: str, edition: str) -> paper.Regulation:
    """The rule book by code and title."""
    return paper.Regulation(
        code=f"{standard}-{edition}", title=rule_set(standard, edition).title_zh
    )


def body_of(record: TestRecord | None, unit: Unit) -> paper.Body:
    found = record.authorisation if record else None
    if found is None:
        return body_for(unit)
    return body_for(unit, found.number, found.scope, found.valid_through)


def assessments_of(record: TestRecord) -> tuple[paper.Assessment, ...]:
    installation, certificate = record.installation, record.installation_certificate
    if installation is None:
        return ()
    return (
        paper.Assessment(
            name=installation.name,
            certificate_no=certificate.number if certificate else "",
            measuring_range=installation.measuring_range,
            accuracy=installation.accuracy,
            valid_through=certificate.valid_through if certificate else None,
        ),
    )


def standard_on_paper(
    device: Device, certificate: StandardCertificate | None, accuracy: str = ""
) -> paper.Standard:
    """A standard with the certificate that covers the day."""
    detail = getattr(device, "standard", None)
    held = (certificate.accuracy_class or certificate.uncertainty) if certificate else accuracy
    return paper.Standard(
        name=detail.name if detail else device.barcode,
        model=device.model.code,
        serial_no=device.serial_no,
        measuring_range=detail.measuring_range if detail else "",
        accuracy=held,
        certificate_no=certificate.number if certificate else "",
        issued_by=certificate.issuer if certificate else "",
        valid_through=certificate.valid_through if certificate else None,
    )


def standards_of(record: TestRecord) -> tuple[paper.Standard, ...]:
    devices = {
        d.pk: d
        for d in Device.objects.filter(pk__in=record.standard_ids).select_related(
            "model", "standard"
        )
    }
    papers = {
        c.pk: c
        for c in StandardCertificate.objects.filter(
            pk__in=[s["certificate_id"] for s in record.standards if s.get("certificate_id")]
        )
    }
    found = []
    for each in record.standards:
        device, certificate = (
            devices.get(each.get("device_id")),
            papers.get(each.get("certificate_id")),
        )
        if device is not None:
            found.append(standard_on_paper(device, certificate, each.get("accuracy_class", "")))
        else:
            number = each.get("asset_no", "")
            found.append(
                paper.Standard(
                    name=number,
                    serial_no=number,
                    accuracy=each.get("accuracy_class", ""),
                    certificate_no=each.get("certificate_no", ""),
                )
            )
    return tuple(found)


def environment_of(record: TestRecord) -> paper.Environment:
    return paper.Environment(
        place=record.task.unit.name,
        temperature_start_c=figure(record.temperature_start_c),
        temperature_end_c=figure(record.temperature_end_c),
        humidity_start_pct=figure(record.humidity_start_pct),
        humidity_end_pct=figure(record.humidity_end_pct),
    )


def results_of(
    rows: Sequence[TestResult], grounds: Grounds | None = None
) -> tuple[tuple[paper.ErrorPoint, ...], tuple[paper.TestItem, ...]]:
    points, items = [], []
    for row in rows:
        if row.item in (*ERRORS, *CHANGES):
            continue
        if row.item == "basic_error":
            points.append(
                paper.ErrorPoint(
                    direction=DIRECTIONS.get(row.direction, row.direction),
                    load=LOADS.get(row.phases, row.phases),
                    current=row.load_point,
                    power_factor=row.factor,
                    readings_pct=tuple(signed_text(s, places_of(s)) for s in row.samples),
                    mean_pct=signed_text(row.value, 4) if row.value is not None else "",
                    rounded_pct=row.rounded_text,
                    limit_pct=limit_text(row.limit_high),
                    band_pct=limit_text(row.internal_limit),
                    conclusion=CONCLUSIONS.get(row.conclusion, paper.NOT_JUDGED),
                    **(grounds.of_point(row) if grounds else {}),
                )
            )
        else:
            items.append(_item(row, grounds))
    items += changes_of(rows, grounds)
    return tuple(points), tuple(items)


def places_of(value: Decimal) -> int:
    return max(0, -int(value.as_tuple().exponent))


def _item(row: TestResult, grounds: Grounds | None) -> paper.TestItem:
    facts = row.facts or {}
    unit = UNITS.get(row.item, row.unit)
    result, readings = row.rounded_text or figure(row.value), _readings(row, facts)
    if row.item in _WORDS:
        result = _WORDS[row.item](facts)
    return paper.TestItem(
        item=ITEMS.get(row.item, row.item),
        conclusion=CONCLUSIONS.get(row.conclusion, paper.NOT_JUDGED),
        conditions=_conditions(row, facts),
        requirement=_requirement(row, unit),
        readings=readings,
        result=result,
        unit=unit,
        note=row.remark,
        **(grounds.of_item(row) if grounds else {}),
    )


def _conditions(row: TestResult, facts: Mapping[str, Any]) -> str:
    if row.item == "creep":
        return f"{facts.get('voltage_pct', '115')} % Un, I = 0, {facts.get('elapsed_min', '')} min"
    if row.item in ("ac_voltage", "withstand"):
        return f"{facts.get('voltage_kv', '')} kV, {facts.get('duration_s', '')} s"
    if row.item == "start":
        current = (facts.get("extra") or {}).get("current_a", "")
        return f"Un, {current} A, cos φ = 1" if current else "Un, cos φ = 1"
    if row.item == "constant" and facts.get("pulses"):
        return f"{facts['pulses']} imp"
    if row.item == "load_difference":
        return row.point
    return " ".join(part for part in (row.load_point, row.factor) if part)


def _requirement(row: TestResult, unit: str) -> str:
    low, high = row.limit_low, row.limit_high
    if low is not None and high is not None and low == -high:
        return f"±{figure(high)} {unit}".strip()
    if high is not None:
        return f"≤ {figure(high)} {unit}".strip()
    if low is not None:
        return f"≥ {figure(low)} {unit}".strip()
    return {"key_state": KEYS["formal"], "parameter": "与订货一致", "polarity": "减极性"}.get(
        row.item, ""
    )


def _readings(row: TestResult, facts: Mapping[str, Any]) -> tuple[str, ...]:
    """All that was read, so that the record can be judged again by hand."""
    if row.samples:
        return tuple(figure(s, places_of(s)) for s in row.samples)
    return tuple(
        str(facts[name]) for name in _READ.get(row.item, ()) if facts.get(name) is not None
    )


UNITS = {
    "insulation": "MΩ",
    "creep": "imp",
    "ac_voltage": "kV",
    "relay": "s",
    "load_difference": "%",
}
# Facts of an item that are readings, in the order in which they are written down.
_READ = {
    "creep": ("pulses",),
    "start": ("first_pulse_min",),
    "constant": ("register_kwh", "reference_kwh"),
    "demand": ("meter_kw", "standard_kw"),
    "relay": ("open_s", "close_s"),
    "insulation": ("resistance_mohm",),
}
# Items of which the result is no measured value of a point: a word, or what was read once.
_WORDS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "key_state": lambda facts: KEYS.get(str(facts.get("key_state")), ""),
    "polarity": lambda facts: SENSES.get(str(facts.get("sense")), ""),
    "insulation": lambda facts: str(facts.get("resistance_mohm") or ""),
    "parameter": lambda facts: "; ".join(
        str((facts.get("found") or {}).get(name, "—")) for name in facts.get("ordered") or {}
    ),
}


def signature(
    role: str, person: Any, on: date | None, number: str = "", acting_for: Any = None
) -> paper.Signature:
    return paper.Signature(
        role=role, name=person.name if person else "", signed_on=on, qualification_no=number,
        on_behalf_of=acting_for.name if acting_for else "",
    )  # fmt: skip


def verifier_of(record: TestRecord) -> paper.Signature:
    number = ""
    if record.verifier_id:
        day = timezone.localdate(record.finished_at)
        # By the project of the measuring standard, as the record was judged.
        project = record.installation.project if record.installation else ""
        found = qualification_at(
            record.verifier_id, "verifier", project or project_of(record.task.model.kind), day
        )
        number = found.number if found else ""
    return signature("verifier", record.verifier, timezone.localdate(record.finished_at), number)


def checker_of(verdict: Verdict) -> paper.Signature:
    line = (
        ReviewLine.objects.filter(verdict=verdict, decision="agree")
        .select_related("review__reviewer", "review__acting_for")
        .order_by("-pk")
        .first()
    )
    if line is None:
        return paper.Signature(role="checker")
    review = line.review
    return signature(
        "checker", review.reviewer, timezone.localdate(review.reviewed_at), review.qualification_no,
        review.acting_for,
    )  # fmt: skip


def approver_of(approval: Approval) -> paper.Signature:
    return signature(
        "approver", approval.approver, timezone.localdate(approval.approved_at),
        approval.qualification_no, approval.acting_for,
    )  # fmt: skip


def seals_of(device: Device) -> tuple[paper.SealLine, ...]:
    return tuple(
        paper.SealLine(seal_no=s.seal_no, position=SEAL_POSITIONS.get(s.position, s.position))
        for s in seals_on_devices([device.pk])[device.pk]
    )
