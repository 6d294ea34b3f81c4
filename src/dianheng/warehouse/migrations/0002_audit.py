from django.db import migrations

from dianheng.identity.audit import Audited


class Migration(migrations.Migration):
    dependencies = [("warehouse", "0001_initial"), ("identity", "0002_audit")]
    operations = [Audited("warehouse_movement", "warehouse_movementline")]
