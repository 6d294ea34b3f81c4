"""Reads of checks on site."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from dianheng.assets.choices import DeviceKind
from dianheng.assets.models import Device
from dianheng.common.errors import NotFound
from dianheng.customers.models import UsagePoint

from .models import FieldCheck, FieldOrder, FieldTask

VIEW = "fieldwork.view"


def tasks() -> QuerySet[FieldTask]:
    """All tasks with what a list shows."""
    return FieldTask.objects.select_related("usage_point", "unit", "leader", "second")


def checks() -> QuerySet[FieldCheck]:
    """All records with what a list shows."""
    return FieldCheck.objects.select_related(
        "task__usage_point__unit", "task__unit", "meter__model", "calibrator__model", "leader",
        "second", "file",
    ).defer("received")  # fmt: skip


def orders() -> QuerySet[FieldOrder]:
    """All orders with what a list shows."""
    return FieldOrder.objects.select_related(
        "usage_point", "unit", "device", "check_record", "done_by"
    )


def is_calibrator(number: str) -> bool:
    """Whether an instrument or standard meter of the register has this number."""
    kinds = (DeviceKind.INSTRUMENT, DeviceKind.STANDARD_METER)
    rows = Device.objects.filter(kind__in=kinds)
    return rows.filter(barcode=number).exists() or rows.filter(asset_no=number).exists()


def _visible(rows: QuerySet[Any], rights: Any, number: str, path: str) -> Any:
    found = rows.filter(number=number).first()
    if found is not None:
        thing = found
        for name in path.split("."):
            thing = getattr(thing, name)
        if rights.may(VIEW, thing.path):
            return found
    raise NotFound(_("There is no %(no)s, or it is not in your units.") % {"no": number})


def visible_task(rights: Any, number: str) -> FieldTask:
    """The task, if it is in a unit that the person may see."""
    found: FieldTask = _visible(tasks().select_related("usage_point__unit"), rights, number, "unit")
    return found


def visible_check(rights: Any, number: str) -> FieldCheck:
    """The record, if it is in a unit that the person may see."""
    found: FieldCheck = _visible(checks(), rights, number, "task.unit")
    return found


def visible_order(rights: Any, number: str) -> FieldOrder:
    """The order, if it is in a unit that the person may see."""
    found: FieldOrder = _visible(orders(), rights, number, "unit")
    return found


def checks_of_point(point: UsagePoint) -> QuerySet[FieldCheck]:
    """Records of a usage point, newest first."""
    return checks().filter(task__usage_point=point).order_by("-done_at", "-pk")


def orders_of_point(point: UsagePoint) -> QuerySet[FieldOrder]:
    """Orders of a usage point, what is open first."""
    return orders().filter(usage_point=point).order_by("-state", "due_on")


def tasks_of_point(point: UsagePoint) -> QuerySet[FieldTask]:
    """Tasks of a usage point that are open."""
    return tasks().filter(usage_point=point, state="open").order_by("due_on")
