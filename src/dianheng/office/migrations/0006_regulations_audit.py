from django.db import migrations

from dianheng.identity.audit import Audited, Evidence


class Migration(migrations.Migration):
    dependencies = [("office", "0005_regulations")]
    operations = [
        Audited("office_regulation", "office_regulationedition", "office_clausecontrol"),
        Evidence("office_clause"),
    ]
