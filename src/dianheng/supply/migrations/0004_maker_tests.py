import dianheng.common.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from dianheng.identity.audit import Audited, Evidence


class Migration(migrations.Migration):

    dependencies = [
        ('assets', '0012_installation_audit'),
        ('common', '0001_initial'),
        ('documents', '0007_doubt_papers'),
        ('identity', '0002_audit'),
        ('supply', '0003_resubmission'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='MakerTestFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', dianheng.common.fields.NameField(db_collation='C', verbose_name='File')),
                ('digest', dianheng.common.fields.CodeField(db_collation='C', verbose_name='SHA-256')),
                ('size', models.BigIntegerField(verbose_name='Size, bytes')),
                ('state', dianheng.common.fields.CodeField(choices=[('received', 'Columns to be named'), ('mapped', 'To be checked'), ('faulty', 'Has faults'), ('checked', 'Checked'), ('taken', 'Taken'), ('refused', 'Refused')], db_collation='C', default='received', verbose_name='State')),
                ('kind', dianheng.common.fields.CodeField(db_collation='C', default='', verbose_name='Form')),
                ('encoding', dianheng.common.fields.CodeField(blank=True, db_collation='C', default='', verbose_name='Encoding')),
                ('head_row', models.IntegerField(default=0, verbose_name='Row of the heads')),
                ('columns', models.JSONField(default=list, verbose_name='Columns')),
                ('row_count', models.IntegerField(null=True, verbose_name='Devices')),
                ('fault_count', models.IntegerField(default=0, verbose_name='Faults')),
                ('warning_count', models.IntegerField(default=0, verbose_name='Remarks')),
                ('findings', models.JSONField(default=list, verbose_name='Findings')),
                ('reason', models.TextField(blank=True, default='', verbose_name='Reason')),
                ('uploaded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='Received')),
                ('checked_at', models.DateTimeField(null=True, verbose_name='Checked')),
                ('taken_at', models.DateTimeField(null=True, verbose_name='Taken')),
                ('number', dianheng.common.fields.CodeField(db_collation='C', unique=True, verbose_name="Maker's test data")),
                ('file', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='documents.storedfile')),
                ('job', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='common.job')),
                ('lot', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='maker_tests', to='assets.lot', verbose_name='Lot')),
                ('taken_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('uploaded_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='MakerTestFault',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('row_no', models.BigIntegerField(verbose_name='Row')),
                ('field', dianheng.common.fields.CodeField(db_collation='C', verbose_name='Column')),
                ('code', dianheng.common.fields.CodeField(db_collation='C', verbose_name='Code')),
                ('value', models.TextField(default='', verbose_name='Value')),
                ('facts', models.JSONField(null=True)),
                ('tests', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='faults', to='supply.makertestfile')),
            ],
        ),
        migrations.CreateModel(
            name='MakerTestHead',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('head', dianheng.common.fields.NameField(db_collation='C', verbose_name='Head')),
                ('field', dianheng.common.fields.CodeField(db_collation='C', verbose_name='Field')),
                ('manufacturer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='assets.manufacturer')),
            ],
        ),
        migrations.CreateModel(
            name='MakerTestResult',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('item', dianheng.common.fields.CodeField(db_collation='C')),
                ('direction', dianheng.common.fields.CodeField(db_collation='C', default='')),
                ('phases', dianheng.common.fields.CodeField(db_collation='C', default='')),
                ('load_point', dianheng.common.fields.CodeField(db_collation='C')),
                ('factor', dianheng.common.fields.CodeField(db_collation='C', default='')),
                ('ratio', dianheng.common.fields.CodeField(db_collation='C', default='')),
                ('value', dianheng.common.fields.NumericField(decimal_places=50, max_digits=80)),
                ('device', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='assets.device')),
                ('tests', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='results', to='supply.makertestfile')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.AddConstraint(
            model_name='makertestfile',
            constraint=models.UniqueConstraint(fields=('lot', 'digest'), name='makertestfile_digest'),
        ),
        migrations.AddIndex(
            model_name='makertestfault',
            index=models.Index(fields=['tests', 'row_no', 'id'], name='makertestfault_row'),
        ),
        migrations.AddIndex(
            model_name='makertestfault',
            index=models.Index(fields=['tests', 'code', 'row_no'], name='makertestfault_code'),
        ),
        migrations.AddConstraint(
            model_name='makertesthead',
            constraint=models.UniqueConstraint(fields=('manufacturer', 'head'), name='makertesthead_head'),
        ),
        migrations.AddIndex(
            model_name='makertestresult',
            index=models.Index(fields=['device', 'id'], name='makertestresult_device'),
        ),
        Audited('supply_makertestfile', 'supply_makertesthead'),
        Evidence('supply_makertestresult'),
    ]
