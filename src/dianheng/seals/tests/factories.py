"""Seals by situation."""

from dianheng.assets.models import Device
from dianheng.assets.tests.factories import meter
from dianheng.identity.services import system_actor
from dianheng.identity.tests.factories import metering_centre
from dianheng.seals.models import Seal
from dianheng.seals.services import seals_apply, seals_enrol


def seals_in_stock(
    first: str = "JD26000001", last: str = "JD26000010", kind: str = "verification"
) -> list[Seal]:
    """Verification seals that came in one range, in the stock of the metering centre."""
    seals_enrol(
        kind=kind, unit_id=metering_centre().pk, numbers=[f"{first}..{last}"], actor=system_actor()
    )
    return list(Seal.objects.filter(seal_no__gte=first, seal_no__lte=last).order_by("seal_no"))


def sealed(devices: list[Device], prefix: str = "JF") -> None:
    """Put one verification seal on each device."""
    seals_apply(
        seals=[(f"{prefix}{d.pk:010d}", "verification", d.pk, "meter_cover_left") for d in devices],
        actor=system_actor(),
    )


def sealed_meter(state: str = "qualified", first: int = 1) -> Device:
    """A meter in a state, with its verification seal."""
    device = meter(state, first)
    sealed([device])
    return device
