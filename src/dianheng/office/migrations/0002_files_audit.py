from django.db import migrations

from dianheng.identity.audit import Evidence


class Migration(migrations.Migration):
    dependencies = [("office", "0001_files")]
    operations = [Evidence("office_processfile")]
