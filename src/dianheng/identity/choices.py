"""Kinds and states of organisation, people and their papers."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class UnitKind(TextChoices):
    """What a unit of the organisation is."""

    PROVINCE = "province", _("Provincial company")
    CITY = "city", _("City company")
    COUNTY = "county", _("County company")
    CENTRE = "centre", _("Metering centre")
    DEPARTMENT = "department", _("Department")
    STATION = "station", _("Supply station")
    TEAM = "team", _("Team")


class QualificationKind(TextChoices):
    """What a person is authorised to sign in the laboratory."""

    VERIFIER = "verifier", _("Verifier")  # 检定员, per project
    CHECKER = "checker", _("Checker")  # 核验员
    SIGNATORY = "signatory", _("Authorised signatory")  # 授权签字人


class Via(TextChoices):
    """The door through which a write came in."""

    PAGE = "page", _("Page")
    REST = "rest", _("REST")
    FILE = "file", _("File")
    BENCH = "bench", _("Bench")
    COMMAND = "command", _("Command")
    JOB = "job", _("Job")
