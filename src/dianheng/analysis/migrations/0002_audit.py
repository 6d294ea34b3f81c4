from django.db import migrations

from dianheng.identity.audit import Audited


class Migration(migrations.Migration):
    dependencies = [("analysis", "0001_initial"), ("identity", "0002_audit")]
    operations = [Audited("analysis_ruletrial", "analysis_trace")]
