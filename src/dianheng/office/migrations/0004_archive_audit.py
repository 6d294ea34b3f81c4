from django.db import migrations

from dianheng.identity.audit import Audited, Evidence


class Migration(migrations.Migration):
    dependencies = [("office", "0003_archive")]
    operations = [
        Audited(
            "office_fonds", "office_archiveseries", "office_archivevolume", "office_archivepiece"
        ),
        Evidence("office_piecefile", "office_archivedoor"),
    ]
