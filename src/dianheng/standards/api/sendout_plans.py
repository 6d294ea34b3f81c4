"""Plans of what goes to higher bodies: drawn up, edited, agreed."""

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status

from dianheng.identity.selectors import unit_by_code
from dianheng.identity.services import actor_of, require

from .. import services
from ..models import SendoutPlan
from ..rights import RIGHT, VIEW
from ..selectors.sendout import is_too_late, items_of, plans, visible_plan
from .common import Request, Wanted, items_by_barcode, name_of, page

router = Router()


class PlanOut(Schema):
    """A plan of send-outs."""

    number: str
    unit: str
    title: str
    state: str
    first_on: date
    last_on: date
    made_by: str
    agreed_at: datetime | None
    standards_count: int
    done_count: int


class PlannedOut(Schema):
    """A standard on a plan."""

    barcode: str
    name: str
    state: str
    body: str
    way: str
    due_on: date | None = Field(description="Last day of its certificate when it was planned.")
    planned_on: date
    appointed_on: date | None = Field(description="The day that the body gave.")
    is_too_late: bool = Field(description="It goes only after its certificate has ended.")
    cycle_months: int | None
    note: str
    sendout: str | None


class PlanWholeOut(PlanOut):
    """A plan with its standards."""

    standards: list[PlannedOut]


class PlansOut(Schema):
    """A page of plans."""

    items: list[PlanOut]
    next: str | None


def _facts(plan: Any) -> dict[str, Any]:
    return {
        "number": plan.number, "unit": plan.unit.code, "title": plan.title, "state": plan.state,
        "first_on": plan.first_on, "last_on": plan.last_on, "made_by": plan.made_by.name,
        "agreed_at": plan.agreed_at, "standards_count": plan.line_count,
        "done_count": plan.done_count,
    }  # fmt: skip


def _plan(request: HttpRequest, number: str, right: str = VIEW) -> SendoutPlan:
    require(actor_of(request), right)
    return visible_plan(request.rights, number)  # type: ignore[attr-defined]


def _out(plan: SendoutPlan) -> PlanWholeOut:
    rows = [
        PlannedOut(
            barcode=item.device.barcode, name=name_of(item.device), state=item.state,
            body=item.body, way=item.way, due_on=item.due_on, planned_on=item.planned_on,
            appointed_on=item.appointed_on, is_too_late=is_too_late(item),
            cycle_months=item.cycle_months, note=item.note,
            sendout=item.order.number if item.order else None,
        )
        for item in items_of(plan.items)
    ]  # fmt: skip
    return PlanWholeOut(**_facts(plans().get(pk=plan.pk)), standards=rows)


@router.get("sendout-plans", response=PlansOut)
def sendout_plans(request: HttpRequest, wanted: Query[Wanted]) -> PlansOut:
    """Plans of send-outs of the units one may see, by number."""
    found = page(request, plans(), wanted)
    items = [PlanOut(**_facts(one)) for one in found["items"]]
    return PlansOut(items=items, next=found["next"])


@router.get("sendout-plans/{number}", response=PlanWholeOut)
def sendout_plan(request: HttpRequest, number: str) -> PlanWholeOut:
    """One plan with its standards."""
    return _out(_plan(request, number))


class PlanIn(Request):
    """A laboratory and a period."""

    unit: str = Field(description="Code of the laboratory.")
    title: str = Field(max_length=200)
    first_on: date
    last_on: date = Field(description="Standards whose certificate ends by this day are listed.")


@router.post("sendout-plans", response={201: PlanWholeOut})
def sendout_plan_make(request: HttpRequest, sent: PlanIn) -> Status[PlanWholeOut]:
    """Draw up a plan: every standard of the laboratory whose certificate ends in the period."""
    require(actor_of(request), RIGHT)
    made = services.sendout_plan_make(
        unit=unit_by_code(sent.unit), actor=actor_of(request), **sent.dict(exclude={"unit"})
    )
    return Status(201, _out(_plan(request, made.number)))


class PlannedIn(Schema):
    """What is changed on the line of a standard; what is not sent stays."""

    barcode: str
    body: str = Field("", max_length=200)
    way: str = Field("", description="`sent` or `on_site`.")
    planned_on: date | None = None
    appointed_on: date | None = None
    cycle_months: int | None = None
    note: str = Field("", max_length=500)


class PlannedsIn(Schema):
    """Lines of a draft."""

    standards: list[PlannedIn] = Field(min_length=1, max_length=1000)


@router.post("sendout-plans/{number}/standards", response=PlanWholeOut)
def sendout_plan_save(request: HttpRequest, number: str, sent: PlannedsIn) -> PlanWholeOut:
    """Change lines of a draft, all or none: body, its day, way, cycle, note."""
    plan = _plan(request, number, RIGHT)
    lines = {
        line.barcode: line.dict(exclude={"barcode"}, exclude_unset=True) for line in sent.standards
    }
    keyed = items_by_barcode(items_of(plan.items), lines, number)
    services.sendout_plan_save(plan=plan, lines=keyed, actor=actor_of(request))
    return _out(plan)


@router.post("sendout-plans/{number}/agree", response=PlanWholeOut)
def sendout_plan_agree(request: HttpRequest, number: str) -> PlanWholeOut:
    """The bodies have agreed: lines are fixed, send-outs are listed from them."""
    plan = _plan(request, number, RIGHT)
    return _out(services.sendout_plan_agree(plan=plan, actor=actor_of(request)))
