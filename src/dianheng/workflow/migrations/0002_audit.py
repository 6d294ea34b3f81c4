from django.db import migrations

from dianheng.identity.audit import Audited, Evidence


class Migration(migrations.Migration):
    dependencies = [("workflow", "0001_initial"), ("identity", "0002_audit")]
    operations = [
        Audited(
            "workflow_packinforce",
            "workflow_packswitch",
            "workflow_laneposts",
            "workflow_processinstance",
            "workflow_processtask",
        ),
        Evidence("workflow_packversion", "workflow_formentry", "workflow_processnote"),
    ]
