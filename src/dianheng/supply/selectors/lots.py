"""Reads of lots: counts, failures with their evidence, what belongs to a lot."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import DeviceState
from dianheng.assets.models import Device, Lot
from dianheng.common.errors import NotFound
from dianheng.identity.models import Unit
from dianheng.metrology.words import word
from dianheng.verification.choices import Outcome as Verified
from dianheng.verification.models import ApprovalLine, TaskDevice, VerificationTask

from ..choices import ArrivalState, InspectionState, ReturnKind
from ..models import Arrival, InspectionLot, InspectionPart, ReturnDevice


@dataclass(frozen=True)
class Failure:
    """Why a device failed: items, record and task of its last approved result."""

    items: tuple[str, ...]
    record_no: str
    task_no: str
    outcome: str

    @property
    def text(self) -> str:
        """Items in words, and the record that proves them."""
        return f"{', '.join(item_word(item) for item in self.items)} ({self.record_no})"


def item_word(item: str) -> str:
    """An item of verification in the language of the page."""
    return word("item", item, "en" if get_language() == "en" else "zh")


def lot_by_code(code: str) -> Lot:
    """The lot with what its page shows.

    Raises:
        NotFound: there is none.
    """
    found = Lot.objects.select_related("model__manufacturer", "unit").filter(code=code).first()
    if found is None:
        raise NotFound(_("There is no lot %(code)s.") % {"code": code}, lot=code)
    return found


def lots_not_stated(units: QuerySet[Unit]) -> QuerySet[Lot]:
    """Lots of which something came that no inspection holds yet."""
    held = InspectionPart.objects.filter(arrival=OuterRef("pk")).exclude(
        inspection__state=InspectionState.VOID
    )
    came = Arrival.objects.filter(
        ~Exists(held), lot=OuterRef("pk"), state__in=[ArrivalState.RECEIVED, ArrivalState.PARTLY]
    )
    return Lot.objects.filter(Exists(came), unit__in=units)


def lots_to_verify(units: QuerySet[Unit]) -> QuerySet[Lot]:
    """Accepted lots with devices that no verification task has taken in yet."""
    accepted = InspectionLot.objects.filter(lot=OuterRef("pk"), state=InspectionState.ACCEPTED)
    waiting = Device.objects.filter(lot=OuterRef("pk"), state=DeviceState.AWAITING_VERIFICATION)
    return Lot.objects.filter(Exists(accepted), Exists(waiting), unit__in=units)


def lot_counts(lot: Lot) -> list[dict[str, Any]]:
    """Devices of a lot by state, in the order of the states."""
    rows = Device.objects.filter(lot=lot).order_by().values("state").annotate(n=Count("pk"))
    counts = {row["state"]: row["n"] for row in rows}
    return [
        {"state": state.value, "label": state.label, "count": counts[state.value]}
        for state in DeviceState
        if state.value in counts
    ]


def lot_tasks(lot: Lot) -> QuerySet[VerificationTask]:
    """Verification tasks of a lot, newest first."""
    return VerificationTask.objects.filter(lot=lot).select_related("unit").order_by("-pk")


def device_failures(device_ids: Sequence[int]) -> dict[int, Failure]:
    """For devices whose last approved result is no pass, what that result says."""
    lines = (
        ApprovalLine.objects.filter(
            task_device__in=TaskDevice.objects.filter(device__in=device_ids)
        )
        .select_related("verdict", "record", "approval__task")
        .order_by("device_id", "-pk")
        .distinct("device_id")
    )
    return {
        line.device_id: Failure(
            tuple(line.verdict.failing_items) or tuple(line.verdict.outside_internal),
            line.record.number,
            line.approval.task.number,
            line.outcome,
        )
        for line in lines
        if line.outcome != Verified.PASSED
    }


def lot_failures(lot: Lot) -> QuerySet[Device]:
    """Devices that failed or are held by themselves, also those returned; not a lot as a whole."""
    states = (
        DeviceState.UNQUALIFIED,
        DeviceState.OUTSIDE_CONTROL,
        DeviceState.RETURNED_TO_MAKER,
    )
    rows = Device.objects.filter(lot=lot, state__in=states)
    return rows.exclude(returns__order__kind=ReturnKind.LOT).order_by("barcode")


def returned_reasons(device_ids: Sequence[int]) -> dict[int, str]:
    """Return order of devices that are in one."""
    rows = ReturnDevice.objects.filter(device__in=device_ids).order_by("pk")
    return dict(rows.values_list("device_id", "order__number"))
