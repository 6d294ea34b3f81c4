"""Shapes of what people type; decisions are the services'."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext_lazy as _

from dianheng.common.errors import Refused
from dianheng.common.forms import Form, PlainSelectMultiple

from .models import Person
from .registry import all_rights


def take_refusal(form: forms.Form, refused: Refused) -> None:
    """Show what a service refused beside the fields that it names, the rest on top."""
    for refusal in refused.refusals:
        named = [error for error in refusal.errors if error.get("field") in form.fields]
        for error in named:
            form.add_error(str(error["field"]), str(error["text"]))
        if not named:
            form.add_error(None, str(refusal.text))


class LoginForm(AuthenticationForm):
    """Name and password."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for name, complete in (("username", "username"), ("password", "current-password")):
            self.fields[name].widget.attrs |= {"class": "form-control", "autocomplete": complete}

    error_messages = {
        "invalid_login": _(
            "Login or password is wrong. After five attempts the login rests for 15 minutes."
        ),
        "inactive": _("This person may not log in. Ask who organises your unit."),
    }


class PasswordForm(Form):
    """The old one, and twice the new one."""

    old = forms.CharField(
        label=_("Password until now"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}), strip=False,
    )  # fmt: skip
    password = forms.CharField(
        label=_("New password"), strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 10 signs, not only digits, not a common one, not your name."),
    )  # fmt: skip
    again = forms.CharField(
        label=_("New password once more"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}), strip=False,
    )  # fmt: skip

    def __init__(self, *args: Any, person: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.person: Person = person

    def clean_old(self) -> str:
        if not self.person.check_password(self.cleaned_data["old"]):
            raise forms.ValidationError(_("This is not your password."))
        return str(self.cleaned_data["old"])

    def clean(self) -> None:
        data = self.cleaned_data
        if data.get("password") and data.get("again") and data["password"] != data["again"]:
            self.add_error("again", _("The two new passwords differ."))


class TokenForm(Form):
    """A token for a program that acts for me."""

    label = forms.CharField(label=_("What for"), max_length=80)
    days = forms.IntegerField(label=_("Valid for"), min_value=1, max_value=3660, initial=90)
    days.unit = _("days")  # type: ignore[attr-defined]
    scopes = forms.MultipleChoiceField(
        label=_("Limited to these rights"), required=False, widget=PlainSelectMultiple,
        help_text=_("None chosen: all your rights."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = list(all_rights().items())  # type: ignore[attr-defined]
