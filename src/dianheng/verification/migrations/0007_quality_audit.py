from django.db import migrations

from dianheng.identity.audit import Audited, Evidence


class Migration(migrations.Migration):
    dependencies = [("verification", "0006_quality"), ("identity", "0002_audit")]
    operations = [
        Audited("verification_qualitybatch", "verification_qualitymeter"),
        Evidence(
            "verification_qualityreading",
            "verification_qualityverdict",
            "verification_qualityresult",
        ),
    ]
