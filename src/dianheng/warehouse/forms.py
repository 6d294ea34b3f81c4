"""Shape of input."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import PlaceKind
from dianheng.assets.models import Place
from dianheng.common.forms import Form
from dianheng.identity.models import Person, Unit

from .choices import Purpose

BEGINS = [
    Purpose.STOCK_IN,
    Purpose.MOVE,
    Purpose.DISTRIBUTE,
    Purpose.ISSUE,
    Purpose.RETURN,
    Purpose.FOR_TEST,
    Purpose.RESERVE,
    Purpose.RELEASE,
]
TARGETS = (PlaceKind.STORE, PlaceKind.SHELF, PlaceKind.BOX, PlaceKind.LABORATORY)


class TargetForm(Form):
    """What for, where to: set before the first scan."""

    purpose = forms.ChoiceField(label=_("Purpose"), choices=[(p.value, p.label) for p in BEGINS])
    unit = forms.ModelChoiceField(label=_("Unit"), queryset=Unit.objects.none())
    to_place = forms.CharField(
        label=_("To place"), required=False,
        help_text=_("Scan or type the code of the store, shelf or box."),
        widget=forms.TextInput(attrs={"list": "places", "autocomplete": "off"}),
    )  # fmt: skip
    to_person = forms.CharField(
        label=_("To person"), required=False, help_text=_("Name or staff number; for issuing."),
        widget=forms.TextInput(attrs={"list": "people", "autocomplete": "off"}),
    )  # fmt: skip
    basis = forms.CharField(label=_("Basis"), required=False, help_text=_("Order, plan or task."))

    def __init__(self, *args: Any, units: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]

    def clean_to_place(self) -> Place | None:
        code = self.cleaned_data["to_place"].split(" ")[0].strip()
        if not code:
            return None
        place = Place.objects.filter(code=code, is_active=True, kind__in=TARGETS).first()
        if place is None:
            raise forms.ValidationError(
                _("There is no open store, shelf or box %(code)s.") % {"code": code}
            )
        return place

    def clean_to_person(self) -> Person | None:
        text = self.cleaned_data["to_person"].strip()
        if not text:
            return None
        people = Person.objects.filter(is_active=True, is_system=False)
        number = text.split(" ")[0]
        found = list(people.filter(person_no=number)[:1]) or list(people.filter(name=text)[:2])
        if len(found) != 1:
            raise forms.ValidationError(
                _("“%(text)s” is no person, or several: give the staff number.") % {"text": text}
            )
        return found[0]


class ReasonForm(Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 2}))
