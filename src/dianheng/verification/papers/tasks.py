"""Task sheet and list of failures."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Q
from django.utils import timezone

from dianheng.assets.models import Device
from dianheng.documents.papers import schema as paper
from dianheng.documents.selectors import body_for
from dianheng.metrology.plates import MeterPlate
from dianheng.metrology.quantities import plain_text
from dianheng.metrology.schemes import ALL_PHASES, Direction, SchemeItem
from dianheng.metrology.transformer_records import ERRORS
from dianheng.metrology.transformer_schemes import TransformerScheme
from dianheng.metrology.words import word
from dianheng.standards.models import InstallationStandard

from ..choices import Outcome
from ..models import ApprovalLine, TestResult, VerificationTask
from ..selectors.entry import limits_at, transformer_limits
from ..selectors.laboratory import LaboratoryFacts
from ..selectors.loads import item_conditions
from ..selectors.results import failed_results
from ..subjects import AnyPlate, plate_for, scheme_for
from .parts import (
    DIRECTIONS,
    ITEMS,
    KEYS,
    LOADS,
    approver_of,
    checker_of,
    figure,
    limit_text,
    model_on_paper,
    regulation,
    signature,
    standard_on_paper,
    verifier_of,
)
from .transformers import error_said

BURDENS = {"rated": "额定负荷", "lower": "下限负荷"}
KIND = {Outcome.OUTSIDE_CONTROL: "outside_control", Outcome.UNFIT: "unfit"}


def task_paper(task: VerificationTask, created_at: datetime) -> paper.VerificationTask:
    """检定任务单: what is tested by which scheme, on which benches, with which standards."""
    version = task.scheme_version
    loads = list(
        task.loads.exclude(state="cancelled")
        .select_related("bench__standard")
        .prefetch_related("positions")
        .order_by("pk")
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
                quantity=len(load.positions.all()),
            )
            for load in loads
        ),
        lines=_scheme_lines(task),
        standards=_standards_of(
            {load.bench_id: load.bench for load in loads}.values(), timezone.localdate(created_at)
        ),
        signatures=(
            signature("planner", task.made_by, timezone.localdate(task.made_at)),
            paper.Signature(role="verifier"),
        ),
    )


def _scheme_lines(task: VerificationTask) -> tuple[paper.SchemeLine, ...]:
    scheme, plate = scheme_for(task.scheme_version), plate_for(task.model)
    if isinstance(scheme, TransformerScheme):
        return tuple(_transformer_lines(scheme, plate))
    assert isinstance(plate, MeterPlate)
    limits = limits_at(scheme, plate)
    lines = []
    for each in scheme.items:
        item, found = each.item.value, item_conditions(each.item.value, plate, scheme)
        conditions = requirement = ""
        if item == "basic_error":
            bounds = sorted({limits[p][0] for p in each.points if p in limits})
            requirement = " / ".join(f"±{limit_text(bound)} %" for bound in bounds)
        elif item == "creep":
            conditions = f"{found['voltage_pct']} % Un, I = 0, {found['least_min']} min"
            requirement = "≤ 1 imp"
        elif item == "start":
            conditions = f"Un, {found['current_a']} A, cos φ = 1"
            requirement = f"≤ {found['limit_min']} min"
        elif item == "ac_voltage":
            conditions = f"{found['voltage_kv']} kV, {found['duration_s']} s"
        lines.append(
            paper.SchemeLine(
                item=ITEMS.get(item, item),
                conditions=conditions,
                points=_points(each),
                requirement=requirement,
            )
        )
    return tuple(lines)


def _transformer_lines(scheme: TransformerScheme, plate: AnyPlate) -> Iterable[paper.SchemeLine]:
    limits = transformer_limits(scheme, plate)
    for each in scheme.items:
        groups: dict[tuple[str, str, str], list[str]] = {}
        for point in each.points:
            phases = "" if point.phases == ALL_PHASES else LOADS[point.phases]
            key = (f"{point.device} {point.ratio}", phases, BURDENS[point.burden])
            groups.setdefault(key, []).append(f"{plain_text(point.percent_rated)} %")
        bounds = sorted({limits[point] for point in each.points if point in limits})
        yield paper.SchemeLine(
            item=ITEMS.get(each.item.value, each.item.value),
            points=tuple(
                paper.PointGroup(direction=name, load=phases, factor=burden, loads=tuple(loads))
                for (name, phases, burden), loads in groups.items()
            ),
            requirement=" / ".join(
                f"±{plain_text(f)} %, ±{plain_text(delta)}′" for f, delta in bounds
            ),
        )


def _points(each: SchemeItem) -> tuple[paper.PointGroup, ...]:
    """Load points by what they share: direction, phases, power factor."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for point in each.points:
        active = point.direction is Direction.FORWARD_ACTIVE
        direction = "" if active else DIRECTIONS[point.direction.value]
        phases = "" if point.phases == ALL_PHASES else LOADS[point.phases]
        groups.setdefault((direction, phases, point.factor), []).append(point.load)
    return tuple(
        paper.PointGroup(direction=direction, load=phases, factor=factor, loads=tuple(loads))
        for (direction, phases, factor), loads in groups.items()
        if any(loads)
    )


