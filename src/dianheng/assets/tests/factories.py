"""Devices and places by situation."""

from dianheng.assets.choices import DeviceKind, PlaceKind
from dianheng.assets.models import Device, DeviceModel, Manufacturer, Place
from dianheng.assets.services import (
    devices_enrol,
    manufacturer_make,
    model_make,
    place_make,
    stage_open,
)
from dianheng.identity.services import system_actor, write_batch
from dianheng.identity.tests.factories import metering_centre


def maker() -> Manufacturer:
    """A maker of meters."""
    return manufacturer_make(
        code="HL", name="华立科技股份有限公司", short_name="华立", actor=system_actor()
    )


def single_phase_model() -> DeviceModel:
    """A class-2 single-phase smart meter 220 V 5(60) A, 1200 imp/kWh."""
    return model_make(
        manufacturer=maker(), code="DDZY285", actor=system_actor(), kind=DeviceKind.SINGLE_PHASE_METER,
        name="单相费控智能电能表", accuracy_class="2", wiring="single_phase", connection="direct",
        voltage_v=220, base_current_a=5, max_current_a=60, constant_imp_per_kwh=1200, tariff_count=4,
        has_clock=True, has_relay=True, has_security_module=True,
    )  # fmt: skip


def store(code: str = "CK1", name: str = "市一级库") -> Place:
    """A first-level store of the metering centre."""
    return Place.objects.filter(code=code).first() or place_make(
        code=code,
        name=name,
        kind=PlaceKind.STORE,
        unit_id=metering_centre().pk,
        level=1,
        actor=system_actor(),
    )


def box(code: str = "ZX0001", capacity: int = 12) -> Place:
    """A turnover box in the store."""
    return place_make(
        code=code, name=f"周转箱{code}", kind=PlaceKind.BOX, unit_id=metering_centre().pk, parent=store(),
        capacity=capacity, actor=system_actor(),
    )  # fmt: skip


def barcode(number: int) -> str:
    """A State Grid bar code whose serial part is the number."""
    body = f"4130001{number:014d}"
    total = sum(int(digit) * (3 if i % 2 == 0 else 1) for i, digit in enumerate(reversed(body)))
    return f"{body}{(10 - total % 10) % 10}"


def meters(
    count: int, state: str = "awaiting_verification", place: Place | None = None, first: int = 1
) -> list[Device]:
    """So many single-phase meters in a state, in the store."""
    model = single_phase_model()
    place = place or store()
    with write_batch(actor=system_actor(), action="test.meters"), stage_open() as stage:
        stage.copy_rows(
            ["barcode", "serial_no", "comm_address"],
            (
                (n, barcode(first + n), f"S{first + n:08d}", f"{first + n:012d}")
                for n in range(count)
            ),
        )
        stage.cursor.execute(
            "update stage set kind = %s, model_id = %s, unit_id = %s, place_id = %s, state = %s",
            [model.kind, model.pk, metering_centre().pk, place.pk, state],
        )
        devices_enrol(stage=stage, actor=system_actor())
    return list(
        Device.objects.filter(barcode__in=[barcode(first + n) for n in range(count)]).order_by(
            "barcode"
        )
    )


def meter(state: str = "awaiting_verification", first: int = 1) -> Device:
    """One single-phase meter in a state."""
    return meters(1, state, first=first)[0]
