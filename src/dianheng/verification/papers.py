"""Data of the laboratory's papers, from what is stored; figures as they stand on paper.

Reads only. Numbers and moments of issue are put in by `documents.services`.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone, translation

from dianheng.assets.models import Device, DeviceModel
from dianheng.documents.papers import schema as paper
from dianheng.documents.selectors import body_for
from dianheng.identity.models import Qualification, Unit
from dianheng.metrology.rounding import signed_text
from dianheng.metrology.rule_sets import rule_set
from dianheng.metrology.words import word
from dianheng.seals.selectors import seals_on_devices

from .choices import Outcome, TaskKind
from .models import (
    Approval,
    ApprovalLine,
    ReviewLine,
    StandardCertificate,
    TestRecord,
    TestResult,
    Verdict,
    VerificationTask,
)

DAY = "%Y-%m-%d"
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
CONCLUSIONS = {"pass": paper.PASS, "fail": paper.FAIL, "": paper.NOT_JUDGED}
NOT_NUMBERED = datetime(2000, 1, 1, tzinfo=timezone.get_fixed_timezone(480))


def _figure(value: Decimal | None, decimals: int | None = None) -> str:
    """A figure without trailing noise; limits that never end are cut at two places."""
    if value is None:
        return ""
    if decimals is not None:
        value = round(value, decimals)
    elif -value.as_tuple().exponent > 6:  # type: ignore[operator]
        value = round(value, 2)
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _limit(value: Decimal | None) -> str:
    """A limit in per cent with one decimal at least, as the rule books print it."""
    text = _figure(value)
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

    def imp(value: Decimal | None, unit: str) -> str:
        return f"{_figure(value)} imp/{unit}" if value else ""

    return _Plate(
        kind_name=model.name,
        model=model.code,
        maker=model.manufacturer.name,
        accuracy_class=model.accuracy_class
        + (f" / {model.reactive_class}" if model.reactive_class else ""),
        voltage=f"{phases}{_figure(model.voltage_v)} V" if model.voltage_v else "",
        current=f"{phases}{model.plate_current.removesuffix('A')} A" if model.plate_current else "",
        frequency=f"{_figure(model.frequency_hz)} Hz",
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


def _body(record: TestRecord | None, unit: Unit) -> paper.Body:
    found = record.authorisation if record else None
    if found is None:
        return body_for(unit)
    return body_for(unit, found.number, found.scope, found.valid_through)


def _assessments(record: TestRecord) -> tuple[paper.Assessment, ...]:
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


def _standards(record: TestRecord) -> tuple[paper.Standard, ...]:
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
        detail = getattr(device, "standard", None) if device else None
        found.append(
            paper.Standard(
                name=detail.name if detail else each.get("asset_no", ""),
                model=device.model.code if device else "",
                serial_no=device.serial_no if device else each.get("asset_no", ""),
                measuring_range=detail.measuring_range if detail else "",
                accuracy=(
                    certificate.accuracy_class or certificate.uncertainty
                    if certificate
                    else each.get("accuracy_class", "")
                ),
                certificate_no=certificate.number
                if certificate
                else each.get("certificate_no", ""),
                issued_by=certificate.issuer if certificate else "",
                valid_through=certificate.valid_through if certificate else None,
            )
        )
    return tuple(found)


def _environment(record: TestRecord) -> paper.Environment:
    return paper.Environment(
        place=record.task.unit.name,
        temperature_start_c=_figure(record.temperature_start_c),
        temperature_end_c=_figure(record.temperature_end_c),
        humidity_start_pct=_figure(record.humidity_start_pct),
        humidity_end_pct=_figure(record.humidity_end_pct),
    )


def _results(record: TestRecord) -> tuple[tuple[paper.ErrorPoint, ...], tuple[paper.TestItem, ...]]:
    points, items = [], []
    for row in record.results.all():
        if row.item == "basic_error":
            points.append(
                paper.ErrorPoint(
                    direction=DIRECTIONS.get(row.direction, row.direction),
                    load=LOADS.get(row.phases, row.phases),
                    current=row.load_point,
                    power_factor=row.factor,
                    readings_pct=tuple(signed_text(s, _places(s)) for s in row.samples),
                    mean_pct=signed_text(row.value, 4) if row.value is not None else "",
                    rounded_pct=row.rounded_text,
                    limit_pct=_limit(row.limit_high),
                    band_pct=_limit(row.internal_limit),
                    conclusion=CONCLUSIONS.get(row.conclusion, paper.NOT_JUDGED),
                )
            )
        else:
            items.append(_item(row))
    return tuple(points), tuple(items)


def _places(value: Decimal) -> int:
    return max(0, -int(value.as_tuple().exponent))


def _item(row: TestResult) -> paper.TestItem:
    facts = row.facts or {}
    conditions = " ".join(part for part in (row.load_point, row.factor) if part)
    if row.item == "creep":
        conditions = (
            f"{facts.get('voltage_pct', '115')} % Un, I = 0, {facts.get('elapsed_min', '')} min"
        )
    elif row.item == "ac_voltage":
        conditions = f"{facts.get('voltage_kv', '')} kV, {facts.get('duration_s', '')} s"
    elif row.item == "start":
        current = (facts.get("extra") or {}).get("current_a", "")
        conditions = f"Un, {current} A, cos φ = 1" if current else "Un, cos φ = 1"
    unit = {"creep": "imp", "ac_voltage": "kV", "relay": "s"}.get(row.item, row.unit)
    if (
        row.limit_low is not None
        and row.limit_high is not None
        and row.limit_low == -row.limit_high
    ):
        requirement = f"± {_figure(row.limit_high)} {unit}"
    elif row.limit_high is not None:
        requirement = f"≤ {_figure(row.limit_high)} {unit}"
    elif row.limit_low is not None:
        requirement = f"≥ {_figure(row.limit_low)} {unit}"
    else:
        requirement = ""
    return paper.TestItem(
        item=ITEMS.get(row.item, row.item),
        conclusion=CONCLUSIONS.get(row.conclusion, paper.NOT_JUDGED),
        conditions=conditions,
        requirement=requirement.strip(),
        readings=tuple(_figure(s, _places(s)) for s in row.samples) if len(row.samples) > 1 else (),
        result=row.rounded_text or _figure(row.value),
        unit=unit,
        note=row.remark,
    )


def _signature(
    role: str, person: Any, on: date | None, number: str = "", acting_for: Any = None
) -> paper.Signature:
    return paper.Signature(
        role=role, name=person.name if person else "", signed_on=on, qualification_no=number,
        on_behalf_of=acting_for.name if acting_for else "",
    )  # fmt: skip


def _verifier(record: TestRecord) -> paper.Signature:
    number = ""
    if record.verifier_id:
        day = timezone.localdate(record.finished_at)
        number = (
            Qualification.objects.filter(
                person_id=record.verifier_id,
                kind="verifier",
                valid_from__lte=day,
                valid_through__gte=day,
            )
            .values_list("number", flat=True)
            .first()
            or ""
        )
    return _signature("verifier", record.verifier, timezone.localdate(record.finished_at), number)


def _checker(verdict: Verdict) -> paper.Signature:
    line = (
        ReviewLine.objects.filter(verdict=verdict, decision="agree")
        .select_related("review__reviewer", "review__acting_for")
        .order_by("-pk")
        .first()
    )
    if line is None:
        return paper.Signature(role="checker")
    review = line.review
    return _signature(
        "checker", review.reviewer, timezone.localdate(review.reviewed_at), review.qualification_no,
        review.acting_for,
    )  # fmt: skip


def _approver(approval: Approval) -> paper.Signature:
    return _signature(
        "approver", approval.approver, timezone.localdate(approval.approved_at),
        approval.qualification_no, approval.acting_for,
    )  # fmt: skip


def _seals(device: Device) -> tuple[paper.SealLine, ...]:
    return tuple(
        paper.SealLine(seal_no=s.seal_no, position=SEAL_POSITIONS.get(s.position, s.position))
        for s in seals_on_devices([device.pk])[device.pk]
    )


def client_of(task: VerificationTask) -> str:
    """Who asked for the verification; the company's own body where nobody else did."""
    return task.client or body_for(task.unit).name


