"""Reads of arrivals: what is short, over, foreign."""

from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from dianheng.assets.models import Device
from dianheng.common.errors import NotFound

from ..choices import ArrivalState, ScanResult
from ..models import Arrival, ArrivalScan


@dataclass(frozen=True)
class Difference:
    """The scan held against the delivery file."""

    short: QuerySet[Device]  # announced, not scanned
    over: QuerySet[ArrivalScan]
    foreign: QuerySet[ArrivalScan]


def arrival_difference(arrival: Arrival) -> Difference:
    """What differs between the delivery file and what was scanned; nothing is short yet of
    what is on the way."""
    kept = arrival.scans.filter(is_undone=False)
    good = kept.filter(result=ScanResult.GOOD).values("device_id")
    announced = Device.objects.filter(arrival_no=arrival.number)
    if arrival.state == ArrivalState.ANNOUNCED:
        announced = announced.none()
    return Difference(
        announced.exclude(pk__in=good).order_by("barcode"),
        kept.filter(result=ScanResult.OVER).order_by("code"),
        kept.filter(result=ScanResult.FOREIGN).order_by("code"),
    )


def arrival_by_number(number: str) -> Arrival:
    """The arrival with what its page shows.

    Raises:
        NotFound: there is none.
    """
    rows = Arrival.objects.select_related(
        "line__order__manufacturer",
        "line__model",
        "delivery",
        "lot",
        "unit",
        "place",
        "received_by",
    )
    found = rows.filter(number=number).first()
    if found is None:
        raise NotFound(_("There is no arrival %(no)s.") % {"no": number})
    return found
