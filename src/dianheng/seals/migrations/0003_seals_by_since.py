from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("seals", "0002_triggers")]
    operations = [
        migrations.AddIndex(
            "seal", models.Index(fields=["state_at", "id"], name="seal_since")
        ),
    ]
