"""Reads of checks on site."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.assets.choices import TRANSFORMERS, DeviceKind
from dianheng.assets.models import Device, Installation
from dianheng.assets.selectors.installations import hanging_at
from dianheng.common.errors import NotFound
from dianheng.customers.models import UsagePoint
from dianheng.identity.models import Unit
from dianheng.verification.selectors.transformer_errors import (
    KnownErrors,
    approved_errors,
    error_key,
)

from .choices import JUDGED, TaskState
from .models import FieldCheck, FieldOrder, FieldTask

VIEW = "fieldwork.view"
YEAR = timedelta(days=366)


def tasks() -> QuerySet[FieldTask]:
    """All tasks with what a list shows."""
    return FieldTask.objects.select_related("usage_point", "unit", "leader", "second")


def checks() -> QuerySet[FieldCheck]:
    """All records with what a list shows."""
    return FieldCheck.objects.select_related(
        "task__usage_point__unit", "task__unit", "meter__model", "transformer__model",
        "calibrator__model", "leader", "second", "file",
    ).defer("received")  # fmt: skip


def orders() -> QuerySet[FieldOrder]:
    """All orders with what a list shows."""
    return FieldOrder.objects.select_related(
        "usage_point", "unit", "device", "check_record", "done_by"
    ).defer("check_record__received", "check_record__sheet")


def is_calibrator(number: str) -> bool:
    """Whether an instrument or standard meter of the register has this number."""
    kinds = (DeviceKind.INSTRUMENT, DeviceKind.STANDARD_METER)
    rows = Device.objects.filter(kind__in=kinds)
    return rows.filter(barcode=number).exists() or rows.filter(asset_no=number).exists()


def signing_unit(calibrator: Device | None, task: FieldTask) -> Unit:
    """The unit whose metrologist signs what a check is judged by: the one that owns the calibrator."""
    return calibrator.unit if calibrator else task.unit


def open_tasks_signed_by(unit: Unit) -> QuerySet[FieldTask]:
    """Open tasks of whose records, as far as can be foreseen, a unit is the `signing_unit`.

    A crew takes the calibrators that its colleagues took within a year, else its own unit's.
    """
    used = FieldCheck.objects.filter(
        leader__unit=OuterRef("pk"), calibrator__isnull=False, done_at__gte=timezone.now() - YEAR
    )
    crews = Unit.objects.filter(
        Exists(used.filter(calibrator__unit=unit)) | Q(~Exists(used), pk=unit.pk)
    )
    return FieldTask.objects.filter(state=TaskState.OPEN, leader__unit__in=crews.values("pk"))


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


def transformers_at(point: UsagePoint, at: datetime | None = None) -> QuerySet[Installation]:
    """Transformers that hang at a usage point now, or hung there at a moment."""
    return hanging_at(point, at).filter(device__kind__in=TRANSFORMERS)


def checks_of_device(device: Device) -> QuerySet[FieldCheck]:
    """Records of a meter or transformer, newest first."""
    rows = checks().filter(Q(meter=device, transformer=None) | Q(transformer=device))
    return rows.order_by("-done_at", "-pk")


def known_errors(device_ids: Iterable[int], at: datetime | None = None) -> dict[int, KnownErrors]:
    """Errors of transformers at their last test: verification, or check on site before a moment."""
    keys = list(device_ids)
    found = approved_errors(keys)
    rows = FieldCheck.objects.filter(transformer__in=keys, outcome__in=JUDGED)
    rows = rows.order_by("transformer", "-done_at", "-pk")
    if at is not None:
        rows = rows.filter(done_at__lt=at)
    for check in rows.distinct("transformer").defer("received", "sheet"):
        day = timezone.localdate(check.done_at)
        device_id = check.transformer_id
        assert device_id is not None
        if device_id in found and found[device_id].measured_on > day:
            continue
        values = {
            error_key(
                row["item"], place["part"], place["phases"], place["burden"], place["percent"],
                place["ratio"],
            ): Decimal(row["value"])
            for row in check.results
            if (place := row.get("place")) and row["value"]
        }  # fmt: skip
        found[device_id] = KnownErrors(check.number, day, values, "field_check")
    return found
