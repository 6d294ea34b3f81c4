"""What standards and laboratories are for."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Project(TextChoices):
    """What a laboratory is authorised for and a verifier qualified in."""

    AC_METER = "ac_meter", _("AC electricity meters")
    STANDARD_METER = "standard_meter", _("Standard meters")
    TRANSFORMER = "transformer", _("Instrument transformers")


class PaperKind(TextChoices):
    """Papers that run out, and what rests on them."""

    STANDARD = "standard", _("Certificate of a standard")
    INSTALLATION = "installation", _("Certificate of a measuring standard")
    AUTHORISATION = "authorisation", _("Authorisation of the laboratory")
    QUALIFICATION = "qualification", _("Qualification of a person")


class TestKind(TextChoices):
    """What is done to a measuring standard between its examinations."""

    REPEATABILITY = "repeatability", _("Repeatability test")  # 重复性试验
    STABILITY = "stability", _("Stability test")  # 稳定性考核
    CHECK = "check", _("Intermediate check")  # 期间核查
    COMPARISON = "comparison", _("Comparison")  # 比对


class Finding(TextChoices):
    """What a test came to; the words of the rules."""

    KEPT = "kept", _("Within the limit")
    EXCEEDED = "exceeded", _("Beyond the limit")
    TOO_FEW = "too_few", _("Not enough yet")


FINDING_TONE = {Finding.KEPT: "good", Finding.EXCEEDED: "bad", Finding.TOO_FEW: "busy"}
