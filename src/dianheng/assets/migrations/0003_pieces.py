from importlib import resources

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("assets", "0002_triggers")]
    operations = [
        migrations.RunSQL(
            resources.files("dianheng.assets").joinpath("sql/pieces.sql").read_text("utf-8")
        ),
    ]
