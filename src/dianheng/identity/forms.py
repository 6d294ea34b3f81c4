"""Shapes of what people type; decisions are the services'."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.forms import AuthenticationForm
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from dianheng.common.forms import DayField, Form, PlainSelectMultiple, SuggestInput
from dianheng.common.numbers import halfwidth

from .choices import QualificationKind, UnitKind
from .models import Person, Post, Unit
from .registry import all_rights

STEP_NAMES = {
    "handle": _("Handling"),
    "test": _("Testing"),
    "review": _("Review"),
    "approve": _("Approval"),
    "receive": _("Receipt"),
}


AREAS = {
    "assets": _("Devices"),
    "audit": _("Audit trail"),
    "documents": _("Papers"),
    "identity": _("Organisation"),
    "jobs": _("Jobs"),
    "seals": _("Seals"),
    "supply": _("Arrival and acceptance"),
    "verification": _("Verification"),
    "warehouse": _("Stock"),
}


def rights_by_area() -> list[tuple[Any, list[tuple[str, Any]]]]:
    """All rights as a form offers them."""
    areas: dict[str, list[tuple[str, Any]]] = {}
    for code, label in all_rights().items():
        areas.setdefault(code.split(".")[0], []).append((code, label))
    return [(AREAS.get(area, area), rights) for area, rights in areas.items()]


class LoginForm(AuthenticationForm):
    """Name and password.

    The name goes on as `login`, as the model calls it: by that word wrong attempts are counted.
    """

    def clean(self) -> dict[str, Any]:
        name, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if name is not None and password:
            # Django only tells the browser how long a name may be; attempts are counted by it.
            if len(name) > self.fields["username"].max_length:  # type: ignore[attr-defined]
                raise self.get_invalid_login_error()
            self.user_cache = authenticate(self.request, login=name, password=password)
            if self.user_cache is None:
                raise self.get_invalid_login_error()
            self.confirm_login_allowed(self.user_cache)
        return self.cleaned_data

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
        self.fields["scopes"].choices = rights_by_area()  # type: ignore[attr-defined]


def _indented(units: Iterable[Unit]) -> list[tuple[int, str]]:
    """Units as a select shows them: deeper ones further in."""
    shown = list(units)
    top = min((unit.path.count("/") for unit in shown), default=0)
    return [(u.pk, "\u2003" * (u.path.count("/") - top) + u.name) for u in shown]


class UnitChoice(forms.ModelChoiceField):
    """A unit of those that one may see, indented as the tree is."""

    def __init__(self, **kwargs: Any):
        super().__init__(queryset=Unit.objects.filter(is_active=True), **kwargs)

    def limit(self, paths: Iterable[str]) -> None:
        """Only the units below these roots."""
        under = Q(pk__in=[])
        for path in paths:
            under |= Q(path__startswith=path)
        self.queryset = self.queryset.filter(under)
        self.choices = [("", "–"), *_indented(self.queryset)]


class PersonChoice(forms.Field):
    """A person by staff number, login or name; suggestions come while typing."""

    def __init__(self, **kwargs: Any):
        super().__init__(widget=SuggestInput("people_suggest"), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return f"{value.person_no} {value.name}" if isinstance(value, Person) else value

    def to_python(self, value: Any) -> Person | None:
        if value in (None, "") or isinstance(value, Person):
            return value or None
        text = halfwidth(str(value)).strip()
        first, rest = text.partition(" ")[0], text.partition(" ")[2].strip()
        known = Person.objects.filter(is_system=False)
        by_no = known.filter(Q(person_no=first) | Q(login=first))
        found = list((by_no.filter(name=rest) if rest else by_no)[:1]) or list(
            known.filter(name=text)[:2]
        )
        if len(found) == 1:
            return found[0]
        if found:
            raise forms.ValidationError(
                _("Several people are called %(name)s. Type the staff number."),
                params={"name": text},
            )
        raise forms.ValidationError(_("There is no person %(login)s."), params={"login": text})


class UnitForm(Form):
    """A unit below another one."""

    code = forms.CharField(label=_("Code"), max_length=40)
    name = forms.CharField(label=_("Name"), max_length=80)
    kind = forms.ChoiceField(label=_("Kind"), choices=UnitKind.choices)


class UnitRenameForm(Form):
    """Name and whether it is in use."""

    name = forms.CharField(label=_("Name"), max_length=80)
    is_active = forms.BooleanField(label=_("Active"), required=False)


class PersonForm(Form):
    """Somebody who may log in."""

    person_no = forms.CharField(label=_("Staff number"), max_length=40)
    name = forms.CharField(label=pgettext_lazy("person", "Name"), max_length=80)
    login = forms.CharField(label=_("Login"), max_length=40)
    unit = UnitChoice(label=_("Unit"))
    password = forms.CharField(
        label=_("First password"), strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("To be changed at the first login. At least 10 signs, not only digits."),
    )  # fmt: skip


class PasswordForOtherForm(Form):
    """A new password set by who organises the unit."""

    password = forms.CharField(
        label=_("New password"), strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("To be changed at the next login."),
    )  # fmt: skip


class ReasonForm(Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 2}))


class HoldingForm(Form):
    """A post in a unit from a day on."""

    post = forms.ModelChoiceField(label=_("Post"), queryset=Post.objects.all())
    unit = UnitChoice(label=_("Unit"))
    valid_from = DayField(label=_("From"))
    valid_through = DayField(
        label=_("Through"), required=False, help_text=_("Last day included; empty: open.")
    )


class EndForm(Form):
    """The last day."""

    valid_through = DayField(label=_("Last day"))


class PostForm(Form):
    """A post and its rights."""

    code = forms.CharField(label=_("Code"), max_length=40)
    name = forms.CharField(label=_("Name"), max_length=80)
    description = forms.CharField(
        label=_("Description"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    rights = forms.MultipleChoiceField(
        label=_("Rights"), required=False, widget=PlainSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["rights"].choices = rights_by_area()  # type: ignore[attr-defined]


class StandInForm(Form):
    """Who stands in for whom, from day to day, why."""

    from_person = PersonChoice(label=_("For"))
    to_person = PersonChoice(label=_("Stand-in"))
    valid_from = DayField(label=_("From"))
    valid_through = DayField(label=_("Through"), help_text=_("Last day included."))
    reason = forms.CharField(label=_("Reason"), max_length=200)


class QualificationForm(Form):
    """A laboratory's authorisation of a person."""

    person = PersonChoice(label=_("Person"))
    kind = forms.ChoiceField(label=_("Kind"), choices=QualificationKind.choices)
    project = forms.CharField(
        label=_("Project"), initial="*", max_length=80,
        help_text=_("“*”: every project of the laboratory."),
    )  # fmt: skip
    number = forms.CharField(label=_("Number"), max_length=80)
    issuer = forms.CharField(label=_("Issued by"), max_length=120)
    valid_from = DayField(label=_("From"))
    valid_through = DayField(label=_("Through"), help_text=_("Last day included."))


