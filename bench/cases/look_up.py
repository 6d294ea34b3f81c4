"""Look-ups in the register: what the page of a device begins with."""

from typing import Any

from django.db import connection

from bench.core import AtMost, Bench, Way, case

# The rows that the selector reads: the device with all that it is named by.
ROWS = """
select d.barcode, m.code, f.code, l.code, u.code, p.code, t.comm_address,
       d.*, m.*, f.*, l.*, u.*, p.*, t.*
  from assets_device d join assets_devicemodel m on m.id = d.model_id
  join assets_manufacturer f on f.id = m.manufacturer_id left join assets_lot l on l.id = d.lot_id
  join identity_unit u on u.id = d.unit_id join assets_place p on p.id = d.place_id
  left join assets_meter t on t.device_id = d.id
 where d.barcode = %s
"""
SHOWN = 7


@case("look-up", "One device by its bar code", tiny=300, quick=10_000, default=1_000_000)
def look_up(bench: Bench) -> None:
    """200 bar codes: the selector's objects beside the same rows by one plain statement each."""
    from dianheng.assets.models import Device
    from dianheng.assets.selectors import device_by_barcode

    with bench.reading(bench.size):
        codes = list(Device.objects.order_by("id").values_list("barcode", flat=True))
        step = max(1, len(codes) // 200)
        wanted = codes[::step][:200]

        def named(device: Device) -> tuple[Any, ...]:
            meter = getattr(device, "meter", None)
            return (
                device.barcode, device.model.code, device.model.manufacturer.code,
                device.lot.code if device.lot else None, device.unit.code, device.place.code,
                meter.comm_address if meter else None,
            )  # fmt: skip

        def by_selector(_state: object) -> list[tuple[Any, ...]]:
            return [named(device_by_barcode(code)) for code in wanted]

        def by_statement(_state: object) -> list[tuple[Any, ...]]:
            found = []
            with connection.cursor() as cursor:
                for code in wanted:
                    cursor.execute(ROWS, [code])
                    found.append(cursor.fetchone()[:SHOWN])
            return found

        bench.race(
            f"{len(wanted)} bar codes",
            product=Way("selector", by_selector, units=len(wanted)),
            limits=[Way("the same rows by one statement", by_statement, units=len(wanted))],
            wanted=[AtMost(3, "the same rows by one statement")],
        )
