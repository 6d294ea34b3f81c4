from importlib import resources

from django.db import migrations

from dianheng.identity.audit import Audited, Evidence


class Migration(migrations.Migration):
    dependencies = [("assets", "0001_initial"), ("identity", "0002_audit")]
    operations = [
        migrations.RunSQL(
            resources.files("dianheng.assets").joinpath("sql/assets.sql").read_text("utf-8")
        ),
        Audited(
            "assets_manufacturer",
            "assets_devicemodel",
            "assets_lot",
            "assets_statemapping",
            "assets_place",
            "assets_device",
            "assets_meter",
            "assets_transformer",
            "assets_terminal",
            "assets_standardequipment",
        ),
        Evidence("assets_deviceevent"),
    ]
