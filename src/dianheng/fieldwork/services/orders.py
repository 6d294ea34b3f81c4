"""Orders that follow from a check, and what became of them."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput
from dianheng.common.workdays import is_workday
from dianheng.documents.services import numbers_take
from dianheng.identity.selectors import setting
from dianheng.identity.services import idempotent, remember, require, write_batch
from dianheng.metrology.rule_sets import RuleSet
from dianheng.metrology.words import word
from dianheng.workflow.rules import working_days_end

from ..choices import OrderState
from ..models import FieldCheck, FieldOrder
from ..rules import orders_wanted

ORDER = "fieldwork.record"


def orders_open(*, check: FieldCheck, rules: RuleSet, actor: Actor) -> list[FieldOrder]:
    """Open what the failed items of a record ask for; within the batch of the recording."""
    failed = [one for one in check.results if one["conclusion"] == "fail"]
    point = check.task.usage_point
    start = timezone.localtime(check.done_at)
    office = setting("workflow.office_hours", point.unit_id, start.date())
    made = []
    for wanted in orders_wanted(rules, [one["item"] for one in failed]):
        (number,) = numbers_take(key="field_order", unit_id=point.unit_id, year=start.year)
        due_on = wanted.due_on(
            start.date(), lambda days: working_days_end(start, days, is_workday, office).date()
        )
        made.append(
            FieldOrder(
                number=number, check_record=check, usage_point=point, unit_id=point.unit_id,
                kind=wanted.kind, cause=_cause(failed, wanted.items), rule=wanted.figure,
                device=check.meter if wanted.kind == "replace_meter" else None,
                opened_at=check.done_at, due_on=due_on,
            )
        )  # fmt: skip
    return FieldOrder.objects.bulk_create(made)


def _cause(failed: Sequence[Any], items: Sequence[str]) -> str:
    """What failed, as it stands in the record, in the language of the trade."""
    said = []
    for one in failed:
        if one["item"] in items:
            value = one["rounded"] or one["value"]
            limit = f"（{one['limit']}）" if one["limit"] else ""
            parts = [word("item", one["item"], "zh"), one["point"], value, one["unit"]]
            said.append(" ".join(part for part in parts if part) + limit)
    return "；".join(said)


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
        if done_on > timezone.localdate() or done_on < timezone.localdate(found.opened_at):
            text = _("That day is before the order or has not come yet.")
            raise BadInput(text, [{"field": "done_on", "code": "day", "text": text}])
        found.state, found.done_on, found.what_done = OrderState.DONE, done_on, what_done
        found.done_by_id = actor.person_id
        found.save(update_fields=["state", "done_on", "what_done", "done_by"])
        remember(request_key, "fieldorder.done", {"number": found.number})
    return found
