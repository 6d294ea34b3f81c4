from django.db import migrations

from dianheng.identity.audit import Audited, Evidence


class Migration(migrations.Migration):
    dependencies = [("fieldwork", "0001_initial"), ("identity", "0002_audit")]
    operations = [
        Audited("fieldwork_fieldtask", "fieldwork_fieldorder"),
        Evidence("fieldwork_fieldcheck"),
    ]
