"""Plans of what goes to higher bodies: drawn up from due dates, edited, agreed."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.assets.choices import STANDARDS, DeviceKind
from dianheng.assets.models import Device
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused
from dianheng.documents.services import numbers_take
from dianheng.identity.models import Unit
from dianheng.identity.selectors import setting
from dianheng.identity.services import idempotent, remember, require, write_batch

from ..choices import ItemState, PlanState, Way
from ..models import SendoutItem, SendoutPlan, StandardCertificate
from ..rights import RIGHT
from ..rules import cycle_of, day_to_send
from ..selectors.laboratory import GONE
from ..selectors.sendout import BUSY, due_to_go

Fault = dict[str, Any]
MOST_MONTHS = 240


def sendout_plan_make(
    *, unit: Unit, title: str, first_on: date, last_on: date, actor: Actor, request_key: str = ""
) -> SendoutPlan:
    """Draw up a plan: every standard whose certificate ends by the last day of the period.

    Body and cycle come from the certificate that ends; standards that are planned or on their
    way already are left out.
    """
    faults = []
    if not title.strip():
        faults.append(fault("title", "missing", _("A plan has a title.")))
    if last_on < first_on:
        faults.append(fault("last_on", "period", _("It ends before it begins.")))
    if faults:
        raise BadInput(_("The plan cannot be drawn up."), faults)
    actor = require(actor, RIGHT, unit.pk)
    with write_batch(actor=actor, action="sendout.plan") as batch:
        if (earlier := idempotent(request_key, "sendout.plan")) is not None:
            return SendoutPlan.objects.get(pk=earlier["plan"])
        day = timezone.localdate(batch.at)
        (number,) = numbers_take(key="sendout_plan", unit_id=unit.pk, year=day.year)
        plan = SendoutPlan.objects.create(
            number=number, unit=unit, title=title.strip(), first_on=first_on, last_on=last_on,
            made_by_id=actor.person_id, made_at=batch.at,
        )  # fmt: skip
        lock_devices(list(due_to_go(unit, last_on)))
        rows = items_for(list(due_to_go(unit, last_on)), first_on=first_on)
        for row in rows:
            row.plan = plan
        SendoutItem.objects.bulk_create(rows)
        remember(request_key, "sendout.plan", {"plan": plan.pk})
    return plan


def items_for(devices: Sequence[Device], *, first_on: date | None = None) -> list[SendoutItem]:
    """Items of standards with what their newest certificates say; not yet written.

    A bench is verified where it stands, as a rule.
    """
    newest = {
        row.device_id: row
        for row in StandardCertificate.objects.filter(device__in=devices, withdrawn_on__isnull=True)
        .order_by("device", "-valid_through", "-pk")
        .distinct("device")
    }
    today, days = timezone.localdate(), setting("standards.sendout_days")
    items = []
    for device in devices:
        paper = newest.get(device.pk)
        on = max(today, first_on or today)
        if paper is not None:
            on = day_to_send(paper.valid_through, days, on)
        items.append(
            SendoutItem(
                device=device, planned_on=on,
                way=Way.ON_SITE if device.kind == DeviceKind.BENCH else Way.SENT, body=paper.issuer if paper else "",
                due_on=paper.valid_through if paper else None,
                cycle_months=cycle_of(paper.valid_from, paper.valid_through) if paper else None,
            )
        )  # fmt: skip
    return items


def sendout_plan_add(*, plan: SendoutPlan, device: Device, actor: Actor) -> SendoutItem:
    """Put a standard on the plan that is not due, or fell due since."""
    actor = require(actor, RIGHT, plan.unit_id)
    with write_batch(actor=actor, action="sendout.plan_edit"):
        _draft(plan)
        guard_free([device], plan.unit)
        (item,) = items_for([device], first_on=plan.first_on)
        item.plan = plan
        item.save()
    return item


def sendout_plan_save(
    *, plan: SendoutPlan, lines: Mapping[int, Mapping[str, Any]], actor: Actor
) -> None:
    """Write what was edited on the lines of a draft.

    Args:
        lines: by key of the item: `body`, `way`, `planned_on`, `appointed_on`, `cycle_months`,
            `note`; what is not named stays.

    Raises:
        BadInput: every fault of every line.
    """
    actor = require(actor, RIGHT, plan.unit_id)
    with write_batch(actor=actor, action="sendout.plan_edit"):
        found = _draft(plan)
        items = {
            item.pk: item
            for item in found.items.filter(state=ItemState.PLANNED).select_related("device")
        }
        faults = [
            fault("lines", "unknown", _("This line does not stand on the plan."))
            for key in lines
            if key not in items
        ]
        for key, line in lines.items():
            if key in items:
                faults += _line_faults(items[key], line)
        if faults:
            raise BadInput(_("The plan is not kept."), faults)
        for key, line in lines.items():
            for name, value in line.items():
                setattr(items[key], name, value.strip() if isinstance(value, str) else value)
        SendoutItem.objects.bulk_update(
            [items[key] for key in lines],
            ["body", "way", "planned_on", "appointed_on", "cycle_months", "note"],
        )


def _line_faults(item: SendoutItem, line: Mapping[str, Any]) -> list[Fault]:
    code, faults = item.device.barcode, []
    if line.get("way", item.way) not in Way.values:
        faults.append(fault("way", "unknown", _("%(code)s: this way is not known."), code))
    if "planned_on" in line and line["planned_on"] is None:
        text = _("%(code)s: say for when it is planned.")
        faults.append(fault("planned_on", "missing", text, code))
    months = line.get("cycle_months")
    if months is not None and not 0 < months <= MOST_MONTHS:
        text = _("%(code)s: a cycle is 1 to 240 months.")
        faults.append(fault("cycle_months", "outside", text, code))
    return faults


def sendout_plan_drop(
    *, plan: SendoutPlan, item_ids: Sequence[int], reason: str, actor: Actor
) -> int:
    """Take lines off a plan before they are on an order; returns how many."""
    if not reason.strip():
        text = _("Say why it is taken off.")
        raise BadInput(text, [fault("reason", "missing", text)])
    actor = require(actor, RIGHT, plan.unit_id)
    with write_batch(actor=actor, action="sendout.drop", reason=reason.strip()):
        rows = SendoutItem.objects.filter(plan=plan, pk__in=list(item_ids), state=ItemState.PLANNED)
        return rows.update(state=ItemState.DROPPED)


def sendout_plan_agree(*, plan: SendoutPlan, actor: Actor) -> SendoutPlan:
    """The bodies have agreed: the lines are fixed, and orders are made from them.

    Raises:
        BadInput: lines without a body or without its day, every one named.
    """
    actor = require(actor, RIGHT, plan.unit_id)
    with write_batch(actor=actor, action="sendout.agree") as batch:
        found = _locked(plan)
        if found.state == PlanState.AGREED:
            return found
        items = list(found.items.filter(state=ItemState.PLANNED).select_related("device"))
        if not items:
            raise BadInput(_("The plan has no line. Put standards on it first."))
        faults = []
        for item in items:
            code = item.device.barcode
            if not item.body.strip():
                text = _("%(code)s: the higher body is missing.")
                faults.append(fault("body", "missing", text, code))
            if item.appointed_on is None:
                text = _("%(code)s: the day that the body gave is missing.")
                faults.append(fault("appointed_on", "missing", text, code))
        if faults:
            raise BadInput(_("The plan cannot be agreed yet."), faults)
        found.state, found.agreed_by_id, found.agreed_at = (
            PlanState.AGREED, actor.person_id, batch.at,
        )  # fmt: skip
        found.save(update_fields=["state", "agreed_by", "agreed_at"])
    return found


def sendout_plan_reopen(*, plan: SendoutPlan, reason: str, actor: Actor) -> SendoutPlan:
    """A body gave other days: the plan is a draft again, what is on orders stays there."""
    if not reason.strip():
        text = _("Say why the plan is opened again.")
        raise BadInput(text, [fault("reason", "missing", text)])
    actor = require(actor, RIGHT, plan.unit_id)
    with write_batch(actor=actor, action="sendout.reopen", reason=reason.strip()):
        found = _locked(plan)
        found.state, found.agreed_by, found.agreed_at = PlanState.DRAFT, None, None
        found.save(update_fields=["state", "agreed_by", "agreed_at"])
    return found


# -- what the other services of send-outs use too -------------------------------------------------


def fault(field: str, code: str, text: str, barcode: str = "") -> Fault:
    """One fault, of a field or of a standard's line."""
    said = text % {"code": barcode} if barcode else text
    return {"field": field, "code": code, "text": said} | ({"device": barcode} if barcode else {})


