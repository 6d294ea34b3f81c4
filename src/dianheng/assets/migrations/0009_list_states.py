"""The states of a list are called the same whoever sends it; nothing changes in the database."""

from django.db import migrations

import dianheng.common.fields


class Migration(migrations.Migration):
    dependencies = [("assets", "0008_fewer_indexes")]

    operations = [
        migrations.AlterField(
            "registerfile",
            "state",
            dianheng.common.fields.CodeField(
                choices=[
                    ("received", "Columns to be named"), ("mapped", "To be checked"),
                    ("faulty", "Has faults"), ("checked", "Checked"), ("taken", "Taken"),
                    ("refused", "Refused"),
                ],
                db_collation="C", default="received", verbose_name="State",
            ),
        ),
    ]  # fmt: skip
