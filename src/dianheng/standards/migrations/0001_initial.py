"""The tables came with verification, whose migrations made them; here begins their new owner's state."""

import dianheng.common.fields
import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True
    dependencies = [
        ('assets', '0010_reprieve'),
        ('identity', '0004_right_use'),
        ('verification', '0003_numbers_of_documents'),
    ]

    operations = [migrations.SeparateDatabaseAndState(state_operations=[
        migrations.CreateModel(
            name='StandardInstallation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', dianheng.common.fields.CodeField(db_collation='C', unique=True, verbose_name='Code')),
                ('name', dianheng.common.fields.NameField(db_collation='C', verbose_name='Name')),
                ('project', dianheng.common.fields.CodeField(choices=[('ac_meter', 'AC electricity meters'), ('standard_meter', 'Standard meters'), ('transformer', 'Instrument transformers')], db_collation='C', default='ac_meter', verbose_name='Project')),
                ('kinds', django.contrib.postgres.fields.ArrayField(base_field=dianheng.common.fields.CodeField(choices=[('single_phase_meter', 'Single-phase meter'), ('three_phase_meter', 'Three-phase meter'), ('standard_meter', 'Standard meter'), ('current_transformer', 'Current transformer'), ('voltage_transformer', 'Voltage transformer'), ('combined_transformer', 'Combined transformer'), ('metering_box', 'Metering box'), ('terminal', 'Acquisition terminal'), ('bench', 'Verification bench'), ('instrument', 'Instrument')], db_collation='C'), size=None, verbose_name='Kinds of device')),
                ('measuring_range', dianheng.common.fields.CodeField(blank=True, db_collation='C', default='', verbose_name='Measuring range')),
                ('accuracy', dianheng.common.fields.CodeField(blank=True, db_collation='C', default='', verbose_name='Class or uncertainty')),
                ('stopped_on', models.DateField(blank=True, null=True, verbose_name='Taken out of use on')),
                ('bench', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='installations', to='assets.device', verbose_name='Bench')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='installations', to='identity.unit', verbose_name='Laboratory')),
            ],
            options={
                'db_table': 'verification_standardinstallation',
                'ordering': ['code'],
            },
        ),
        migrations.CreateModel(
            name='InstallationStandard',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', dianheng.common.fields.CodeField(db_collation='C', default='main', verbose_name='Role')),
                ('valid_from', models.DateField(verbose_name='From')),
                ('valid_through', models.DateField(blank=True, null=True, verbose_name='Through')),
                ('device', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='part_of', to='assets.device', verbose_name='Standard')),
                ('installation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='standards.standardinstallation', verbose_name='Installation')),
            ],
            options={
                'db_table': 'verification_installationstandard',
                'ordering': ['installation', 'role', 'device'],
            },
        ),
        migrations.CreateModel(
            name='InstallationCertificate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', dianheng.common.fields.CodeField(db_collation='C', unique=True, verbose_name='Number')),
                ('issuer', dianheng.common.fields.NameField(db_collation='C', verbose_name='Issued by')),
                ('valid_from', models.DateField(verbose_name='From')),
                ('valid_through', models.DateField(verbose_name='Through')),
                ('withdrawn_on', models.DateField(blank=True, null=True, verbose_name='Withdrawn on')),
                ('installation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='certificates', to='standards.standardinstallation', verbose_name='Installation')),
            ],
            options={
                'db_table': 'verification_installationcertificate',
                'ordering': ['-valid_from', '-id'],
            },
        ),
        migrations.CreateModel(
            name='EnvironmentBand',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('temperature_low_c', models.DecimalField(decimal_places=2, max_digits=5, verbose_name='Lowest, °C')),
                ('temperature_high_c', models.DecimalField(decimal_places=2, max_digits=5, verbose_name='Highest, °C')),
                ('humidity_low_pct', models.DecimalField(decimal_places=2, max_digits=5, verbose_name='Lowest, %RH')),
                ('humidity_high_pct', models.DecimalField(decimal_places=2, max_digits=5, verbose_name='Highest, %RH')),
                ('source', models.TextField(verbose_name='Source')),
                ('valid_from', models.DateField(verbose_name='From')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='identity.unit', verbose_name='Laboratory')),
            ],
            options={
                'db_table': 'verification_environmentband',
                'ordering': ['-valid_from', '-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('temperature_low_c__lt', models.F('temperature_high_c')), ('humidity_low_pct__lt', models.F('humidity_high_pct'))), name='environmentband_order'), models.UniqueConstraint(fields=('unit', 'valid_from'), name='environmentband_once')],
            },
        ),
        migrations.CreateModel(
            name='LaboratoryAuthorisation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', dianheng.common.fields.CodeField(db_collation='C', verbose_name='Number')),
                ('issuer', dianheng.common.fields.NameField(db_collation='C', verbose_name='Issued by')),
                ('scope', models.TextField(help_text='As it stands on the certificate.', verbose_name='Scope')),
                ('kinds', django.contrib.postgres.fields.ArrayField(base_field=dianheng.common.fields.CodeField(choices=[('single_phase_meter', 'Single-phase meter'), ('three_phase_meter', 'Three-phase meter'), ('standard_meter', 'Standard meter'), ('current_transformer', 'Current transformer'), ('voltage_transformer', 'Voltage transformer'), ('combined_transformer', 'Combined transformer'), ('metering_box', 'Metering box'), ('terminal', 'Acquisition terminal'), ('bench', 'Verification bench'), ('instrument', 'Instrument')], db_collation='C'), size=None, verbose_name='Kinds of device')),
                ('valid_from', models.DateField(verbose_name='From')),
                ('valid_through', models.DateField(verbose_name='Through')),
                ('withdrawn_on', models.DateField(blank=True, null=True, verbose_name='Withdrawn on')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='authorisations', to='identity.unit', verbose_name='Laboratory')),
            ],
            options={
                'db_table': 'verification_laboratoryauthorisation',
                'ordering': ['-valid_from', '-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('valid_through__gte', models.F('valid_from'))), name='authorisation_period'), models.UniqueConstraint(fields=('unit', 'number'), name='authorisation_number')],
            },
        ),
        migrations.CreateModel(
            name='StandardCertificate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', dianheng.common.fields.CodeField(db_collation='C', verbose_name='Number')),
                ('issuer', dianheng.common.fields.NameField(db_collation='C', verbose_name='Issued by')),
                ('accuracy_class', dianheng.common.fields.CodeField(blank=True, db_collation='C', default='', verbose_name='Class')),
                ('uncertainty', dianheng.common.fields.CodeField(blank=True, db_collation='C', default='', verbose_name='Uncertainty')),
                ('higher_standard', dianheng.common.fields.NameField(blank=True, db_collation='C', default='', verbose_name='Traced to')),
                ('valid_from', models.DateField(verbose_name='From')),
                ('valid_through', models.DateField(verbose_name='Through')),
                ('withdrawn_on', models.DateField(blank=True, null=True, verbose_name='Withdrawn on')),
                ('note', models.TextField(blank=True, default='', verbose_name='Note')),
                ('device', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='certificates', to='assets.device', verbose_name='Standard')),
            ],
            options={
                'db_table': 'verification_standardcertificate',
                'ordering': ['-valid_from', '-id'],
                'indexes': [models.Index(fields=['number'], name='standardcertificate_number')],
                'constraints': [models.CheckConstraint(condition=models.Q(('valid_through__gte', models.F('valid_from'))), name='standardcertificate_period'), models.UniqueConstraint(fields=('device', 'number'), name='standardcertificate_once')],
            },
        ),
        migrations.AddConstraint(
            model_name='standardinstallation',
            constraint=models.UniqueConstraint(condition=models.Q(('stopped_on__isnull', True)), fields=('bench',), name='installation_of_bench'),
        ),
        migrations.AddConstraint(
            model_name='installationstandard',
            constraint=models.CheckConstraint(condition=models.Q(('valid_through__isnull', True), ('valid_through__gte', models.F('valid_from')), _connector='OR'), name='installationstandard_period'),
        ),
        migrations.AddConstraint(
            model_name='installationcertificate',
            constraint=models.CheckConstraint(condition=models.Q(('valid_through__gte', models.F('valid_from'))), name='installationcertificate_period'),
        ),
    ])]
