"""Traces of a standard name what was certified with it; a digest covers the rows of a trace."""

from django.db import migrations, models

from dianheng.common.fields import CodeField
from dianheng.identity.audit import Audited


class Migration(migrations.Migration):
    dependencies = [("analysis", "0008_tried_on")]
    operations = [
        migrations.AddField("trace", "certified", models.JSONField(default=list)),
        migrations.AddField("trace", "digest", CodeField(db_collation="C", default="")),
        Audited("analysis_trace"),
    ]
