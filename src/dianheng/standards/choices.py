"""What standards and laboratories are for."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Project(TextChoices):
    """What a laboratory is authorised for and a verifier qualified in."""

    AC_METER = "ac_meter", _("AC electricity meters")
    STANDARD_METER = "standard_meter", _("Standard meters")
    TRANSFORMER = "transformer", _("Instrument transformers")