RECORD = (
    "task__unit",
    "task__model__manufacturer",
    "device__model__manufacturer",
    "device__meter",
    "installation",
    "installation_certificate",
    "authorisation",
    "verifier",
    "bench",
    "load",
)


def original_record(record: TestRecord, verdict: Verdict | None = None) -> paper.OriginalRecord:
    """原始记录 of one run with the verdict that counts."""
    verdict = verdict or record.verdicts.order_by("-number").first()
    points, items = _results(record)
    line = record.approvals.order_by("-pk").first()
    standard = (
        verdict.standard if verdict and verdict.standard else record.task.scheme_version.standard
    )
    edition = verdict.edition if verdict and verdict.edition else record.task.scheme_version.edition
    legal = CONCLUSIONS.get(verdict.legal if verdict else "", paper.NOT_JUDGED)
    if verdict is None or verdict.outcome in (
        Outcome.BLOCKED,
        Outcome.PROVISIONAL,
        Outcome.INCOMPLETE,
    ):
        legal = paper.NOT_JUDGED
    return paper.OriginalRecord(
        number=record.number,
        created_at=timezone.localtime(verdict.judged_at if verdict else record.received_at),
        body=_body(record, record.task.unit),
        client=client_of(record.task),
        device=device_on_paper(record.device),
        regulations=(regulation(standard, edition),),
        kind_of_verification=record.task.kind,
        task_no=record.task.number,
        scheme=str(record.task.scheme_version),
        bench_no=record.bench.barcode if record.bench else "",
        position_no=str(record.position or ""),
        attempt=record.attempt,
        attempt_reason=record.attempt_reason,
        started_at=timezone.localtime(record.started_at or record.finished_at),
        ended_at=timezone.localtime(record.finished_at),
        assessments=_assessments(record),
        standards=_standards(record),
        environment=_environment(record),
        points=points,
        items=items,
        conclusion=legal,
        internal_conclusion=CONCLUSIONS.get(verdict.internal, "")
        if verdict and verdict.internal
        else "",
        bench_conclusion={"PASS": paper.PASS, "FAIL": paper.FAIL}.get(record.bench_overall, ""),
        valid_through=line.valid_through if line else None,
        validity_mode=_validity(line.validity_mode if line else ""),
        seals=_seals(record.device),
        verifier=_verifier(record),
        checker=_checker(verdict) if verdict else paper.Signature(role="checker"),
        digest=verdict.digest if verdict else "",
        is_provisional=bool(verdict and verdict.outcome == Outcome.PROVISIONAL),
    )


