from importlib import resources

import django.db.models.deletion
from django.db import migrations, models

import dianheng.common.fields


class Migration(migrations.Migration):
    dependencies = [("office", "0007_controls_are_things")]
    operations = [
        migrations.AddIndex(
            model_name="archivepiece",
            index=models.Index(fields=["filed_at", "id"], name="piece_filed"),
        ),
        migrations.CreateModel(
            name="ArchiveCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("ends_on", models.DateField()),
                (
                    "retention",
                    dianheng.common.fields.CodeField(
                        choices=[("Y", "Permanent"), ("D30", "30 years"), ("D10", "10 years")],
                        db_collation="C",
                    ),
                ),
                ("is_secret", models.BooleanField()),
                ("pieces", models.IntegerField()),
                (
                    "fonds",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="office.fonds",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("fonds", "ends_on", "retention", "is_secret"),
                        name="archivecount_once",
                    )
                ],
            },
        ),
        migrations.RunSQL(
            resources.files("dianheng.office").joinpath("sql/office.sql").read_text("utf-8"),
            migrations.RunSQL.noop,
        ),
    ]
