from django.db import migrations

from dianheng.identity.audit import Audited


class Migration(migrations.Migration):
    dependencies = [("workflow", "0006_watches")]
    operations = [Audited("workflow_processwatch")]
