"""Data of the papers of arrival: acceptance, sampling form, return notice."""

from django.utils import timezone

from dianheng.assets.models import Device, DeviceModel
from dianheng.documents.papers import schema as paper
from dianheng.documents.selectors import body_for

from .choices import Department, InspectionState
from .models import Arrival, InspectionLot, OrderLine, ReturnOrder
from .selectors.arrivals import arrival_difference

LISTED = 600  # devices that a paper lists one by one


def _goods(line: OrderLine | None, model: DeviceModel) -> paper.Goods:
    return paper.Goods(
        supplier=model.manufacturer.name, contract_no=line.contract_no if line else "",
        order_line=str(line) if line else "", tender_batch=line.tender_batch if line else "",
        material_code=line.material_code if line else "", kind_name=model.name, model=model.code,
        accuracy_class=model.accuracy_class,
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
        sampling_conclusion=_conclusion(last), opinions=_opinions(last),
        decision={"accepted": "accept", "rejected": "reject"}.get(last.state, "") if last else "",
    )  # fmt: skip


def _conclusion(inspection: InspectionLot | None) -> str:
    if inspection is None or inspection.is_accepted is None:
        return ""
    return paper.PASS if inspection.is_accepted else paper.FAIL


def sampling_form(inspection: InspectionLot) -> paper.SamplingForm:
    """抽样单: plan, draw and sample. Only after the lot is closed."""
    draw, plan = inspection.draw, inspection.plan or {}
    assert draw.closed_at is not None and draw.closed_by is not None
    counts = (inspection.judgement or {}).get("counts", {})
    arrivals = Arrival.objects.filter(inspection_parts__inspection=inspection).distinct()
    first = arrivals.select_related("line").first()
    closed_at = timezone.localtime(draw.closed_at)
    return paper.SamplingForm(
        number=inspection.number, created_at=closed_at, body=body_for(inspection.unit),
        goods=_goods(first.line if first else None, inspection.lot.model),
        lot_no=inspection.lot.code, arrivals=tuple(arrival.number for arrival in arrivals),
        lot_size=inspection.lot_size or 0,
        plan=paper.Plan(
            standard=f"{plan['standard']}-{plan['edition']}", level=plan["level"],
            severity=plan["severity"], sample_size=plan["sample_size"],
            lines=tuple(
                paper.PlanLine(
                    nonconformity=line["class"], aql=line["aql"], code_letter=line["plan_letter"],
                    sample_size=line["inspect_count"], accept=line["ac"], reject=line["re"],
                    found=counts.get(line["class"]),
                )
                for line in plan["lines"]
            ),
        ),
        draw=paper.Draw(
            algorithm=draw.algorithm, seed_digest=draw.seed_digest,
            seed_digest_at=timezone.localtime(draw.published_at), seed=draw.seed, seed_at=closed_at,
            list_digest=draw.list_digest,
        ),
        drawn_at=closed_at,
        sample=tuple(
            paper.DeviceRow(bar_code=one.device.barcode, serial_no=one.device.serial_no)
            for one in draw.sample.select_related("device").order_by("rank")
        ),
        signatures=(
            paper.Signature(role="drawer", name=draw.closed_by.name, signed_on=closed_at.date()),
        ),
    )  # fmt: skip


def return_notice(order: ReturnOrder) -> paper.ReturnNotice:
    """退货通知单 to the maker."""
    arrival = Arrival.objects.filter(lot=order.lot).select_related("line").first()
    rows = order.devices.select_related("device").order_by("device__barcode")
    return paper.ReturnNotice(
        number=order.number, created_at=timezone.localtime(order.made_at), body=body_for(order.unit),
        goods=_goods(arrival.line if arrival else None, order.lot.model), lot_no=order.lot.code,
        lot_size=order.lot.devices.count(), quantity=rows.count(),
        reasons=tuple(
            paper.ReturnReason(
                reason=one["reason"], quantity=one["quantity"],
                document_kind=one.get("document_kind", ""), document_no=one.get("document_no", ""),
            )
            for one in order.reasons
        ),
        demand=order.demand, answer_until_on=order.answer_until_on, contact=order.contact,
        rows=tuple(
            paper.DeviceRow(bar_code=row.device.barcode, serial_no=row.device.serial_no, note=row.reason)
            for row in rows[:LISTED]
        ),
        signatures=(
            paper.Signature(role="handler", name=order.made_by.name, signed_on=timezone.localdate(order.made_at)),
        ),
    )  # fmt: skip
