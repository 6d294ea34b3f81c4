"""Data of the papers of arrival: acceptance, sampling form and report, sent sample, returns."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.assets.models import Device, DeviceModel, Lot
from dianheng.documents.papers import schema as paper
from dianheng.documents.selectors import body_for
from dianheng.identity.models import Person
from dianheng.metrology.errors import MetrologyError
from dianheng.metrology.lots import nonconformity_class
from dianheng.verification.models import (
    ApprovalLine,
    Review,
    TestRecord,
    TestResult,
    VerificationTask,
)
from dianheng.verification.papers import ITEMS, failure_list
from dianheng.verification.selectors.results import results_failing
from dianheng.verification.selectors.tasks import first_results

from .choices import Department, InspectionState, SentState
from .models import (
    Arrival,
    InspectionLot,
    OrderLine,
    ReturnOrder,
    SampleResult,
    SentSample,
    SwitchingState,
)
from .rules import acceptance_rules
from .selectors.arrivals import arrival_difference
from .selectors.inspections import sampling_tasks
from .selectors.lots import lot_tasks

LISTED = 600  # devices that a paper lists one by one


def _goods(line: OrderLine | None, model: DeviceModel) -> paper.Goods:
    return paper.Goods(
        supplier=model.manufacturer.name, contract_no=line.contract_no if line else "",
        order_line=str(line) if line else "", tender_batch=line.tender_batch if line else "",
        material_code=line.material_code if line else "", kind_name=model.name, model=model.code,
        specification=model.specification, accuracy_class=model.accuracy_class,
    )  # fmt: skip


def _opinions(inspection: InspectionLot | None) -> tuple[paper.Opinion, paper.Opinion]:
    signed = (
        {one.department: one for one in inspection.opinions.select_related("person", "acting_for")}
        if inspection
        else {}
    )

    def one(department: str) -> paper.Opinion:
        found = signed.get(department)
        if found is None:
            return paper.Opinion(department=department, signature=paper.Signature(role="approver"))
        return paper.Opinion(
            department=found.unit_name, decision=found.opinion, text=found.text,
            signature=paper.Signature(
                role="approver", name=found.person.name, signed_on=timezone.localdate(found.signed_at),
                on_behalf_of=found.acting_for.name if found.acting_for else "",
            ),
        )  # fmt: skip

    return one(Department.TECHNICAL), one(Department.ASSET)


def arrival_acceptance(arrival: Arrival) -> paper.ArrivalAcceptance:
    """到货验收单 of an arrival, with the decision on its lot as far as there is one."""
    difference = arrival_difference(arrival)
    inspections = InspectionLot.objects.filter(parts__arrival=arrival).exclude(
        state=InspectionState.VOID
    )
    last = inspections.order_by("pk").last()
    codes = Device.objects.filter(arrival_no=arrival.number).order_by("barcode")
    ends = (codes.first(), codes.last())
    return paper.ArrivalAcceptance(
        number=arrival.number, created_at=timezone.localtime(), body=body_for(arrival.unit),
        goods=_goods(arrival.line, arrival.line.model), arrival_no=arrival.number,
        delivery_note_no=arrival.delivery_note_no,
        arrived_on=arrival.arrived_on or timezone.localdate(),
        place=arrival.place.name if arrival.place else "", ordered=arrival.line.quantity,
        delivered=arrival.announced, scanned=arrival.received, boxes=arrival.boxes.count() or None,
        first_bar_code=ends[0].barcode if ends[0] else "", last_bar_code=ends[1].barcode if ends[1] else "",
        short=tuple(paper.DeviceRow(bar_code=d.barcode, serial_no=d.serial_no) for d in difference.short[:LISTED]),
        over=tuple(paper.DeviceRow(bar_code=s.code) for s in difference.over[:LISTED]),
        foreign=tuple(paper.DeviceRow(bar_code=s.code) for s in difference.foreign[:LISTED]),
        checks=tuple(paper.CheckLine(**check) for check in arrival.checks),
        lots=tuple((one.number, one.lot_size or 0) for one in inspections.order_by("pk")),
        sampling_report_no=last.report_no if last else "", sampling_conclusion=_conclusion(last), opinions=_opinions(last),
        decision={"accepted": "accept", "rejected": "reject"}.get(last.state, "") if last else "",
    )  # fmt: skip


def _conclusion(inspection: InspectionLot | None) -> str:
    if inspection is None or inspection.is_accepted is None:
        return ""
    return paper.PASS if inspection.is_accepted else paper.FAIL


def _plan(inspection: InspectionLot) -> paper.Plan:
    """The plan with what was found: class A, of which one rejects, and the classes with an AQL."""
    plan = inspection.plan or {}
    judged: Mapping[str, Any] = inspection.judgement or {}
    counts: Mapping[str, int] = judged.get("counts", {})
    over = {reason.rpartition("_")[2] for reason in judged.get("reasons", ())}

    def line(name: str, **more: Any) -> paper.PlanLine:
        conclusion = paper.FAIL if name in over else paper.PASS
        return paper.PlanLine(
            nonconformity=name, found=counts.get(name, 0) if judged else None,
            conclusion=conclusion if judged else "", **more,
        )  # fmt: skip

    size = plan["sample_size"]
    return paper.Plan(
        standard=f"{plan['standard']}-{plan['edition']}", level=plan["level"],
        severity=plan["severity"], sample_size=size,
        lines=(
            line("A", aql="—", code_letter="—", sample_size=size, accept=0, reject=1),
            *(
                line(
                    one["class"], aql=one["aql"], code_letter=one["plan_letter"],
                    sample_size=one["inspect_count"], accept=one["ac"], reject=one["re"],
                )
                for one in plan["lines"]
            ),
        ),
    )  # fmt: skip


def _sent(inspection: InspectionLot) -> SentSample | None:
    rows = SentSample.objects.filter(inspection=inspection)
    return rows.exclude(state=SentState.WITHDRAWN).first()


def _tested_by(inspection: InspectionLot) -> str:
    sent = _sent(inspection)
    if sent is not None:
        return sent.sent_to
    task = sampling_tasks(inspection).select_related("unit").first()
    return task.unit.name if task else inspection.unit.name


def sampling_form(inspection: InspectionLot) -> paper.SamplingForm:
    """抽样单: plan, draw and sample. Only after the lot is closed."""
    draw = inspection.draw
    assert draw.closed_at is not None and draw.closed_by is not None
    arrivals = Arrival.objects.filter(inspection_parts__inspection=inspection).distinct()
    first = arrivals.select_related("line").first()
    closed_at = timezone.localtime(draw.closed_at)
    return paper.SamplingForm(
        number=inspection.number, created_at=closed_at, body=body_for(inspection.unit),
        goods=_goods(first.line if first else None, inspection.lot.model),
        lot_no=inspection.lot.code, arrivals=tuple(arrival.number for arrival in arrivals),
        lot_size=inspection.lot_size or 0,
        plan=_plan(inspection),
        draw=paper.Draw(
            algorithm=draw.algorithm, seed_digest=draw.seed_digest,
            seed_digest_at=timezone.localtime(draw.published_at), seed=draw.seed, seed_at=closed_at,
            list_digest=draw.list_digest,
        ),
        drawn_at=closed_at, tested_at_place=_tested_by(inspection),
        sample=tuple(
            paper.DeviceRow(bar_code=one.device.barcode, serial_no=one.device.serial_no)
            for one in draw.sample.select_related("device").order_by("rank")
        ),
        signatures=(
            paper.Signature(role="drawer", name=draw.closed_by.name, signed_on=closed_at.date()),
            paper.Signature(role="maker"),  # who is there signs by hand
        ),
    )  # fmt: skip


def sampling_report(inspection: InspectionLot, approver: paper.Signature) -> paper.SamplingReport:
    """抽检报告 of a judged sample; number and moment are put in when it is issued."""
    arrival = Arrival.objects.filter(inspection_parts__inspection=inspection).first()
    results = list(
        SampleResult.objects.filter(sample__draw__inspection=inspection, attempt=1)
        .select_related("sample__device", "person", "acting_for")
        .prefetch_related("nonconformities")
        .order_by("sample__rank")
    )
    sent = _sent(inspection)
    tasks = list(sampling_tasks(inspection).select_related("scheme_version"))
    review = Review.objects.filter(task__in=tasks).select_related("reviewer").order_by("pk").last()
    days = [one.tested_on for one in results]
    tester, acting_for = _tester(tasks, results)
    drawer = inspection.draw.closed_by if inspection.draw.closed_by != tester else None
    switching = SwitchingState.objects.filter(
        model=inspection.lot.model_id, unit=inspection.unit_id
    ).first()
    return paper.SamplingReport(
        number="", created_at=timezone.localtime(), body=body_for(inspection.unit),
        goods=_goods(arrival.line if arrival else None, inspection.lot.model),
        lot_no=inspection.lot.code, lot_size=inspection.lot_size or 0, form_no=inspection.number,
        plan=_plan(inspection), tested_by=_tested_by(inspection),
        outside_report_no=sent.report_no if sent else "",
        tested_from_on=min(days), tested_until_on=max(days),
        regulations=tuple(
            dict.fromkeys(
                [f"{task.scheme_version.standard}-{task.scheme_version.edition}" for task in tasks]
                + [f"{acceptance_rules().standard}-{acceptance_rules().edition}"]
            )
        ),
        items=_sample_items(inspection, results),
        failures=tuple(
            paper.SampleFailure(
                bar_code=one.sample.device.barcode, item=ITEMS.get(bad.item, bad.item),
                nonconformity=bad.nonconformity_class, measured=bad.measured, limit=bad.limit,
            )
            for one in results
            for bad in one.nonconformities.all()
        ),
        conclusion="accept" if inspection.is_accepted else "reject",
        next_severity=switching.state if switching else "normal",
        verifier=_signature("handler" if sent else "verifier", tester, max(days), acting_for),
        checker=_signature("checker", review.reviewer if review else drawer, max(days)),
        approver=approver,
        remark=_("Submission %(n)s") % {"n": inspection.submission} if inspection.submission > 1 else "",
    )  # fmt: skip


def _tester(
    tasks: Sequence[VerificationTask], results: Sequence[SampleResult]
) -> tuple[Person | None, Person | None]:
    """Who tested the sample on the benches last; else who wrote the results down."""
    firsts = [first["record"] for task in tasks for first in first_results(task).values()]
    record = (
        TestRecord.objects.filter(number__in=firsts, verifier__isnull=False)
        .select_related("verifier")
        .order_by("-finished_at")
        .first()
    )
    if record is not None:
        return record.verifier, None
    return results[-1].person, results[-1].acting_for


def _signature(
    role: str, person: Person | None, day: Any, acting_for: Person | None = None
) -> paper.Signature:
    return paper.Signature(
        role=role, name=person.name if person else "", signed_on=day if person else None,
        on_behalf_of=acting_for.name if acting_for else "",
    )  # fmt: skip


def _sample_items(
    inspection: InspectionLot, results: Sequence[SampleResult]
) -> tuple[paper.SampleItem, ...]:
    """Items tested on the benches, with how many devices failed; else those that did not conform."""
    firsts = [
        first for task in sampling_tasks(inspection) for first in first_results(task).values()
    ]
    failing = {(row.record_id, row.item) for row in results_failing(firsts)}
    failed_of = Counter(item for _record, item in failing)
    tested = (
        TestResult.objects.filter(record__in=[first["record_id"] for first in firsts])
        .order_by("item")
        .values("item")
        .annotate(tested=Count("record", distinct=True))
    )
    found = {row["item"]: (row["tested"], failed_of[row["item"]]) for row in tested}
    classes: dict[str, str] = {}
    for one in results:
        for bad in one.nonconformities.all():
            classes.setdefault(bad.item, bad.nonconformity_class)
            if bad.item not in found or one.source != "verification":
                count, failed = found.get(bad.item, (len(results), 0))
                found[bad.item] = (count, failed + 1)
    return tuple(
        paper.SampleItem(
            item=ITEMS.get(item, item), nonconformity=classes.get(item) or _class_of(item),
            tested=count, failed=failed,
        )
        for item, (count, failed) in found.items()
    )  # fmt: skip


def _class_of(item: str) -> str:
    try:
        return str(nonconformity_class(acceptance_rules(), item).value)
    except MetrologyError:
        return ""


def sent_note(sent: SentSample) -> paper.HandoverNote:
    """送检单: the sample goes to the higher centre; open until somebody there has it."""
    inspection = sent.inspection
    devices = [
        one.device for one in inspection.draw.sample.select_related("device").order_by("rank")
    ]
    handed_on = timezone.localdate(sent.handed_over_at) if sent.handed_over_at else None
    person = sent.handed_over_by or sent.listed_by
    part = inspection.parts.select_related("arrival__place", "arrival__line").first()
    place = part.arrival.place if part else None
    return paper.HandoverNote(
        number=sent.number, created_at=timezone.localtime(sent.listed_at),
        body=body_for(inspection.unit), purpose="sent_sample",
        state="received" if sent.handed_over_at else "open",
        from_unit=inspection.unit.name, from_place=place.name if place else "", to_unit=sent.sent_to,
        basis=inspection.number,
        lines=(
            paper.GoodsLine(
                name=inspection.lot.model.name, model=inspection.lot.model.code,
                specification=inspection.lot.model.specification, quantity=len(devices),
                material_code=part.arrival.line.material_code if part else "",
                lot_no=inspection.lot.code, state="awaiting_acceptance",
            ),
        ),
        devices=tuple(paper.DeviceRow(bar_code=d.barcode, serial_no=d.serial_no) for d in devices),
        received_quantity=len(devices) if sent.handed_over_at else None,
        handed_over=paper.Signature(role="issuer", name=person.name, signed_on=handed_on),
        received=paper.Signature(role="receiver", name=sent.received_by_name, signed_on=handed_on),
        carrier=paper.Signature(role="carrier", name=sent.carrier) if sent.carrier else None,
    )  # fmt: skip


def lot_failures_paper(lot: Lot) -> paper.FailureList | None:
    """不合格清单 of a lot: each device whose last approved result is no pass; None without results."""
    tasks = list(lot_tasks(lot).select_related("scheme_version", "model", "unit", "lot"))
    lines = list(
        ApprovalLine.objects.filter(approval__task__in=tasks)
        .select_related("device", "verdict", "record", "approval__task")
        .order_by("device_id", "-pk")
        .distinct("device_id")
    )
    if not lines:
        return None
    failed = sorted(
        (line for line in lines if line.outcome != "passed"), key=lambda line: line.device.barcode
    )
    numbers = sorted({line.approval.task.number for line in lines})
    made = failure_list(tasks[0], failed, len(lines), timezone.now())
    return replace(made, number=f"{lot.code}-BH", task_no=", ".join(numbers))


def _reason(one: Mapping[str, Any], order: ReturnOrder) -> paper.ReturnReason:
    """A reason; an inspection proves it by its report, before there is one by its form."""
    kind, number = one.get("document_kind", ""), one.get("document_no", "")
    if kind == "inspection":
        report_no = order.inspection.report_no if order.inspection else ""
        kind = "sampling_report" if report_no else "sampling_form"
        number = report_no or number
    return paper.ReturnReason(
        reason=one["reason"], quantity=one["quantity"], document_kind=kind, document_no=number
    )


def return_notice(order: ReturnOrder) -> paper.ReturnNotice:
    """退货通知单 to the maker."""
    arrival = Arrival.objects.filter(lot=order.lot).select_related("line").first()
    rows = order.devices.select_related("device").order_by("device__barcode")
    return paper.ReturnNotice(
        number=order.number, created_at=timezone.localtime(order.made_at), body=body_for(order.unit),
        goods=_goods(arrival.line if arrival else None, order.lot.model), lot_no=order.lot.code,
        lot_size=order.lot.devices.count(), quantity=rows.count(),
        reasons=tuple(_reason(one, order) for one in order.reasons),
        demand=order.demand, answer_until_on=order.answer_until_on, contact=order.contact,
        rows=tuple(
            paper.DeviceRow(bar_code=row.device.barcode, serial_no=row.device.serial_no, note=row.reason)
            for row in rows[:LISTED]
        ),
        signatures=(
            paper.Signature(role="handler", name=order.made_by.name, signed_on=timezone.localdate(order.made_at)),
        ),
    )  # fmt: skip
