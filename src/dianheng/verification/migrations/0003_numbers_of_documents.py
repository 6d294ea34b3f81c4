"""Numbers of tasks and loads come from the series of `documents`.

The old table stays as it is: its history is part of the audit trail, which is checked by it.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("verification", "0002_triggers")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.DeleteModel(name="NumberSeries")]
        )
    ]
