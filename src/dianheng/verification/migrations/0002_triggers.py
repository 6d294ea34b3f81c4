from django.db import migrations

from dianheng.identity.audit import Audited, Evidence


class Migration(migrations.Migration):
    dependencies = [("verification", "0001_initial"), ("identity", "0002_audit")]
    operations = [
        Audited(
            "verification_laboratoryauthorisation",
            "verification_standardinstallation",
            "verification_installationcertificate",
            "verification_installationstandard",
            "verification_standardcertificate",
            "verification_environmentband",
            "verification_testscheme",
            "verification_verificationtask",
            "verification_taskdevice",
            "verification_benchload",
            "verification_loadposition",
            "verification_benchkey",
            "verification_numberseries",
        ),
        Evidence(
            "verification_rulesetsignature",
            "verification_testschemeversion",
            "verification_upload",
            "verification_testrecord",
            "verification_testresult",
            "verification_verdict",
            "verification_review",
            "verification_reviewline",
            "verification_approval",
            "verification_approvalline",
        ),
    ]
