from django.db import migrations

from dianheng.identity.audit import Audited


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial"), ("identity", "0002_audit")]
    operations = [Audited("customers_usagepoint")]
