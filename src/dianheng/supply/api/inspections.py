"""Lots and their inspection by machine: split, draw, results, sent sample, decisions."""

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema, Status
from pydantic import Field

from dianheng.assets.models import Lot
from dianheng.common.errors import NotFound
from dianheng.identity.models import Unit
from dianheng.identity.services import actor_of

from .. import services
from ..models import Arrival, InspectionLot, SampleDevice, SentSample
from ..selectors.lots import lot_by_code, lot_counts, lot_tasks
from .common import Reason, Request, Wanted, following, page, visible

router = Router()


class LotOut(Schema):
    """A lot: maker, model, tender batch, and what happened to it."""

    code: str
    manufacturer: str
    model: str
    tender_batch: str
    unit: str
    counts: dict[str, int] = Field(description="Devices by state.")
    arrivals: list[str]
    inspections: list[str]
    tasks: list[str]
    returns: list[str]


def visible_lot(request: HttpRequest, code: str) -> Lot:
    """The lot, when one may see it."""
    found: Lot = visible(request, lot_by_code(code), code)
    return found


@router.get("lots/{code}", response=LotOut)
def lot(request: HttpRequest, code: str) -> LotOut:
    """One lot."""
    found = visible_lot(request, code)
    return LotOut(
        code=found.code, manufacturer=found.model.manufacturer.code, model=found.model.code,
        tender_batch=found.tender_batch, unit=found.unit.code,
        counts={one["state"]: one["count"] for one in lot_counts(found)},
        arrivals=_numbers(found.arrivals), inspections=_numbers(found.inspections),
        tasks=_numbers(lot_tasks(found)), returns=_numbers(found.returns),
    )  # fmt: skip


def _numbers(rows: Any) -> list[str]:
    return list(rows.order_by("pk").values_list("number", flat=True))


class PartIn(Schema):
    """Devices of an arrival, all or from bar code to bar code."""

    arrival: str
    first_code: str = ""
    last_code: str = ""


class SplitIn(Request):
    """What is inspected as one: for each inspection its parts."""

    split: list[list[PartIn]]
    statement: str = Field("", description="Why split so; owed when there is more than one.")
    level: str = "II"
    aql: dict[str, str] = Field({}, description="By class; absent: as the acceptance rules say.")


class DrawOut(Schema):
    """The draw: the digest first, the seed after the lot is closed."""

    algorithm: str
    seed_digest: str
    published_at: datetime
    seed: str
    closed_at: datetime | None
    list_digest: str
    list_count: int | None
    sample: list[str] = Field(description="Bar codes in the order of the draw.")


class OpinionOut(Schema):
    """A department's signature."""

    department: str
    opinion: str
    text: str
    person: str
    signed_at: datetime


class InspectionOut(Schema):
    """An inspection and how far it is."""

    number: str
    lot: str
    state: str
    submission: int
    part_no: int
    part_count: int
    level: str
    severity: str
    lot_size: int | None
    plan: dict[str, Any] | None
    draw: DrawOut | None
    judgement: dict[str, Any] | None
    is_accepted: bool | None
    opinions: list[OpinionOut]
    sent_state: str | None
    report_no: str
    return_order: str | None


class InspectionsOut(Schema):
    """A page of inspections."""

    items: list[InspectionOut]
    next: str | None


def _draw_out(inspection: InspectionLot) -> DrawOut | None:
    draw = getattr(inspection, "draw", None)
    if draw is None:
        return None
    rows = SampleDevice.objects.filter(draw=draw).order_by("rank")
    return DrawOut(
        algorithm=draw.algorithm, seed_digest=draw.seed_digest, published_at=draw.published_at,
        seed=draw.seed, closed_at=draw.closed_at, list_digest=draw.list_digest,
        list_count=draw.list_count, sample=list(rows.values_list("device__barcode", flat=True)),
    )  # fmt: skip


def _out(found: InspectionLot) -> InspectionOut:
    sent = getattr(found, "sent", None)
    order = getattr(found, "return_order", None)
    return InspectionOut(
        number=found.number, lot=found.lot.code, state=found.state, submission=found.submission,
        part_no=found.part_no, part_count=found.part_count, level=found.level,
        severity=found.severity, lot_size=found.lot_size, plan=found.plan, draw=_draw_out(found),
        judgement=found.judgement, is_accepted=found.is_accepted,
        opinions=[
            OpinionOut(
                department=one.department, opinion=one.opinion, text=one.text,
                person=one.person.name, signed_at=one.signed_at,
            )
            for one in found.opinions.select_related("person")
        ],
        sent_state=sent.state if sent else None, report_no=found.report_no,
        return_order=order.number if order else None,
    )  # fmt: skip


def _inspection(request: HttpRequest, number: str) -> InspectionLot:
    rows = InspectionLot.objects.select_related(
        "lot__model", "unit", "draw", "sent", "return_order"
    )
    found: InspectionLot = visible(request, rows.filter(number=number).first(), number)
    return found