def _validity(mode: str) -> str:
    return paper.TERM if mode == "first_only" else paper.VALIDITY


def result_paper(line: ApprovalLine) -> paper.Certificate | paper.ResultNotice:
    """检定证书 of what passed, 检定结果通知书 of what failed; the number is put in later."""
    record = TestRecord.objects.select_related(*RECORD).get(pk=line.record_id)
    points, items = _results(record)
    verdict = line.verdict
    common: dict[str, Any] = {
        "number": "",
        "created_at": NOT_NUMBERED,
        "body": _body(record, record.task.unit),
        "client": client_of(record.task),
        "device": device_on_paper(record.device),
        "regulations": (regulation(verdict.standard, verdict.edition),),
        "kind_of_verification": record.task.kind,
        "verified_on": line.verified_on,
        "assessments": _assessments(record),
        "standards": _standards(record),
        "environment": _environment(record),
        "points": points,
        "items": items,
        "verifier": _verifier(record),
        "checker": _checker(verdict),
        "approver": _approver(line.approval),
        "record_no": record.number,
    }
    if line.outcome == Outcome.PASSED:
        assert line.valid_through is not None
        return paper.Certificate(
            **common, valid_through=line.valid_through, validity_mode=_validity(line.validity_mode),
            seals=_seals(record.device),
        )  # fmt: skip
    return paper.ResultNotice(
        **common, failed_items=tuple(ITEMS.get(item, item) for item in verdict.failing_items)
    )


