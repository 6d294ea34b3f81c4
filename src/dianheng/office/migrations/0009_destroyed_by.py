from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("office", "0008_archive_counts")]
    operations = [
        migrations.AddIndex(
            model_name="archivepiece",
            index=models.Index(
                condition=models.Q(("destruction", ""), _negated=True),
                fields=["destruction"],
                name="piece_destruction",
            ),
        ),
    ]
