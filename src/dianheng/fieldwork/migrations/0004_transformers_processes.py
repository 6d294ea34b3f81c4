import dianheng.common.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from dianheng.identity.audit import Audited, Evidence


class Migration(migrations.Migration):

    dependencies = [
        ('assets', '0012_installation_audit'),
        ('documents', '0005_field_check_record'),
        ('fieldwork', '0003_origin'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='fieldcheck',
            name='transformer',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='assets.device', verbose_name='Transformer'),
        ),
        migrations.AddField(
            model_name='fieldorder',
            name='process',
            field=dianheng.common.fields.CodeField(blank=True, db_collation='C', default='', verbose_name='Process'),
        ),
        migrations.AlterField(
            model_name='fieldcheck',
            name='outcome',
            field=dianheng.common.fields.CodeField(choices=[('pass', 'Within limits'), ('fail', 'Out of limits'), ('incomplete', 'Incomplete'), ('provisional', 'Provisional'), ('not_judged', 'No verdict')], db_collation='C', verbose_name='Outcome'),
        ),
        migrations.AlterField(
            model_name='fieldorder',
            name='kind',
            field=dianheng.common.fields.CodeField(choices=[('replace_meter', 'Replace the meter'), ('mend_wiring', 'Put the wiring right'), ('mend_drop', 'Mend the voltage drop'), ('mend_burden', 'Mend the secondary burden'), ('replace_transformer', 'Replace the transformer')], db_collation='C', verbose_name='What is ordered'),
        ),
        migrations.AlterField(
            model_name='fieldtask',
            name='kind',
            field=dianheng.common.fields.CodeField(choices=[('meter', 'Meter and wiring'), ('secondary', 'Secondary circuits'), ('transformer', 'Transformers'), ('whole', 'Whole installation')], db_collation='C', verbose_name='What is checked'),
        ),
        migrations.AddIndex(
            model_name='fieldcheck',
            index=models.Index(fields=['transformer', 'done_at'], name='fieldcheck_transformer'),
        ),
        Audited('fieldwork_fieldorder'),
        Evidence('fieldwork_fieldcheck'),
    ]
