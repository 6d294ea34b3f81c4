"""A standard of another body can be the cause of a trace."""

from django.db import migrations

from dianheng.common.fields import CodeField
from dianheng.identity.audit import Audited

CAUSES = [
    ("standard", "Standard or bench"),
    ("outside", "Standard of another body"),
    ("person", "Person"),
    ("scheme", "Version of a scheme"),
    ("laboratory", "Environment of a laboratory"),
    ("room", "Environment of a room"),
]


class Migration(migrations.Migration):
    dependencies = [("analysis", "0009_certified_with_it")]
    operations = [
        migrations.AlterField(
            "trace",
            "cause",
            CodeField(choices=CAUSES, db_collation="C", verbose_name="What turned out bad"),
        ),
        Audited("analysis_trace"),
    ]