def _standards_of(benches: Iterable[Device], day: date) -> tuple[paper.Standard, ...]:
    """The standards in the benches' measuring standards on a day, with their certificates."""
    parts = InstallationStandard.objects.filter(
        Q(valid_through__isnull=True) | Q(valid_through__gte=day),
        installation__bench__in=list(benches),
        valid_from__lte=day,
    )
    numbers = list(dict.fromkeys(parts.values_list("device__barcode", flat=True)))
    facts = LaboratoryFacts.load(numbers, (), ())
    found = (facts.device_of(number) for number in numbers)
    return tuple(
        standard_on_paper(device, facts.certificate_on(device, day))
        for device in found
        if device is not None
    )


def failure_list(
    task: VerificationTask, lines: Sequence[ApprovalLine], tested: int, created_at: datetime
) -> paper.FailureList:
    """不合格清单 of a task: what failed, by how much, after how many attempts.

    Meters that passed legally but lie outside the company's band, or are not as ordered, stand
    in it with that conclusion.
    """
    days = [line.verified_on for line in lines]
    worst = _worst(lines)
    rows = []
    for line in lines:
        items, measured, limit = worst.get(line.record_id, ((), "", ""))
        failing = line.verdict.failing_items or items
        rows.append(
            paper.FailureRow(
                bar_code=line.device.barcode,
                serial_no=line.device.serial_no,
                items=tuple(ITEMS.get(i, i) for i in failing),
                measured=measured,
                limit=limit,
                attempts=line.record.attempt,
                position=str(line.record.position or ""),
                conclusion=KIND.get(Outcome(line.outcome), paper.FAIL),
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
        signatures=_signatures(lines),
    )


def _signatures(lines: Sequence[ApprovalLine]) -> tuple[paper.Signature, ...]:
    """Who tested, checked and approved the newest of the lines."""
    if not lines:
        return ()
    newest = max(lines, key=lambda line: line.approval_id)
    return (
        verifier_of(newest.record),
        checker_of(newest.verdict),
        approver_of(newest.approval),
    )


def _worst(lines: Sequence[ApprovalLine]) -> dict[int, tuple[tuple[str, ...], str, str]]:
    """By record its failing items and the result that is farthest outside: measured, allowed.

    For a meter outside the company's band alone the band stands in the place of the limit.
    """
    by_band = {line.record_id for line in lines if line.outcome == Outcome.OUTSIDE_CONTROL}
    found: dict[int, tuple[Decimal, tuple[str, ...], str, str]] = {}
    for row in failed_results((line.record_id, line.verdict) for line in lines):
        if row.conclusion != "fail" and row.record_id not in by_band:
            continue
        limit = row.internal_limit if row.record_id in by_band else row.limit_high
        value = row.rounded if row.rounded is not None else row.value
        share = abs(value) / limit if value is not None and limit else Decimal(1)
        before = found.get(row.record_id)
        items = tuple(dict.fromkeys([*(before[1] if before else ()), row.item]))
        if before is not None and share <= before[0]:
            found[row.record_id] = (before[0], items, *before[2:])
        else:
            found[row.record_id] = (share, items, *_said(row, limit))
    return {key: entry[1:] for key, entry in found.items()}


def _said(row: TestResult, limit: Decimal | None) -> tuple[str, str]:
    """What was measured and what was allowed."""
    facts = row.facts or {}
    if row.item == "key_state":
        return KEYS.get(str(facts.get("key_state")), ""), KEYS["formal"]
    if row.item == "parameter":
        stated, ordered = facts.get("found") or {}, facts.get("ordered") or {}
        wrong = [name for name in ordered if stated.get(name) != ordered[name]]
        return (
            ", ".join(str(stated.get(name, "—")) for name in wrong),
            ", ".join(str(ordered[name]) for name in wrong),
        )
    if row.item in ("appearance", "communication"):
        return "; ".join(facts.get("findings") or ()) or row.remark, ""
    if row.item in ERRORS:
        return error_said(row)
    name = row.point if row.item == "basic_error" else word("item", row.item)
    unit = "min" if row.item == "start" else row.unit
    measured = row.rounded_text or (plain_text(row.value, 4) if row.value is not None else "")
    said = f"{name} {measured} {unit}".strip()
    if limit is None:
        return said, ""
    text = limit_text(limit) if row.item == "basic_error" else figure(limit)
    return said, f"{'≤ ' if row.limit_low is None else '±'}{text} {unit}".strip()
