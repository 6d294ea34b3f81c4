from importlib import resources

import dianheng.common.fields
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from dianheng.identity.audit import Audited, Evidence


class Migration(migrations.Migration):

    dependencies = [
        ('identity', '0002_audit'),
    ]

    operations = [
        migrations.CreateModel(
            name='AccessCleanUp',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('before', models.DateTimeField(verbose_name='Before')),
                ('event_count', models.BigIntegerField(verbose_name='Events')),
                ('first_at', models.DateTimeField(null=True, verbose_name='First')),
                ('last_at', models.DateTimeField(null=True, verbose_name='Last')),
                ('digest', models.BinaryField(max_length=32)),
            ],
            options={
                'verbose_name': 'Clean-up of the security log',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='TrailWatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', dianheng.common.fields.CodeField(db_collation='C', unique=True)),
                ('position', models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='AccessEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='When')),
                ('kind', dianheng.common.fields.CodeField(choices=[('login', 'Logged in'), ('logout', 'Logged out'), ('failed', 'Login failed'), ('locked', 'Login rests'), ('refused', 'Right refused'), ('export', 'List exported'), ('token.made', 'Token made'), ('token.used', 'Token used')], db_collation='C', verbose_name='What')),
                ('login', dianheng.common.fields.CodeField(db_collation='C', default='', help_text='As typed, where a login failed.', verbose_name='Login')),
                ('address', dianheng.common.fields.CodeField(db_collation='C', default='', verbose_name='Address')),
                ('via', dianheng.common.fields.CodeField(choices=[('page', 'Page'), ('rest', 'REST'), ('file', 'File'), ('bench', 'Bench'), ('command', 'Command'), ('job', 'Job')], db_collation='C', verbose_name='Door')),
                ('what', dianheng.common.fields.CodeField(db_collation='C', default='', help_text='The right, the list, or the label of the token.')),
                ('path', dianheng.common.fields.CodeField(db_collation='C', default='', verbose_name='Page')),
                ('login_event_id', models.BigIntegerField(null=True)),
                ('token_id', models.BigIntegerField(null=True)),
                ('person', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='Who')),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['at'], name='access_at'), models.Index(fields=['person', 'id'], name='access_person'), models.Index(fields=['kind', 'id'], name='access_kind'), models.Index(condition=models.Q(('login_event_id__isnull', False)), fields=['login_event_id'], name='access_logout'), models.Index(condition=models.Q(('token_id__isnull', False)), fields=['token_id', 'at'], name='access_token')],
            },
        ),
        migrations.CreateModel(
            name='UnusualChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reasons', django.contrib.postgres.fields.ArrayField(base_field=dianheng.common.fields.CodeField(db_collation='C'), size=None, verbose_name='Why')),
                ('row_count', models.BigIntegerField(verbose_name='Rows')),
                ('acknowledged_at', models.DateTimeField(blank=True, null=True, verbose_name='Seen at')),
                ('word', models.TextField(blank=True, verbose_name='Word')),
                ('acknowledged_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='Seen by')),
                ('batch', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='unusual', to='identity.auditbatch')),
            ],
            options={
                'verbose_name': 'Unusual change',
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('acknowledged_at', None)), fields=['id'], name='unusual_open')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('acknowledged_at', None), ('acknowledged_by', None), ('word', '')), models.Q(('acknowledged_at__isnull', False), ('acknowledged_by__isnull', False), models.Q(('word', ''), _negated=True)), _connector='OR'), name='unusual_seen_with_a_word')],
            },
        ),
        Evidence("identity_accesscleanup"),
        Audited("identity_unusualchange"),
        migrations.RunSQL(
            resources.files("dianheng.identity").joinpath("sql/access.sql").read_text("utf-8")
        ),
        migrations.RunSQL(
            "create index audit_batch_acting_for on audit_batch (acting_for_id, id)"
            " where acting_for_id is not null"
        ),
    ]