class WithdrawForm(ReasonForm):
    """From which day, and why."""

    withdrawn_on = DayField(label=_("Withdrawn on"))
    field_order = ["withdrawn_on", "reason"]


class SettingForm(Form):
    """A new value from a day on."""

    value = forms.CharField(label=_("Value"), max_length=400)
    unit = UnitChoice(
        label=_("Applies to"), required=False, help_text=_("Empty: the whole company.")
    )
    valid_from = DayField(label=_("From"))
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 2}))


class SeparationForm(Form):
    """One matter, one person, the steps that this person may all take, from day to day."""

    subject = forms.CharField(
        label=_("Matter"), max_length=120, help_text=_("The matter, for example task:T2026-0001.")
    )
    person = PersonChoice(label=_("Person"))
    steps = forms.MultipleChoiceField(
        label=_("Steps by the same person"), choices=list(STEP_NAMES.items()),
        widget=PlainSelectMultiple,
    )  # fmt: skip
    valid_from = DayField(label=_("From"))
    valid_through = DayField(label=_("Through"), help_text=_("Last day included."))
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 2}))


class CleanUpForm(Form):
    """Events older than a day; the reason is asked for when they are removed."""

    before = DayField(label=_("Events older than"))
    reason = forms.CharField(
        label=_("Reason"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class WordForm(Form):
    """What came of a look."""

    word = forms.CharField(
        label=_("What came of it"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip
