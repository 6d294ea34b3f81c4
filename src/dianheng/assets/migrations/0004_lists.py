from importlib import resources

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("assets", "0003_pieces")]
    operations = [
        migrations.RunSQL(
            resources.files("dianheng.assets").joinpath("sql/lists.sql").read_text("utf-8")
        ),
    ]