def task_paper(task: VerificationTask, created_at: datetime) -> paper.VerificationTask:
    """检定任务单."""
    version = task.scheme_version
    loads = (
        task.loads.exclude(state="cancelled").select_related("bench").prefetch_related("positions")
    )
    return paper.VerificationTask(
        number=task.number,
        created_at=timezone.localtime(created_at),
        body=body_for(task.unit),
        lot_no=task.lot.code if task.lot else "",
        device=model_on_paper(task.model),
        quantity=task.devices.exclude(step="withdrawn").count(),
        kind_of_verification=task.kind,
        scheme=str(version),
        regulations=(regulation(version.standard, version.edition),),
        from_on=task.planned_from,
        until_on=task.planned_through,
        loads=tuple(
            paper.LoadLine(
                load_no=load.number,
                bench_no=load.bench.barcode,
                positions=getattr(getattr(load.bench, "standard", None), "position_count", None)
                or 0,
                quantity=load.positions.count(),
            )
            for load in loads
        ),
        signatures=(
            _signature("planner", task.made_by, timezone.localdate(task.made_at)),
            paper.Signature(role="verifier"),
        ),
    )


def failure_list(
    task: VerificationTask, lines: Sequence[ApprovalLine], tested: int, created_at: datetime
) -> paper.FailureList:
    """不合格清单 of a task: what failed, by how much, after how many attempts."""
    rows = []
    days = [line.verified_on for line in lines]
    worst = _worst([line.record_id for line in lines])
    for line in lines:
        measured, limit = worst.get(line.record_id, ("", ""))
        rows.append(
            paper.FailureRow(
                bar_code=line.device.barcode,
                serial_no=line.device.serial_no,
                items=tuple(ITEMS.get(i, i) for i in line.verdict.failing_items)
                or tuple(line.verdict.outside_internal[:3]),
                measured=measured,
                limit=limit,
                attempts=line.record.attempt,
                position=str(line.record.position or ""),
            )
        )
    version = task.scheme_version
    return paper.FailureList(
        number="",
        created_at=timezone.localtime(created_at),
        body=body_for(task.unit),
        lot_no=task.lot.code if task.lot else "",
        task_no=task.number,
        device=model_on_paper(task.model),
        regulations=(regulation(version.standard, version.edition),),
        tested=tested,
        rows=tuple(rows),
        verified_from_on=min(days, default=None),
        verified_until_on=max(days, default=None),
    )


def _worst(record_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """The failing result of each record that is farthest outside, as measured and allowed."""
    found: dict[int, tuple[Decimal, str, str]] = {}
    for row in TestResult.objects.filter(record_id__in=record_ids, conclusion="fail"):
        value = row.rounded if row.rounded is not None else row.value
        limit = row.limit_high
        share = abs(value) / limit if value is not None and limit else Decimal(1)
        if row.record_id not in found or share > found[row.record_id][0]:
            name = word("item", row.item) if row.item != "basic_error" else row.point
            found[row.record_id] = (
                share,
                f"{name} {row.rounded_text or _figure(row.value)} {row.unit}".strip(),
                f"± {_figure(limit)} {row.unit}" if limit is not None else "",
            )
    return {key: (measured, limit) for key, (_share, measured, limit) in found.items()}


def needs_certificate(task: VerificationTask, device: Device, accuracy_class: str) -> bool:
    """Whether a rule asks for the full certificate: an outside client's, a customer's own, a
    dispute's or a request's meter, and the classes that gateways carry (0.2S, 0.5S, C, D).
    """
    return (
        bool(task.client)
        or device.ownership == "customer"
        or task.kind in (TaskKind.CUSTOMER_REQUEST, TaskKind.ARBITRATION)
        or accuracy_class in ("0.2S", "0.5S", "C", "D", "E")
    )
