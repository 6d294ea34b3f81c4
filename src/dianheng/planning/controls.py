"""What of this app can carry a clause of a regulation out: plans of a year or month."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from dianheng.common.controls import Control, ControlKind, register_control_kind
from dianheng.workflow.choices import InstanceState
from dianheng.workflow.models import ProcessInstance

PLANS = ("plan-year", "plan-month")


def _plan(one: ProcessInstance) -> Control:
    return Control(one.number, one.title, reverse("process", args=[one.number]), one.number)


def _plans() -> Any:
    rows = ProcessInstance.objects.filter(pack__code__in=PLANS)
    return rows.exclude(state=InstanceState.WITHDRAWN).only("number", "title")


def search(rights: Any, text: str, at_most: int) -> Sequence[Control]:
    """Plans of the units that one may see, the newest first."""
    seen = Q(pk__in=[])
    for path in rights.paths("workflow.view"):
        seen |= Q(unit__path__startswith=path)
    rows = _plans().filter(seen)
    for piece in text.split():
        rows = rows.filter(Q(title__contains=piece) | Q(number__contains=piece.upper()))
    return [_plan(one) for one in rows.order_by("-pk")[:at_most]]


def find(keys: Iterable[str]) -> Mapping[str, Control]:
    """Plans by their numbers."""
    return {one.number: _plan(one) for one in _plans().filter(number__in=list(keys))}


register_control_kind(ControlKind("plan", _("Plan of work"), search, find))
