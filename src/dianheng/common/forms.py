"""Base of forms: full-width digits are read, `t` is today, errors are tied to their fields."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from .access import note_refusal
from .errors import Refused, Text
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

    def prepare_value(self, value: Any) -> Any:
        """What is shown: the day itself, where `t+7` was offered or typed."""
        try:
            return read_day(value) if isinstance(value, str) and value else value
        except NotUnderstood:
            return value


class _Closing:
    """Options that may not be chosen now are greyed, their reason on hover; services refuse them too."""

    closed: Mapping[Any, Any] = {}

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)  # type: ignore[misc]
        if (reason := self.closed.get(getattr(value, "value", value))) is not None:
            option["attrs"] |= {"disabled": True, "title": str(reason)}
        return option


class ClosingSelect(_Closing, forms.Select):
    """One of many; `closed` says by value which may not be chosen now, and why."""


class PlainSelectMultiple(_Closing, forms.CheckboxSelectMultiple):
    """Boxes to tick, one below the other; `closed` as that of `ClosingSelect`."""


class Form(forms.Form):
    """All forms of the pages: Tabler's classes, plain digits, errors announced at their fields."""

    required_css_class = "is-required"

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.dress()

    def dress(self) -> None:
        """Give every field its looks; a form that adds fields later calls it again."""
        for field in self.fields.values():
            widget = field.widget
            if isinstance(widget, forms.CheckboxSelectMultiple | forms.RadioSelect):
                continue  # the class would go to the frame around the boxes as well
            if isinstance(widget, forms.CheckboxInput):
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


class SuggestInput(forms.TextInput):
    """A field that offers what fits while one types; `url` answers `[{value, label}]` for `?q=`."""

    def __init__(self, url_name: str, attrs: dict[str, Any] | None = None):
        super().__init__(attrs)
        self.url_name = url_name

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        suggest = {"data-suggest": reverse(self.url_name), "autocomplete": "off"}
        return super().get_context(name, value, (attrs or {}) | suggest)


MOST_SHOWN = 50


def take_refusal(form: forms.Form, refused: Refused, request: HttpRequest) -> None:
    """Show what a service refused beside the fields that it names, the rest on top, each once."""
    note_refusal(request, refused)
    for refusal in refused.refusals:
        rest = []
        for error in refusal.errors:
            if error.get("field") in form.fields:
                form.add_error(str(error["field"]), str(error["text"]))
            else:
                rest.append(_with_place(error))
        if rest or not refusal.errors:
            for text in dict.fromkeys([str(refusal.text), *rest[:MOST_SHOWN]]):
                form.add_error(None, text)
        if len(rest) > MOST_SHOWN:
            form.add_error(None, _("And %(n)s more.") % {"n": len(rest) - MOST_SHOWN})


def _with_place(error: Mapping[str, Any]) -> str:
    """The text of an error, behind the row or thing that it is about where it does not say so."""
    text = str(error["text"])
    place = next((str(error[key]) for key in ("row", "device", "label") if error.get(key)), "")
    return text if place in text else f"{place}: {text}"


def answer_form(
    request: HttpRequest,
    form: forms.Form,
    act: Callable[[dict[str, Any]], str],
    *,
    title: Text,
    submit: Text,
    back: str,
    crumbs: Sequence[tuple[Text, str]] = (),
    intro: Text = "",
    success: Text = "",
    template: str = "common/form.html",
    **context: Any,
) -> HttpResponse:
    """A page with one form: shows it, or acts and goes on.

    Args:
        form: bound when the request is a POST: `SomeForm(request.POST or None)`.
        act: gets the cleaned data, calls one service, answers the address to go on to;
            what the service refuses is shown at its fields, nothing typed is lost.
        crumbs: (label, address) of the pages above.
        success: said on the next page.
    """
    if request.method == "POST" and form.is_valid():
        try:
            address = act(form.cleaned_data)
        except Refused as refused:
            take_refusal(form, refused, request)
        else:
            if success:
                messages.success(request, str(success))
            return redirect(address)
    shown = {"title": title, "form": form, "submit": submit, "back": back, "crumbs": crumbs}
    return render(request, template, shown | {"intro": intro, **context})


__all__ = ["DayField", "Form", "PlainSelectMultiple", "SuggestInput", "answer_form", "take_refusal"]


def acted(
    request: HttpRequest, act: Callable[[], Any], back: str, success: Text = ""
) -> HttpResponse:
    """Call a service from a button; what it refuses is said on the page it came from."""
    try:
        act()
    except Refused as refused:
        note_refusal(request, refused)
        for refusal in refused.refusals:
            for text in [refusal.text, *(error["text"] for error in refusal.errors)]:
                messages.error(request, str(text))
    else:
        if success:
            messages.success(request, str(success))
    return redirect(back)
