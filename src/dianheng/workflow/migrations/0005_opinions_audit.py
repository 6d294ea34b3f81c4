from django.db import migrations

from dianheng.identity.audit import Audited, Evidence


class Migration(migrations.Migration):
    dependencies = [("workflow", "0004_opinions")]
    operations = [
        Audited("workflow_processtask", "workflow_taskasked", "workflow_dutyacceptance"),
        Evidence("workflow_formentry"),
    ]
