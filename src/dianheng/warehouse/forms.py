"""Shape of input."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import PlaceKind
from dianheng.assets.fields import KeyForm, PersonField, PlaceField
from dianheng.assets.models import Place
from dianheng.common.forms import Form
from dianheng.documents.choices import LabelKind
from dianheng.documents.papers.labels import sheets
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


class ReasonForm(KeyForm):
    """Why."""

    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 2}))


class CloseForm(KeyForm):
    """What became of what is missing, and who answers for it."""

    answerable = PersonField(label=_("Who answers for it"), help_text=_("Name or staff number"))
    reason = forms.CharField(
        label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What happened, how it is known, what was agreed."),
    )  # fmt: skip


class ForTestForm(Form):
    """To which laboratory locked stock goes."""

    to_place = PlaceField(
        label=_("Laboratory"), kinds=(PlaceKind.LABORATORY,), help_text=_("Code or name")
    )
    basis = forms.CharField(label=_("Basis"), required=False, max_length=200)


class DamagedForm(Form):
    """A device that came damaged, and what is wrong with it."""

    code = forms.CharField(label=_("Bar code"), max_length=400)
    text = forms.CharField(
        label=_("Damage"), max_length=200, required=False,
        help_text=_("Seen on arrival: “cover cracked”. Empty: it is not damaged after all."),
    )  # fmt: skip


class LabelForm(Form):
    """Sheet, first free label, the printer's offset."""

    sheet = forms.ChoiceField(label=_("Label sheet"))
    first = forms.IntegerField(
        label=_("First free label"), min_value=1, initial=1,
        help_text=_("Counted in rows from the top left; a fresh sheet begins at 1."),
    )  # fmt: skip
    copies = forms.IntegerField(label=_("Copies of each"), min_value=1, max_value=20, initial=1)
    approver = forms.CharField(
        label=_("Approved by"), required=False, max_length=60,
        help_text=_("Stands on the red label of what is out of use."),
    )  # fmt: skip
    dx = forms.DecimalField(
        label=_("Shift to the right, mm"),
        required=False,
        min_value=-20,
        max_value=20,
        decimal_places=1,
    )
    dy = forms.DecimalField(
        label=_("Shift down, mm"), required=False, min_value=-20, max_value=20, decimal_places=1,
        help_text=_("Measure both on a test print: the distance from the outline to the label."),
    )  # fmt: skip
    reason = forms.CharField(label=_("Reason, when printed again"), required=False, max_length=200)

    def __init__(self, *args: Any, kind: str, **kwargs: Any):
        super().__init__(*args, **kwargs)
        sheet: Any = self.fields["sheet"]
        self.room = {n: s["columns"] * s["rows"] for n, s in sheets().items() if kind in s["kinds"]}
        sheet.choices = [(n, sheets()[n]["name"]) for n in self.room]
        if kind != LabelKind.STATUS_LABEL:
            del self.fields["approver"]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        room = self.room.get(data.get("sheet", ""), 0)
        if room and data.get("first", 1) > room:
            self.add_error("first", _("The sheet has %(n)s labels.") % {"n": room})
        return data