def _again(request: HttpRequest, number: str) -> InspectionOut:
    return _out(_inspection(request, number))


@router.get("inspections", response=InspectionsOut)
def inspections(request: HttpRequest, wanted: Query[Wanted]) -> InspectionsOut:
    """Inspections of the units one may see, by number."""
    rows = InspectionLot.objects.select_related("lot", "draw", "sent", "return_order")
    found = page(request, rows, wanted)
    return InspectionsOut(items=[_out(one) for one in found], next=following(found, wanted))


@router.post("lots/{code}/inspections", response={201: list[InspectionOut]})
def inspection_make(request: HttpRequest, code: str, sent: SplitIn) -> Status[list[InspectionOut]]:
    """State the split of a lot, before the draw."""
    found = visible_lot(request, code)
    numbers = {part.arrival for parts in sent.split for part in parts}
    arrivals = {one.number: one for one in Arrival.objects.filter(lot=found, number__in=numbers)}
    missing = sorted(numbers - set(arrivals))
    if missing:
        raise NotFound(_("There is no %(no)s here.") % {"no": ", ".join(missing)})
    made = services.inspection_make(
        lot=found, statement=sent.statement, level=sent.level, aql=sent.aql or None,
        split=[
            [
                {
                    "arrival": arrivals[part.arrival],
                    "first_code": part.first_code,
                    "last_code": part.last_code,
                }
                for part in parts
            ]
            for parts in sent.split
        ],
        actor=actor_of(request), request_key=sent.request_key,
    )  # fmt: skip
    return Status(201, [_again(request, one.number) for one in made])


@router.get("inspections/{number}", response=InspectionOut)
def inspection(request: HttpRequest, number: str) -> InspectionOut:
    """One inspection: plan, draw, judgement, opinions."""
    return _again(request, number)


@router.get("inspections/{number}/devices", response=list[str])
def inspection_devices(request: HttpRequest, number: str) -> list[str]:
    """The frozen list of a closed lot, by bar code: what the draw is repeated from."""
    rows = _inspection(request, number).members.order_by("device__barcode")
    return list(rows.values_list("device__barcode", flat=True))


@router.post("inspections/{number}/withdraw", response=InspectionOut)
def inspection_void(request: HttpRequest, number: str, sent: Reason) -> InspectionOut:
    """Withdraw it before the draw."""
    services.inspection_void(
        inspection=_inspection(request, number), reason=sent.reason, actor=actor_of(request)
    )
    return _again(request, number)


@router.post("inspections/{number}/publish", response=InspectionOut)
def draw_publish(request: HttpRequest, number: str) -> InspectionOut:
    """Publish the seed's digest with the plan."""
    services.draw_publish(inspection=_inspection(request, number), actor=actor_of(request))
    return _again(request, number)


@router.post("inspections/{number}/close", response=InspectionOut)
def draw_close(request: HttpRequest, number: str, sent: Request) -> InspectionOut:
    """Close the lot, publish the seed, draw the sample."""
    services.draw_close(
        inspection=_inspection(request, number),
        actor=actor_of(request),
        request_key=sent.request_key,
    )
    return _again(request, number)


class TaskIn(Request):
    """Which laboratory tests the sample."""

    laboratory: str = Field(description="Code of the unit.")


class TaskOut(Schema):
    """The task."""

    number: str


@router.post("inspections/{number}/task", response={201: TaskOut})
def sample_task(request: HttpRequest, number: str, sent: TaskIn) -> Status[TaskOut]:
    """Have the sample tested on the benches."""
    laboratory = Unit.objects.filter(code=sent.laboratory).first()
    if laboratory is None:
        raise NotFound(_("There is no %(no)s here.") % {"no": sent.laboratory})
    task = services.sample_task_make(
        inspection=_inspection(request, number), laboratory=laboratory, actor=actor_of(request),
        request_key=sent.request_key,
    )  # fmt: skip
    return Status(201, TaskOut(number=task.number))


class BadIn(Schema):
    """What does not conform."""

    item: str
    nonconformity_class: str = Field("", alias="class", pattern="^[ABC]?$")
    measured: str = ""
    limit: str = ""
    text: str = ""


class ResultIn(Schema):
    """Result of a drawn device; without nonconformities it conforms."""

    barcode: str
    tested_on: date | None = None
    note: str = ""
    nonconformities: list[BadIn] = []


class ResultsIn(Request):
    """Results of drawn devices; the first of a device counts."""

    results: list[ResultIn]


class CountOut(Schema):
    """How many."""

    count: int


def _bad(sent: BadIn) -> dict[str, Any]:
    return {**sent.dict(exclude={"nonconformity_class"}), "class": sent.nonconformity_class}


def _result(sent: ResultIn) -> dict[str, Any]:
    return {**sent.dict(), "nonconformities": [_bad(one) for one in sent.nonconformities]}


