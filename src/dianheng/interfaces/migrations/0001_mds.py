from importlib import resources

from django.db import migrations


class Migration(migrations.Migration):
    # The program's role is told by what it may in the tables of identity.
    dependencies = [("identity", "0001_initial")]
    operations = [
        migrations.RunSQL(
            resources.files("dianheng.interfaces").joinpath("sql/mds.sql").read_text("utf-8")
        ),
    ]
