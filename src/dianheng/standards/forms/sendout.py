"""Plans and orders of send-outs, and their tables of standards."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dianheng.assets.fields import KeyForm
from dianheng.assets.models import Device
from dianheng.common.forms import DayField, Form, PlainSelectMultiple
from dianheng.identity.models import Unit

from ..choices import Found, Way
from ..models import SendoutItem
from .common import standard_by_barcode


class SendoutPlanForm(KeyForm):
    """A plan is drawn up."""

    unit = forms.ModelChoiceField(Unit.objects.none(), label=_("Laboratory"), empty_label=None)
    title = forms.CharField(label=_("Title"), max_length=200)
    first_on = DayField(label=_("From"))
    last_on = DayField(
        label=_("Through"), help_text=_("Standards whose certificate ends by this day are listed.")
    )

    def __init__(self, *args: Any, units: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]


class PlanLineForm(Form):
    """A line of a plan as long as it is a draft."""

    body = forms.CharField(label=_("Higher body"), required=False, max_length=200)
    way = forms.ChoiceField(label=_("Way"), choices=Way.choices)
    planned_on = DayField(label=_("Planned for"))
    appointed_on = DayField(label=_("Day given by the body"), required=False)
    cycle_months = forms.IntegerField(label=_("Cycle, months"), required=False)
    note = forms.CharField(label=_("Note"), required=False, max_length=500)


class ListedLineForm(Form):
    """A standard on the hand-over list out."""

    accessories = forms.CharField(label=_("Accessories"), required=False, max_length=500)
    condition = forms.CharField(label=_("Condition"), required=False, max_length=500)


class ReturnLineForm(Form):
    """A standard that comes in."""

    is_here = forms.BooleanField(label=_("Has come in"), required=False)
    found = forms.ChoiceField(label=_("Came back as"), choices=Found.choices)
    condition = forms.CharField(label=_("Condition found"), required=False, max_length=500)
    accessories = forms.CharField(
        label=_("Accessories that came back"), required=False, max_length=500
    )


class CostLineForm(Form):
    """What the body charged for a standard."""

    cost_yuan = forms.DecimalField(label=_("Cost, yuan"), required=False)


class HandOverForm(Form):
    """Who takes the standards, there and on the way."""

    receiver = forms.CharField(label=_("Received there by"), max_length=200)
    carrier = forms.CharField(label=_("Carried by"), required=False, max_length=200)
    at = forms.DateTimeField(
        label=_("When"), required=False, help_text=_("Empty: now. For example 2026-11-22 14:30.")
    )


class LeftForm(Form):
    """When a send-out left, corrected."""

    at = forms.DateTimeField(label=_("When"), help_text=_("For example 2026-11-22 14:30."))
    reason = forms.CharField(
        label=_("Reason"), max_length=500, help_text=_("What was wrong with the first entry.")
    )


class BroughtForm(Form):
    """Who brought the standards back."""

    brought_by = forms.CharField(label=_("Brought back by"), max_length=200)
    at = forms.DateTimeField(
        label=_("When"), required=False, help_text=_("Empty: now. For example 2026-11-22 14:30.")
    )


class InvoiceForm(Form):
    """The invoice of the costs."""

    invoice_no = forms.CharField(label=_("Invoice"), required=False, max_length=100)


class SendoutForm(KeyForm):
    """Standards that go to one body together."""

    unit = forms.ModelChoiceField(Unit.objects.none(), label=_("Laboratory"), empty_label=None)
    body = forms.CharField(label=_("Higher body"), max_length=200)
    expected_on = DayField(label=_("Expected back on"))
    item_ids = forms.MultipleChoiceField(
        label=_("Planned, its day given"), required=False, widget=PlainSelectMultiple
    )
    devices = forms.CharField(
        label=_("Not planned"), required=False, widget=forms.Textarea({"rows": 2}),
        help_text=_("Bar codes, one a line: scan them."),
    )  # fmt: skip

    def __init__(self, *args: Any, units: Any, items: Sequence[SendoutItem], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]
        self.fields["item_ids"].choices = [  # type: ignore[attr-defined]
            (item.pk, f"{item.device.barcode} · {item.body} · {item.appointed_on}")
            for item in items
        ]

    def clean_item_ids(self) -> list[int]:
        return [int(key) for key in self.cleaned_data["item_ids"]]

    def clean_devices(self) -> list[Device]:
        return [standard_by_barcode(code) for code in self.cleaned_data["devices"].split()]


class Lines:
    """One small form for each standard of a table; valid together or not."""

    def __init__(
        self,
        kind: type[Form],
        items: Sequence[SendoutItem],
        data: Any,
        initial: Callable[[SendoutItem], Mapping[str, Any]],
    ):
        self.rows: list[tuple[SendoutItem, Form]] = []
        for item in items:
            form = kind(data, prefix=f"i{item.pk}", initial=dict(initial(item)))
            for field in form.fields.values():
                field.widget.attrs["aria-label"] = f"{item.device.barcode} {field.label}"
            self.rows.append((item, form))

    def __len__(self) -> int:
        return len(self.rows)

    def is_valid(self) -> bool:
        answers = [form.is_valid() for _item, form in self.rows]  # every one, for its faults
        return all(answers)

    @property
    def typed(self) -> dict[int, dict[str, Any]]:
        """What was typed, by key of the item."""
        return {item.pk: form.cleaned_data for item, form in self.rows}

    @property
    def faults(self) -> list[str]:
        """Everything that could not be read, with the bar code of its line."""
        return [
            f"{item.device.barcode} {form.fields[name].label}: {text}"
            for item, form in self.rows
            for name, texts in form.errors.items()
            for text in texts
        ]
