"""Traces know meters of QC batches, and when each of what they touched was tested."""

import django.db.models.deletion
from django.db import migrations, models

from dianheng.identity.audit import Audited

FILL = """
update analysis_tracedrecord r
   set done_at = coalesce((select t.finished_at from verification_testrecord t where t.id = r.record_id),
                          (select c.done_at from fieldwork_fieldcheck c where c.id = r.field_check_id))
"""
NAMES = ("record", "field_check", "quality_meter")


def of_one() -> models.Q:
    found = models.Q()
    for chosen in NAMES:
        found |= models.Q(**{f"{name}__isnull": name != chosen for name in NAMES})
    return found


class Migration(migrations.Migration):
    dependencies = [
        ("analysis", "0006_all_items_tried"),
        ("fieldwork", "0001_initial"),
        ("verification", "0006_quality"),
    ]
    operations = [
        migrations.AddField(
            "tracedrecord", "quality_meter",
            models.ForeignKey(
                "verification.qualitymeter", django.db.models.deletion.DO_NOTHING, null=True,
                related_name="+", db_index=False, db_constraint=False,
            ),
        ),
        migrations.AddField(
            "tracedrecord", "done_at", models.DateTimeField(null=True, verbose_name="Tested at")
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField(
            "tracedrecord", "done_at", models.DateTimeField(verbose_name="Tested at")
        ),
        migrations.RemoveConstraint("tracedrecord", "tracedrecord_of_one"),
        migrations.AddConstraint(
            "tracedrecord",
            models.CheckConstraint(condition=of_one(), name="tracedrecord_of_one"),
        ),
        migrations.AddConstraint(
            "tracedrecord",
            models.UniqueConstraint(
                condition=models.Q(("quality_meter__isnull", False)),
                fields=("trace", "quality_meter"),
                name="tracedrecord_quality_once",
            ),
        ),
        migrations.AddField(
            "trace", "unplaced_count",
            models.IntegerField(default=0, verbose_name="Records that cannot be placed"),
        ),
        migrations.AddField("trace", "unplaced", models.JSONField(default=list)),
        Audited("analysis_trace"),
    ]  # fmt: skip
