from importlib import resources

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("verification", "0002_triggers")]
    operations = [
        migrations.RunSQL(
            resources.files("dianheng.verification").joinpath("sql/mds.sql").read_text("utf-8")
        ),
    ]
