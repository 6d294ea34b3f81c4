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


class AccessKind(TextChoices):
    """What the security log holds."""

    LOGIN = "login", _("Logged in")
    LOGOUT = "logout", _("Logged out")
    FAILED = "failed", _("Login failed")  # wrong password, unknown login, or no such token
    LOCKED = "locked", _("Login rests")  # too many wrong passwords, and tries meanwhile
    REFUSED = "refused", _("Right refused")
    EXPORT = "export", _("List exported")
    TOKEN_MADE = "token.made", _("Token made")
    TOKEN_USED = "token.used", _("Token used")  # the first time on a day


ACCESS_TONES = {
    "login": "good",
    "logout": "calm",
    "failed": "warn",
    "locked": "bad",
    "refused": "warn",
    "export": "busy",
    "token.made": "busy",
    "token.used": "good",
}


class Unusual(TextChoices):
    """Why a change of master data is unusual."""

    HOURS = "hours", _("Outside the usual hours")
    DAY_OFF = "day_off", _("On a day off")
    BULK = "bulk", _("Many rows at once")
    RARE = "rare", _("By somebody who rarely does it")
