"""What a check of a list can find; texts are translated when they are shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dianheng.common.errors import Text
from dianheng.common.texts import gettext_lazy as _


@dataclass(frozen=True)
class FindingKind:
    """A kind of finding: its name, its sentence with places; a warning keeps no list out."""

    name: Text
    text: Text
    is_warning: bool = False


GENERAL: Mapping[str, FindingKind] = {
    "row_width": FindingKind(
        _("Wrong number of cells"), _("The row has another number of cells than the head: %(value)s.")
    ),
    "missing": FindingKind(_("Empty"), _("%(field)s is empty.")),
    "format": FindingKind(_("Wrong form"), _("%(field)s “%(value)s” is not of the form: %(wanted)s.")),
    "number_lost": FindingKind(
        _("Digits lost"),
        _("%(field)s was kept as a number and lost digits: %(value)s. Make the column text and enter it again."),
    ),
    "twice_in_file": FindingKind(
        _("Twice in the file"), _("%(field)s %(value)s stands in row %(other)s already.")
    ),
    "date": FindingKind(_("No date"), _("%(field)s “%(value)s” is no date.")),
    "date_future": FindingKind(_("Date in the future"), _("%(field)s %(value)s has not come yet.")),
    "choice": FindingKind(_("Unknown value"), _("%(field)s “%(value)s” is none of the known values.")),
    "formula": FindingKind(
        _("Formula"), _("%(field)s is a formula (%(value)s). Put its value in its place.")
    ),
    "too_long": FindingKind(_("Too long"), _("%(field)s is too long: %(value)s…")),
    "no_rows": FindingKind(_("No devices"), _("The file has no devices below its head.")),
}  # fmt: skip


def finding_text(
    kinds: Mapping[str, FindingKind],
    code: str,
    field: Text = "",
    value: str = "",
    facts: Mapping[str, Any] | None = None,
) -> Text:
    """The finding in words."""
    words = {"field": field, "value": value, "wanted": "", "other": "", **(facts or {})}
    return kinds[code].text % words
