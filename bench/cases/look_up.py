"""Look-ups in the register: the cheapest thing that every page and scan does."""

from django.db import connection

from bench.core import AtMost, Bench, Way, case


@case("look-up", "One device by its bar code", tiny=300, quick=10_000, default=1_000_000)
def look_up(bench: Bench) -> None:
    """200 bar codes: the product's selector beside one prepared statement."""
    from dianheng.assets.models import Device
    from dianheng.assets.selectors import device_by_barcode

    with bench.reading(bench.size):
        codes = list(Device.objects.order_by("id").values_list("barcode", flat=True))
        step = max(1, len(codes) // 200)
        wanted = codes[::step][:200]

        def by_selector(_state: object) -> list[str]:
            return [device_by_barcode(code).barcode for code in wanted]

        def by_statement(_state: object) -> list[str]:
            found = []
            with connection.cursor() as cursor:
                for code in wanted:
                    cursor.execute("select barcode from assets_device where barcode = %s", [code])
                    found.append(cursor.fetchone()[0])
            return found

        bench.race(
            f"{len(wanted)} bar codes",
            product=Way("selector", by_selector, units=len(wanted)),
            limits=[Way("one statement", by_statement, units=len(wanted))],
            wanted=[AtMost(10, "one statement")],
        )
