"""Traces know checks on site and customers; records of traces that stand get their devices."""

import django.db.models.deletion
from django.db import migrations, models

from dianheng.common.fields import CodeField
from dianheng.identity.audit import Audited

FILL = """
update analysis_tracedrecord r
   set device_id = t.device_id,
       usage_point_id = (select i.usage_point_id from assets_installation i
                          where i.device_id = t.device_id
                            and coalesce(i.removed_at, 'infinity') > t.finished_at
                          order by i.installed_at desc limit 1)
  from verification_testrecord t where t.id = r.record_id
"""


def key(to: str) -> models.ForeignKey:
    """A key of another table, unchecked: what it names is never deleted."""
    return models.ForeignKey(
        to, django.db.models.deletion.DO_NOTHING, null=True, related_name="+", db_index=False,
        db_constraint=False,
    )  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [
        ("analysis", "0003_traced_by_risk"),
        ("assets", "0011_installation"),
        ("customers", "0001_initial"),
        ("fieldwork", "0001_initial"),
    ]
    operations = [
        migrations.AlterField("tracedrecord", "record", key("verification.testrecord")),
        migrations.AddField("tracedrecord", "field_check", key("fieldwork.fieldcheck")),
        migrations.AddField("tracedrecord", "device", key("assets.device")),
        migrations.AddField("tracedrecord", "usage_point", key("customers.usagepoint")),
        migrations.AddField(
            "trace", "point_count",
            models.IntegerField(default=0, verbose_name="Usage points touched"),
        ),
        migrations.AddField(
            "trace", "customer_count",
            models.IntegerField(default=0, verbose_name="Customers touched"),
        ),
        migrations.AlterField(
            "trace", "cause",
            CodeField(
                choices=[
                    ("standard", "Standard or bench"),
                    ("person", "Person"),
                    ("scheme", "Version of a scheme"),
                    ("laboratory", "Environment of a laboratory"),
                    ("room", "Environment of a room"),
                ],
                db_collation="C",
                verbose_name="What turned out bad",
            ),
        ),
        Audited("analysis_trace"),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddConstraint(
            "tracedrecord",
            models.UniqueConstraint(
                condition=models.Q(("field_check__isnull", False)),
                fields=("trace", "field_check"),
                name="tracedrecord_check_once",
            ),
        ),
        migrations.AddConstraint(
            "tracedrecord",
            models.CheckConstraint(
                condition=models.Q(record__isnull=False) ^ models.Q(field_check__isnull=False),
                name="tracedrecord_of_one",
            ),
        ),
    ]  # fmt: skip
