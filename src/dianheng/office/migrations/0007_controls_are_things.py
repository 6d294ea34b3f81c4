import django.db.models.deletion
from django.db import migrations, models

import dianheng.common.fields
from dianheng.identity.audit import Audited


class Migration(migrations.Migration):
    dependencies = [("office", "0006_regulations_audit")]
    operations = [
        migrations.RemoveConstraint(model_name="clausecontrol", name="control_once"),
        migrations.AlterField(
            model_name="clausecontrol",
            name="kind",
            field=dianheng.common.fields.CodeField(db_collation="C", verbose_name="Kind"),
        ),
        migrations.AddField(
            model_name="clausecontrol",
            name="key",
            field=dianheng.common.fields.CodeField(blank=True, db_collation="C", default=""),
        ),
        migrations.AddField(
            model_name="clausecontrol",
            name="changed_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="left_open",
                to="office.regulationedition",
            ),
        ),
        migrations.AddIndex(
            model_name="clausecontrol",
            index=models.Index(
                condition=models.Q(("ended_at", None)), fields=["kind", "key"], name="control_of"
            ),
        ),
        migrations.AddConstraint(
            model_name="clausecontrol",
            constraint=models.UniqueConstraint(
                condition=models.Q(("key", ""), _negated=True),
                fields=("clause", "kind", "key"),
                name="control_thing_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="clausecontrol",
            constraint=models.UniqueConstraint(
                condition=models.Q(("key", "")),
                fields=("clause", "name"),
                name="control_words_once",
            ),
        ),
        Audited("office_clausecontrol"),
    ]
