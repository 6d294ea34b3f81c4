"""Benches, standards and papers by situation."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone

from dianheng.assets.choices import DeviceKind, DeviceState
from dianheng.assets.models import Device, DeviceModel, StandardEquipment
from dianheng.assets.services import manufacturer_make, model_make
from dianheng.assets.tests.factories import store
from dianheng.identity.models import Unit
from dianheng.identity.services import system_actor, write_batch
from dianheng.identity.tests.factories import metering_centre
from dianheng.standards.models import SendoutOrder, StandardInstallation
from dianheng.standards.services import (
    authorisation_record,
    installation_certify,
    installation_equip,
    installation_record,
    sendout_hand_over,
    sendout_order_make,
    sendout_order_save,
    sendout_scan,
    standard_certify,
)


def equipment(barcode: str, kind: str, model_code: str, positions: int | None = None) -> Device:
    """A bench or standard of the centre, made once."""
    found = Device.objects.filter(barcode=barcode).first()
    if found:
        return found
    model = DeviceModel.objects.filter(code=model_code).first() or model_make(
        manufacturer=manufacturer_make(
            code="KL", name="科陆电子", short_name="科陆", actor=system_actor()
        ),
        code=model_code,
        actor=system_actor(),
        kind=kind,
        name="电能表检定装置" if kind == DeviceKind.BENCH else "标准电能表",
        accuracy_class="0.05",
    )
    with write_batch(actor=system_actor(), action="test.equipment") as batch:
        device = Device.objects.create(
            barcode=barcode,
            serial_no=f"S-{barcode}",
            kind=kind,
            model=model,
            unit=metering_centre(),
            place=store(),
            state=DeviceState.IN_SERVICE,
            state_at=batch.at,
        )
        StandardEquipment.objects.create(device=device, name=model.name, position_count=positions)
    return Device.objects.select_related("standard", "model").get(pk=device.pk)


@dataclass
class Room:
    """A laboratory's bench and standard, examined and in date for years."""

    unit: Unit
    bench: Device
    standard: Device
    installation: StandardInstallation


def examined(*, positions: int = 60) -> Room:
    """A laboratory that is authorised, examined and equipped."""
    unit, today = metering_centre(), timezone.localdate()
    since, until = date(2020, 1, 1), today + timedelta(days=400)
    system = system_actor()
    bench = equipment("BENCH-01", DeviceKind.BENCH, "CL3000", positions)
    standard = equipment("STD-0001", DeviceKind.STANDARD_METER, "CL311")
    authorisation_record(
        unit=unit,
        number="(江)法计(2024)A0107号",
        issuer="省市场监督管理局",
        scope="交流电能表",
        kinds=[DeviceKind.SINGLE_PHASE_METER, DeviceKind.THREE_PHASE_METER],
        valid_from=since,
        valid_through=until,
        actor=system,
    )
    installation = installation_record(
        unit=unit,
        code="BZ-01",
        name="单相电能表标准装置",
        bench=bench,
        accuracy="0.05",
        kinds=[DeviceKind.SINGLE_PHASE_METER, DeviceKind.THREE_PHASE_METER],
        actor=system,
    )
    installation_certify(
        installation=installation,
        number="[2024]江量标电证字第047号",
        issuer="省市场监督管理局",
        valid_from=since,
        valid_through=until,
        actor=system,
    )
    installation_equip(installation=installation, device=standard, valid_from=since, actor=system)
    for device in (bench, standard):
        standard_certify(
            device=device,
            number=f"DNB-{device.barcode}",
            issuer="省计量科学研究院",
            accuracy_class="0.05",
            valid_from=since,
            valid_through=until,
            actor=system,
        )
    return Room(unit, bench, standard, installation)


BODY = "省计量科学研究院"


def listed(*devices: Device) -> SendoutOrder:
    """A send-out to the institute that is listed and not scanned yet."""
    return sendout_order_make(
        unit=metering_centre(), body=BODY, devices=devices, actor=system_actor(),
        expected_on=timezone.localdate() + timedelta(days=20),
    )  # fmt: skip


def scanned(order: SendoutOrder, *codes: str) -> list[str]:
    """Codes scanned at the hand-over, going out or coming in; what each came to."""
    scans = [{"key": f"{order.state}-{code}", "code": code} for code in codes]
    answer = sendout_scan(order=order, scans=scans, actor=system_actor())
    return [result["outcome"] for result in answer["results"]]


def sent_out(*devices: Device) -> SendoutOrder:
    """Standards that are with the institute."""
    order = listed(*devices)
    lines = {
        item.pk: {"accessories": "电源线1根、测试线2根", "condition": "外观完好"}
        for item in order.items.all()
    }
    sendout_order_save(order=order, lines=lines, actor=system_actor())
    scanned(order, *(device.barcode for device in devices))
    return sendout_hand_over(order=order, receiver="省院 赵收", actor=system_actor())
