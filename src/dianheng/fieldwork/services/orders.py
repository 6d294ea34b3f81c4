"""Orders that follow from a check, and what became of them."""

from datetime import date

from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from dianheng.assets.models import Device
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused
from dianheng.common.workdays import is_workday
from dianheng.customers.models import UsagePoint
from dianheng.documents.services import numbers_take
from dianheng.identity.selectors import setting
from dianheng.identity.services import idempotent, remember, require, write_batch
from dianheng.metrology.rule_sets import RuleSet
from dianheng.workflow.models import FormEntry, ProcessInstance
from dianheng.workflow.rules import working_days_end
from dianheng.workflow.selectors import is_offered
from dianheng.workflow.services.instances import instance_begin

from ..choices import OrderKind, OrderState
from ..models import FieldCheck, FieldOrder
from ..rules import guard_done_on, orders_wanted
from ..told import cause_of

ORDER = "fieldwork.record"
PACK = "work-order"


def orders_open(*, check: FieldCheck, rules: RuleSet, actor: Actor) -> list[FieldOrder]:
    """Open what the failed items of a record ask for; within the batch of the recording."""
    failed = [one for one in check.results if one["conclusion"] == "fail"]
    point = check.task.usage_point
    start = timezone.localtime(check.done_at)
    office = setting("workflow.office_hours", point.unit_id, start.date())
    devices: dict[str, Device | None] = {
        OrderKind.REPLACE_METER: check.meter,
        OrderKind.REPLACE_TRANSFORMER: check.transformer,
    }
    made = []
    for wanted in orders_wanted(rules, [one["item"] for one in failed]):
        (number,) = numbers_take(key="field_order", unit_id=point.unit_id, year=start.year)
        due_on = wanted.due_on(
            start.date(), lambda days: working_days_end(start, days, is_workday, office).date()
        )
        order = FieldOrder(
            number=number, check_record=check, usage_point=point, unit_id=point.unit_id,
            kind=wanted.kind, rule=wanted.figure, device=devices.get(wanted.kind),
            opened_at=check.done_at, due_on=due_on,
        )  # fmt: skip
        # In the language of the trade: it goes on paper, into processes and to other systems.
        with translation.override("zh-hans"):
            order.cause = cause_of(check.results, wanted.kind)
            order.process = _process_begin(order, point, actor)
        made.append(order)
    return FieldOrder.objects.bulk_create(made)


def _process_begin(order: FieldOrder, point: UsagePoint, actor: Actor) -> str:
    """Number of the process that carries the order; none where it is not wanted or not offered."""
    if not setting("fieldwork.orders_as_process", point.unit_id) or not is_offered(
        PACK, point.unit
    ):
        return ""
    about = {
        "kind": "repair", "wanted_by": order.due_on.isoformat(), "content": order.cause,
        "place": f"{point.number} {point.address or point.name}"[:120],
    }  # fmt: skip
    devices = [{"device": order.device.barcode}] if order.device else []
    return instance_begin(
        code=PACK, unit=point.unit, title=f"{order.get_kind_display()}：{point.name}"[:80],
        actor=actor, subject=f"field_order:{order.number}", data={**about, "devices": devices},
        due_on=order.due_on,
    ).number  # fmt: skip


def process_of(order: FieldOrder) -> ProcessInstance | None:
    """The process that carries an order."""
    if not order.process:
        return None
    return ProcessInstance.objects.select_related("unit").get(number=order.process)


def _wrong_day(order: FieldOrder, done_on: date) -> Refusal | None:
    return guard_done_on(done_on, timezone.localdate(order.opened_at), timezone.localdate())


def order_process_ended(number: str, instance: ProcessInstance) -> None:
    """Work that was accepted closes the order; without it the order is closed by hand.

    Raises:
        Refused: `day`: the work has a day that the order cannot have; nobody accepts it so.
    """
    entries = FormEntry.objects.filter(task__instance=instance, asked=None).order_by("-pk")
    work = entries.filter(task__task="work").first()
    decided = entries.filter(task__task="confirm").first()
    if work is None or decided is None or decided.opinion != "agree":
        return
    order = FieldOrder.objects.select_for_update().filter(number=number, state=OrderState.OPEN)
    for found in order:
        done_on = date.fromisoformat(work.data["done_on"])
        if (wrong := _wrong_day(found, done_on)) is not None:
            text = _("%(why)s Send the work back, so that its day is put right.")
            raise Refused(Refusal(wrong.code, text % {"why": wrong.text}, wrong.facts))
        found.state, found.what_done = OrderState.DONE, work.data["result"]
        found.done_on, found.done_by_id = done_on, work.person_id
        found.save(update_fields=["state", "done_on", "what_done", "done_by"])


def order_done(
    *, order: FieldOrder, done_on: date, what_done: str, actor: Actor, request_key: str = ""
) -> FieldOrder:
    """An order was carried out."""
    actor = require(actor, ORDER, order.unit_id)
    if not what_done.strip():
        raise BadInput(_("Say what was done."))
    with write_batch(actor=actor, action="fieldorder.done"):
        if idempotent(request_key, "fieldorder.done") is not None:
            return FieldOrder.objects.get(pk=order.pk)
        found = FieldOrder.objects.select_for_update().get(pk=order.pk)
        if found.state == OrderState.DONE:
            text = _("Order %(no)s was carried out on %(day)s.")
            raise BadInput(text % {"no": found.number, "day": found.done_on})
        carried = process_of(found)
        if carried is not None and carried.ended_at is None:
            text = _("Process %(process)s carries order %(no)s and closes it when it ends.")
            facts = {"process": carried.number, "no": found.number}
            raise Refused(Refusal("in_process", text % facts, facts))
        if (wrong := _wrong_day(found, done_on)) is not None:
            raise BadInput(wrong.text, wrong.errors)
        found.state, found.done_on, found.what_done = OrderState.DONE, done_on, what_done
        found.done_by_id = actor.person_id
        found.save(update_fields=["state", "done_on", "what_done", "done_by"])
        remember(request_key, "fieldorder.done", {"number": found.number})
    return found
