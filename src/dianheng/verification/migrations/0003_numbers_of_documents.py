"""Numbers of tasks and loads come from the series of `documents`."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("verification", "0002_triggers")]

    operations = [migrations.DeleteModel(name="NumberSeries")]
