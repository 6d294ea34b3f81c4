"""django-import-export as fast as its manual makes it: bulk writes of 1,000, one look-up of what is
in the register, no differences kept, what all rows share set without a look-up.

With checks it asks the models (`clean_model_instances`), as its manual says; that is its way of
finding what is wrong. Without, only what the database refuses is found, one fault at a time.
"""

import csv
import importlib
import importlib.util
from pathlib import Path
from typing import Any

from .import_sql import COLUMNS, Common


def is_installed() -> bool:
    """It is a requirement of `make bench` only. Loaded here, so that no run pays for it."""
    if importlib.util.find_spec("import_export") is None:
        return False
    importlib.import_module("import_export.resources")
    return True


def import_file(path: Path, common: Common, *, checks: bool) -> int:
    """The file's devices, without details and ledger, under the program's audit."""
    import tablib
    from django.utils import timezone
    from import_export import resources
    from import_export.instance_loaders import CachedInstanceLoader

    from dianheng.assets.models import Device

    at = timezone.now()

    class DeviceResource(resources.ModelResource):
        def init_instance(self, row: Any = None) -> Device:
            return Device(
                kind=common.kind, model_id=common.model_id, lot_id=common.lot_id, unit_id=common.unit_id,
                state="on_order", state_at=at, place_id=common.place_id,
                purchased_on=common.purchased_on, arrival_no="DH2026-0001",
            )  # fmt: skip

        class Meta:
            model = Device
            import_id_fields = ("barcode",)
            fields = ("barcode", "serial_no", "produced_on")
            instance_loader_class = CachedInstanceLoader
            clean_model_instances = checks
            use_bulk = True
            batch_size = 1000
            skip_diff = True
            skip_html_diff = True
            use_transactions = True

    heads = ("barcode", "serial_no", "produced_on")
    places = [COLUMNS.index(name) for name in heads]
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        data = tablib.Dataset(*([row[place] for place in places] for row in rows), headers=heads)
    result = DeviceResource().import_data(data, raise_errors=True, use_transactions=True)
    return int(result.total_rows)
