"""Results may also be sent as a file from the page."""

import dianheng.common.fields
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("verification", "0004_standards_room")]
    operations = [
        migrations.AlterField(
            model_name="upload",
            name="source",
            field=dianheng.common.fields.CodeField(
                choices=[
                    ("rest", "REST"),
                    ("file", "Watched folder"),
                    ("mds", "Middle tables"),
                    ("page", "Sent from the page"),
                    ("hand", "Entered by hand"),
                ],
                db_collation="C",
                verbose_name="Door",
            ),
        ),
    ]
