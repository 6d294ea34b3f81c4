from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("assets", "0005_registers")]
    operations = [
        migrations.AddIndex("place", models.Index(fields=["sort_key", "id"], name="place_name")),
        migrations.AddIndex(
            "device",
            models.Index(
                fields=["verified_on", "id"],
                name="device_recheck",
                condition=Q(state__in=("qualified", "preallocated"), verified_on__isnull=False),
            ),
        ),
        migrations.AddIndex(
            "device",
            models.Index(
                fields=["stocked_on", "id"],
                name="device_ageing",
                condition=Q(state__in=("qualified", "preallocated"), verified_on__isnull=False),
            ),
        ),
        migrations.AddIndex(
            "device",
            models.Index(
                fields=["kind", "id"],
                name="device_standards",
                condition=Q(kind__in=("standard_meter", "bench", "instrument")),
            ),
        ),
    ]
