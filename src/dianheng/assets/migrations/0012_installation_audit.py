from django.db import migrations

from dianheng.identity.audit import Audited


class Migration(migrations.Migration):
    dependencies = [("assets", "0011_installation")]
    operations = [Audited("assets_installation")]
