"""Without five indexes whose work others do, which every new or moved device paid for.

Those of one foreign key are the beginning of an index of two columns; patterns of bar codes are
found by the unique index, which is in the order of code points.
They go by name: to alter the fields would check four foreign keys of every device again.
"""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models


def _field(to: str, label: str, **more: Any) -> "models.ForeignKey[Any, Any]":
    return models.ForeignKey(
        to=to,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="devices",
        verbose_name=label,
        db_index=False,
        **more,
    )


FIELDS = {
    "lot": _field("assets.lot", "Lot", null=True, blank=True),
    "model": _field("assets.devicemodel", "Model"),
    "place": _field("assets.place", "Place"),
    "unit": _field("identity.unit", "Unit"),
}
NAMES = {
    "assets_device_lot_id_51e9f8d3": "(lot_id)",
    "assets_device_model_id_e1c02e73": "(model_id)",
    "assets_device_place_id_6c48bf4d": "(place_id)",
    "assets_device_unit_id_9dc19f92": "(unit_id)",
    "assets_device_barcode_58f35c31_like": "(barcode text_pattern_ops)",
}


class Migration(migrations.Migration):
    dependencies = [("assets", "0007_occurred")]
    operations = [
        migrations.RunSQL(
            [f"drop index {name}" for name in NAMES],
            [f"create index {name} on assets_device {what}" for name, what in NAMES.items()],
            state_operations=[
                migrations.AlterField("device", name, field) for name, field in FIELDS.items()
            ],
        ),
    ]
