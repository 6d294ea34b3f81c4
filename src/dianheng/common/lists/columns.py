"""What a list shows: one `Column` per fact, one `Cell` per row and column."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from ..errors import Text

# A state's tone: its colour is decided in the app's choices.py, never in a template.
TONES = ("good", "busy", "warn", "bad", "calm")


@dataclass(frozen=True)
class Column:
    """One fact of a row.

    Args:
        key: name in the address and in saved views.
        label: head of the column, without the unit.
        value: attribute path (`model.name`) or a function of the row; the key when empty.
        sort: field path (queryset) or column name (SQL) to sort by; empty: not sortable.
            It should have an index together with the key of the row.
        kind: text, code (tabular figures), number, date, moment, state, flag.
        unit: shown in the head after the label.
        decimals: fixed number of decimals of a number.
        choices: value -> label for a state (`SomeState.choices` or a mapping).
        tones: value -> one of TONES for a state.
        hint: function of the row for what stands on hover (numerator and denominator).
        url: function of the row for a link of this cell; the first column links to the row.
        hidden: shown only when a person chooses the column.
        export: function of the row for the exported value, when it differs.
    """

    key: str
    label: Text
    value: str | Callable[[Any], Any] = ""
    sort: str = ""
    kind: str = "text"
    unit: Text = ""
    decimals: int | None = None
    choices: Any = ()
    tones: Mapping[str, str] = field(default_factory=dict)
    hint: Callable[[Any], Text] | None = None
    url: Callable[[Any], str | None] | None = None
    hidden: bool = False
    export: Callable[[Any], Any] | None = None

    @property
    def is_right(self) -> bool:
        """Numbers stand right."""
        return self.kind == "number"

    def raw(self, row: Any) -> Any:
        """The value of the row."""
        if callable(self.value):
            return self.value(row)
        return follow(row, self.value or self.key)

    def exported(self, row: Any) -> Any:
        """The value for a spreadsheet: numbers and dates as such, a state in words."""
        if self.export is not None:
            return self.export(row)
        value = self.raw(row)
        if self.kind == "state":
            return self.word(value)
        if self.kind == "flag":
            return _("yes") if value else _("no")
        return value

    def word(self, value: Any) -> str:
        """The label of a state."""
        if value in (None, ""):
            return ""
        return str(dict(self.choices).get(value, value))

    def text(self, value: Any) -> str:
        """The value as people read it."""
        if self.kind == "state":
            return self.word(value)
        if self.kind == "flag":
            return _("yes") if value else _("no")
        return show(value, self.decimals)

    def cell(self, row: Any) -> "Cell":
        """All that the template needs."""
        value = self.raw(row)
        return Cell(
            self.text(value),
            self.tones.get(value, "calm") if self.kind == "state" and value else "",
            self.url(row) if self.url else None,
            self.hint(row) if self.hint else "",
        )


@dataclass(frozen=True)
class Cell:
    """One field of the table."""

    text: str
    tone: str = ""
    url: str | None = None
    hint: Text = ""

    @property
    def html(self) -> SafeString:
        """From the attribute of the hint to the end of the field."""
        hint = format_html(' title="{}"', self.hint) if self.hint else ""
        if self.tone:
            shown = '{}><span class="state state-{}">{}</span></td>'
            return format_html(shown, hint, self.tone, self.text)
        if self.url:
            return format_html('{}><a href="{}">{}</a></td>', hint, self.url, self.text)
        return format_html("{}>{}</td>", hint, self.text)


def follow(row: Any, path: str) -> Any:
    """`model.name` over attributes and mappings; None where the way ends."""
    for name in path.split("."):
        if row is None:
            return None
        row = row.get(name) if isinstance(row, Mapping) else getattr(row, name)
        if callable(row) and not isinstance(row, type):
            row = row()
    return row


def show(value: Any, decimals: int | None = None) -> str:
    """Dates as 2026-11-22, moments to the minute in the organisation's zone, zero without sign.

    >>> show(Decimal("-0.004"), 2)
    '0.00'
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        if timezone.is_aware(value):
            value = timezone.localtime(value)
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal | float | int) and decimals is not None:
        text = f"{value:.{decimals}f}"
        return text.lstrip("-") if not text.strip("-0.") else text
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(show(item) for item in value)
    return str(value)