def lock_devices(devices: Sequence[Device]) -> None:
    """Two people who plan or list the same standard at once: the second waits here."""
    rows = Device.objects.select_for_update(no_key=True).filter(pk__in=[d.pk for d in devices])
    list(rows.order_by("pk").values_list("pk", flat=True))


def guard_free(devices: Sequence[Device], unit: Unit) -> None:
    """Refuse what is no standard of the laboratory, is gone, or is planned, listed or away already."""
    lock_devices(devices)
    faults = []
    busy = {
        item.device_id: item
        for item in SendoutItem.objects.filter(BUSY, device__in=devices).select_related(
            "order", "plan"
        )
    }
    for device in devices:
        facts = {"code": device.barcode}
        if device.kind not in STANDARDS:
            faults.append(("kind", _("%(code)s is no standard.") % facts))
        elif not device.unit.path.startswith(unit.path):
            faults.append(("unit", _("%(code)s belongs to another laboratory.") % facts))
        elif device.state in GONE:
            facts["state"] = device.get_state_display()
            faults.append(("gone", _("%(code)s is “%(state)s”.") % facts))
        elif (item := busy.get(device.pk)) is not None:
            facts["no"] = item.order.number if item.order else item.plan.number if item.plan else ""
            text = _("%(code)s stands on %(no)s already. Take it off there first, or end that one.")
            faults.append(("busy", text % facts))
    if faults:
        errors = [{"field": "device", "code": code, "text": text} for code, text in faults]
        raise Refused(Refusal(faults[0][0], faults[0][1], {}, errors))


def _locked(plan: SendoutPlan) -> SendoutPlan:
    return SendoutPlan.objects.select_for_update(of=("self",)).get(pk=plan.pk)


def _draft(plan: SendoutPlan) -> SendoutPlan:
    found = _locked(plan)
    if found.state != PlanState.DRAFT:
        text = _("%(no)s is agreed. Open it again, with the reason, to change it.")
        raise Refused(Refusal("agreed", text % {"no": found.number}, {"plan": found.number}))
    return found
