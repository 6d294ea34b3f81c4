from importlib import resources

from django.db import migrations

from dianheng.identity.audit import Audited, Evidence


def make_system_person(apps, schema_editor):
    """On whose behalf the program itself writes; the first actor there is."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("select nextval('identity_person_id_seq')")
        key = cursor.fetchone()[0]
        cursor.execute(
            "select * from audit_open(%s, '电衡', null, '', 'installation', '', 'command', '')", [key]
        )
        cursor.execute(
            "insert into identity_person (id, password, login, person_no, name, sort_key, is_active,"
            " is_system, must_change_password, language)"
            " values (%s, '!', '@dianheng', '@dianheng', '电衡', 'dian heng', true, true, false, 'zh-hans')",
            [key],
        )


class Migration(migrations.Migration):
    dependencies = [("identity", "0001_initial")]
    operations = [
        migrations.RunSQL(
            resources.files("dianheng.identity").joinpath("sql/audit.sql").read_text("utf-8")
        ),
        Audited(
            "identity_unit",
            "identity_post",
            "identity_postholding",
            "identity_delegation",
            "identity_qualification",
            "identity_setting",
        ),
        Audited("identity_person", hidden=["password"]),
        Audited("identity_apitoken", hidden=["digest"]),
        Evidence("identity_separationexception", "identity_requestresult"),
        migrations.RunPython(make_system_person, migrations.RunPython.noop),
    ]
