"""What a laboratory must have moved to `standards`: the tables stay as they are, only the state moves."""

import django.db.models.deletion
from django.db import migrations, models

FIELDS = {
    "authorisation": ("standards.laboratoryauthorisation", {"related_name": "+", "db_index": False}),
    "installation": ("standards.standardinstallation", {"related_name": "records"}),
    "installation_certificate": (
        "standards.installationcertificate",
        {"related_name": "+", "db_index": False},
    ),
}
# Who points at others goes before them.
MOVED = [
    "InstallationCertificate",
    "InstallationStandard",
    "StandardCertificate",
    "StandardInstallation",
    "LaboratoryAuthorisation",
    "EnvironmentBand",
]


class Migration(migrations.Migration):
    dependencies = [
        ("standards", "0001_initial"),
        ("verification", "0003_numbers_of_documents"),
    ]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                *(
                    migrations.AlterField(
                        model_name="testrecord",
                        name=name,
                        field=models.ForeignKey(
                            null=True, on_delete=django.db.models.deletion.PROTECT, to=to, **options
                        ),
                    )
                    for name, (to, options) in FIELDS.items()
                ),
                *(migrations.DeleteModel(name=name) for name in MOVED),
            ]
        )
    ]
