from django.db import migrations

from dianheng.identity.audit import Audited, Evidence


class Migration(migrations.Migration):
    dependencies = [("seals", "0001_initial"), ("identity", "0002_audit")]
    operations = [
        Audited("seals_sealbatch", "seals_seal"),
        Evidence("seals_sealevent"),
    ]
