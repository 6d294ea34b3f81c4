"""What packs may call of this app, what they may be about, and what their pages show."""

from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from dianheng.common.errors import Text
from dianheng.common.pages import may_open
from dianheng.metrology.words import word
from dianheng.verification.choices import TaskKind
from dianheng.verification.registry import register_results_guard
from dianheng.workflow.models import ProcessInstance
from dianheng.workflow.registry import (
    Service,
    Subject,
    register_beside,
    register_panel,
    register_paper,
    register_service,
    register_subject,
)

from .doubt import doubt_of, stands, unit_of_task
from .models import FieldOrder
from .services.doubt import (
    doubt_begin,
    doubt_call_off,
    doubt_evidence,
    doubt_opening,
    doubt_stands,
    guard_arbitration,
)
from .services.orders import order_process_ended

register_service(
    Service(
        "doubt.begin", gettext_lazy("Begin the test of a doubted meter"),
        ("device", "kind", "way", "on"), doubt_begin,
        optional=("customer", "leader", "second", "laboratory"), knows_caller=True,
    ),
    Service(
        "doubt.call_off", gettext_lazy("Call the test of a doubted meter off"), ("answer",),
        doubt_call_off, optional=("device",), knows_caller=True,
    ),
    Service(
        "doubt.opening", gettext_lazy("See that both sides were invited to the opening of the seal"),
        ("parties", "signed"), doubt_opening, optional=("opened_at",), reads=True,
        knows_caller=True,
    ),
    Service(
        "doubt.evidence", gettext_lazy("Take the record of a doubted meter and its verdict"),
        ("test", "device", "kind", "taken_on"), doubt_evidence,
        optional=("paid", "damaged", "opened_at"), reads=True, knows_caller=True,
    ),
    Service(
        "doubt.stands", gettext_lazy("See that the verdict that was taken still stands"),
        ("test", "device", "kind", "taken"), doubt_stands, reads=True, knows_caller=True,
    ),
)  # fmt: skip


def doubt_panel(instance: ProcessInstance, request: HttpRequest) -> str:
    """The test, its record and verdict as they stand now, and what follows for the fee."""
    found = doubt_of(instance)
    if found is None:
        return ""
    language = get_language() or "zh"
    unit = unit_of_task(str(found.begun["task"]), str(found.begun["way"]))
    rights = request.rights  # type: ignore[attr-defined]
    addresses = {one for each in (found.evidence, found.now) if each for one in each.addresses}
    context = {
        "opens": {one for one in addresses if may_open(rights, one, unit.path)},
        "instance": instance,
        "doubt": found,
        "kind": kind_of(str(found.begun["kind"])),
        "points": [(word("item", one.item, language), one) for one in found.evidence.points],
    }
    return render_to_string("fieldwork/doubt_panel.html", context, request)


def kind_of(code: str) -> str:
    """How the kind of a test is called."""
    return str(dict(TaskKind.choices).get(code, code))


def notice(instance: ProcessInstance) -> tuple[Text, str] | None:
    """The notice for the customer, as soon as its verdict is approved."""
    found = doubt_of(instance)
    if found is None or found.approval is None:
        return None
    return _("Notice for the customer"), reverse("doubt_notice", args=[instance.number])


def opening(instance: ProcessInstance) -> tuple[Text, str] | None:
    """The record of the opening of the seal, to be signed by both sides."""
    found = doubt_of(instance)
    if found is None or found.begun["kind"] != TaskKind.ARBITRATION:
        return None
    return _("Record of the opening"), reverse("doubt_opening", args=[instance.number])


register_panel(doubt_panel)
register_paper("doubt_notice", notice)
register_paper("doubt_opening", opening)
register_beside("doubt", stands)
register_results_guard(guard_arbitration)


def order_stands(number: str) -> dict[str, Any]:
    """What an approver decides on beside the forms."""
    rows = FieldOrder.objects.filter(number=number).values("kind", "cause", "state")
    return rows.first() or {}


register_subject(
    Subject(
        "field_order", gettext_lazy("Order after a check"), order_stands,
        lambda number: reverse("field_order", args=[number]),
        ended=order_process_ended,
    )
)  # fmt: skip
