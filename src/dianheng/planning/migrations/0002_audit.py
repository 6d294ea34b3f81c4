from django.db import migrations

from dianheng.identity.audit import Audited


class Migration(migrations.Migration):
    dependencies = [("planning", "0001_initial"), ("identity", "0002_audit")]
    operations = [Audited("planning_resource", "planning_booking", "planning_assignment")]
