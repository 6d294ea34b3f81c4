"""Shapes of what people type about seals."""

from django import forms
from django.utils.translation import gettext_lazy as _

from dianheng.assets.fields import DeviceField, KeyForm, PersonField, UnitField

from .choices import SealKind, SealPosition


class NumbersField(forms.CharField):
    """One number or range a line, as scanned or typed."""

    def __init__(self, **kwargs: object):
        super().__init__(
            label=_("Seal numbers"),
            widget=forms.Textarea(
                attrs={"rows": 8, "data-scan-field": "", "class": "form-control code"}
            ),
            help_text=_("One number a line, or a range: JD26000001..JD26000500"),
            **kwargs,
        )

    def clean(self, value: object) -> list[str]:
        return [line.strip() for line in super().clean(value).splitlines() if line.strip()]


class EnrolForm(KeyForm):
    """Seals into the register."""

    kind = forms.ChoiceField(
        label=_("Kind"), choices=SealKind.choices, initial=SealKind.VERIFICATION
    )
    unit = UnitField(label=_("Unit"))
    numbers = NumbersField()
    batch_code = forms.CharField(label=_("Batch"), required=False, max_length=40)
    maker = forms.CharField(label=_("Maker"), required=False, max_length=80)
    colour = forms.CharField(label=_("Colour"), required=False, max_length=20)
    is_ordered = forms.BooleanField(label=_("Ordered, not here yet"), required=False)


class IssueForm(KeyForm):
    """Seals to a person."""

    person = PersonField(label=_("To whom"), help_text=_("Name or staff number"))
    numbers = NumbersField()


class NumbersForm(KeyForm):
    """Seals received or given back."""

    numbers = NumbersField()


class ScrapForm(KeyForm):
    """Seals destroyed before a witness."""

    numbers = NumbersField()
    witness = PersonField(label=_("Witness"), help_text=_("A second person who sees it"))
    reason = forms.CharField(label=_("Reason"), max_length=400)


class LoseForm(KeyForm):
    """Seals reported lost."""

    numbers = NumbersField()
    reason = forms.CharField(label=_("Reason"), max_length=400)


class ApplyForm(KeyForm):
    """One seal onto a device by hand; loads come with the bench's upload or its page."""

    device = DeviceField(
        label=_("Device"),
        widget=forms.TextInput(attrs={"data-scan-field": "", "autocomplete": "off"}),
    )
    position = forms.ChoiceField(label=_("Position"), choices=SealPosition.choices)
    seal_no = forms.CharField(label=_("Seal number"), max_length=60)
    kind = forms.ChoiceField(
        label=_("Kind"), choices=SealKind.choices, initial=SealKind.VERIFICATION
    )


class OpenForm(KeyForm):
    """A seal opened: why, and what sits there now."""

    reason = forms.CharField(label=_("Why it was opened"), max_length=400)
    document = forms.CharField(label=_("Order or document"), required=False, max_length=60)
    new_seal_no = forms.CharField(
        label=_("New seal"), required=False, max_length=60, help_text=_("If it was sealed again.")
    )
