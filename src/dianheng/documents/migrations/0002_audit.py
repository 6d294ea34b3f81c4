from django.db import migrations

from dianheng.identity.audit import Audited, Evidence


class Migration(migrations.Migration):
    dependencies = [("documents", "0001_initial"), ("identity", "0002_audit")]
    operations = [
        Audited("documents_issuingbody", "documents_numberseries"),
        Evidence(
            "documents_storedfile",
            "documents_voidnumber",
            "documents_issueddocument",
            "documents_documentend",
            "documents_documentcopy",
        ),
    ]
