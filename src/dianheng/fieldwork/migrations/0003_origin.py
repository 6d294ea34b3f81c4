"""A field task names the document that asked for it."""

from django.db import migrations

from dianheng.common.fields import CodeField
from dianheng.identity.audit import Audited


class Migration(migrations.Migration):
    dependencies = [("fieldwork", "0002_audit")]
    operations = [
        migrations.AddField(
            "fieldtask", "origin", CodeField("Origin", blank=True, db_collation="C", default="")
        ),
        Audited("fieldwork_fieldtask"),
    ]
