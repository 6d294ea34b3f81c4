import dianheng.common.fields
import django.db.models.deletion
from django.db import migrations, models

from dianheng.identity.audit import Audited


class Migration(migrations.Migration):
    dependencies = [
        ("supply", "0002_triggers"),
    ]

    operations = [
        migrations.AddField(
            model_name="inspectionlot",
            name="resubmits",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="resubmission",
                to="supply.inspectionlot",
                verbose_name="Resubmission of",
            ),
        ),
        migrations.AlterField(
            model_name="sentsample",
            name="state",
            field=dianheng.common.fields.CodeField(
                choices=[
                    ("listed", "Listed"),
                    ("handed_over", "Handed over"),
                    ("reported", "Report entered"),
                    ("back", "Came back"),
                    ("withdrawn", "List withdrawn"),
                ],
                db_collation="C",
                default="listed",
                verbose_name="State",
            ),
        ),
        Audited("supply_inspectionlot"),
    ]
