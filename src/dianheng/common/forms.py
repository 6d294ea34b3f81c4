"""Base of forms: full-width digits are read, `t` is today, errors are tied to their fields."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .lists.filters import NotUnderstood, read_day
from .numbers import halfwidth


class DayField(forms.Field):
    """A day by typing: 2026-11-22, 20261122, 2026年11月22日, `t` today, `t+7`."""

    widget = forms.TextInput(
        attrs={"data-day": "", "placeholder": "2026-11-22", "autocomplete": "off"}
    )

    def to_python(self, value: Any) -> date | None:
        if value in (None, ""):
            return None
        if isinstance(value, date):
            return value
        try:
            return read_day(str(value))
        except NotUnderstood:
            raise forms.ValidationError(
                _("“%(value)s” is no day. Write 2026-11-22, or t for today.") % {"value": value}
            ) from None


class PlainSelectMultiple(forms.CheckboxSelectMultiple):
    """Boxes to tick, one below the other."""


class Form(forms.Form):
    """All forms of the pages: Tabler's classes, plain digits, errors announced at their fields."""

    required_css_class = "is-required"

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            widget = field.widget
            if isinstance(
                widget, forms.CheckboxInput | forms.CheckboxSelectMultiple | forms.RadioSelect
            ):
                widget.attrs.setdefault("class", "form-check-input")
            elif isinstance(widget, forms.Select):
                widget.attrs.setdefault("class", "form-select")
            else:
                widget.attrs.setdefault("class", "form-control")
            if isinstance(field, forms.DecimalField):
                field.widget = forms.TextInput(
                    attrs=widget.attrs | {"inputmode": "decimal", "autocomplete": "off"}
                )
                field.localize = False
            elif isinstance(field, forms.IntegerField):
                field.widget = forms.TextInput(
                    attrs=widget.attrs | {"inputmode": "numeric", "autocomplete": "off"}
                )

    def _clean_fields(self) -> None:
        """Read full-width digits as plain ones where numbers and days are asked."""
        data = self.data.copy() if hasattr(self.data, "copy") else dict(self.data)
        for name, field in self.fields.items():
            key = self.add_prefix(name)
            if isinstance(field, forms.IntegerField | DayField) and isinstance(data.get(key), str):
                data[key] = halfwidth(data[key]).strip()
        self.data = data
        super()._clean_fields()


REQUIRED = gettext_lazy("Please fill this in.")

__all__ = ["REQUIRED", "DayField", "Form", "PlainSelectMultiple"]