@router.post("inspections/{number}/results", response=CountOut)
def sample_record(request: HttpRequest, number: str, sent: ResultsIn) -> CountOut:
    """Record results by hand."""
    count = services.sample_result_record(
        inspection=_inspection(request, number), results=[_result(one) for one in sent.results],
        actor=actor_of(request), request_key=sent.request_key,
    )  # fmt: skip
    return CountOut(count=count)


@router.post("inspections/{number}/read", response=CountOut)
def sample_read(request: HttpRequest, number: str) -> CountOut:
    """Take over approved verdicts of the sample's task."""
    found = _inspection(request, number)
    return CountOut(count=services.sample_results_read(inspection=found, actor=actor_of(request)))


@router.post("inspections/{number}/judge", response=InspectionOut)
def sample_judge(request: HttpRequest, number: str) -> InspectionOut:
    """Judge the lot by its sample."""
    services.sample_judge(inspection=_inspection(request, number), actor=actor_of(request))
    return _again(request, number)


class DecideIn(Request):
    """A department's opinion."""

    department: str = Field(description="technical or asset")
    opinion: str = Field(description="accept or reject")
    text: str = ""


@router.post("inspections/{number}/decide", response=InspectionOut)
def acceptance_decide(request: HttpRequest, number: str, sent: DecideIn) -> InspectionOut:
    """Sign the unified form for a department; the second signature carries the decision out."""
    services.acceptance_decide(
        inspection=_inspection(request, number), actor=actor_of(request), **sent.dict()
    )
    return _again(request, number)


class ReportOut(Schema):
    """The issued report."""

    number: str


@router.post("inspections/{number}/report", response={201: ReportOut})
def report_issue(request: HttpRequest, number: str, sent: Request) -> Status[ReportOut]:
    """Issue the sampling report, signed."""
    made = services.sampling_report_issue(
        inspection=_inspection(request, number),
        actor=actor_of(request),
        request_key=sent.request_key,
    )
    return Status(201, ReportOut(number=made.number))


class ResubmitIn(Request):
    """What the maker did to the lot."""

    statement: str


@router.post("inspections/{number}/resubmit", response={201: InspectionOut})
def inspection_resubmit(
    request: HttpRequest, number: str, sent: ResubmitIn
) -> Status[InspectionOut]:
    """Submit a rejected lot again, as its maker sorted it."""
    made = services.inspection_resubmit(
        inspection=_inspection(request, number), actor=actor_of(request), **sent.dict()
    )
    return Status(201, _again(request, made.number))


# -- the sample at the higher centre --------------------------------------------------------------


class SendIn(Schema):
    """Which centre tests the sample."""

    sent_to: str


class HandOverIn(Schema):
    """Who has it now."""

    received_by_name: str
    carrier: str = ""


class FailureIn(Schema):
    """A device that does not conform."""

    barcode: str
    nonconformities: list[BadIn]


class ReportIn(Request):
    """The centre's report: the devices that do not conform; the others of the sample conform."""

    report_no: str
    report_on: date
    failing: list[FailureIn] = []


def _sent(request: HttpRequest, number: str) -> SentSample:
    found = _inspection(request, number)
    sent: SentSample | None = getattr(found, "sent", None)
    if sent is None:
        raise NotFound(_("The sample of %(no)s is not sent away.") % {"no": number}, number=number)
    return sent


@router.post("inspections/{number}/sent", response=InspectionOut)
def sample_send(request: HttpRequest, number: str, sent: SendIn) -> InspectionOut:
    """List the sample for the higher centre."""
    services.sent_sample_make(
        inspection=_inspection(request, number), sent_to=sent.sent_to, actor=actor_of(request)
    )
    return _again(request, number)


@router.post("inspections/{number}/sent/hand-over", response=InspectionOut)
def sent_hand_over(request: HttpRequest, number: str, sent: HandOverIn) -> InspectionOut:
    """The sample leaves."""
    services.sent_sample_hand_over(
        sent=_sent(request, number), actor=actor_of(request), **sent.dict()
    )
    return _again(request, number)


@router.post("inspections/{number}/sent/report", response=CountOut)
def sent_report(request: HttpRequest, number: str, sent: ReportIn) -> CountOut:
    """Enter the centre's report; only its pass releases full inspection."""
    count = services.sent_sample_report(
        sent=_sent(request, number), report_no=sent.report_no, report_on=sent.report_on,
        failing=[
            {"barcode": one.barcode, "nonconformities": [_bad(bad) for bad in one.nonconformities]}
            for one in sent.failing
        ],
        actor=actor_of(request), request_key=sent.request_key,
    )  # fmt: skip
    return CountOut(count=count)


@router.post("inspections/{number}/sent/back", response=InspectionOut)
def sent_back(request: HttpRequest, number: str) -> InspectionOut:
    """The sample came back."""
    services.sent_sample_back(sent=_sent(request, number), actor=actor_of(request))
    return _again(request, number)
