"""Temperature and humidity of rooms, as loggers write them."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from dianheng.common.fields import NumericField


class EnvironmentReading(models.Model):
    """What a logger measured in a room at a moment; evidence."""

    place = models.ForeignKey(
        "assets.Place", models.PROTECT, verbose_name=_("Laboratory room"), related_name="+"
    )
    at = models.DateTimeField(_("Measured at"))
    temperature_c = NumericField(_("Temperature, °C"))
    humidity_pct = NumericField(_("Humidity, %RH"))
    person = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["at", "id"], name="environmentreading_at")]
        constraints = [
            models.UniqueConstraint(fields=["place", "at"], name="environmentreading_once"),
            models.CheckConstraint(
                condition=Q(humidity_pct__gte=0) & Q(humidity_pct__lte=100),
                name="environmentreading_humidity",
            ),
        ]
