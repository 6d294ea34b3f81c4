"""Papers of standards, their values by point, what stands above them."""

import csv
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dianheng.assets.models import Device
from dianheng.common.files import Unreadable, open_table
from dianheng.common.forms import DayField, Form
from dianheng.common.uploads import uploaded

from ..models import OutsideStandard
from .common import standard_by_barcode


class CertificateForm(Form):
    """A paper with number, issuer, first and last day."""

    number = forms.CharField(label=_("Number"), max_length=100)
    issuer = forms.CharField(label=_("Issued by"), max_length=200)
    valid_from = DayField(label=_("From"))
    valid_through = DayField(label=_("Through"))
    takes_over = forms.BooleanField(
        label=_("It takes over from a certificate that still holds"), required=False
    )


class ValuesForm(Form):
    """Values by point: pasted from a table, or as a file."""

    values = forms.CharField(
        label=_("Values by point"), required=False, strip=False,
        widget=forms.Textarea({"rows": 8, "spellcheck": "false", "wrap": "off"}),
        help_text=_(
            "Paste them from a table. Columns: quantity, point, value, correction, "
            "expanded uncertainty, k, unit; with or without a line of heads."
        ),
    )  # fmt: skip
    table = forms.FileField(
        label=_("Values as a file"), required=False,
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv,.txt"}),
        help_text=_("A table as .xlsx or .csv."),
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Reason"), required=False, max_length=500,
        help_text=_("Why other values take the place of those that are there."),
    )  # fmt: skip
    needs_values = True

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        table, text = data.pop("table", None), data.get("values") or ""
        rows: list[list[str]] = []
        if table is not None and text.strip():
            self.add_error("table", _("Paste the values or send a file, not both."))
        elif table is not None:
            try:
                with uploaded(table) as path:
                    rows = [list(row) for _no, row in open_table(path).rows()]
            except Unreadable as error:
                self.add_error("table", str(error.refusal.text))
        elif text.strip():
            rows = pasted_rows(text)
        elif self.needs_values:
            self.add_error("values", _("Paste the values, or send them as a file."))
        data["values"] = rows
        return data


def pasted_rows(text: str) -> list[list[str]]:
    """Cells of pasted lines: tabs as spreadsheets copy them, else commas or semicolons."""
    sign = next((sign for sign in ("\t", ";", ",") if sign in text), "\t")
    return [list(row) for row in csv.reader(text.splitlines(), delimiter=sign)]


class StandardCertificateForm(CertificateForm, ValuesForm):
    """The certificate of a standard, bench or instrument."""

    accuracy_class = forms.CharField(
        label=_("Class"),
        required=False,
        max_length=20,
        help_text=_("For example 0.05; empty: by uncertainty."),
    )
    uncertainty = forms.CharField(label=_("Uncertainty"), required=False, max_length=100)
    higher_standard = forms.CharField(
        label=_("Traced to"), required=False, max_length=200,
        help_text=_("The issuer's standard by which it was made, as the certificate names it."),
    )  # fmt: skip
    higher_device = forms.CharField(
        label=_("Traced to our own standard"), required=False, max_length=64,
        help_text=_("Its bar code, where we made the certificate ourselves."),
    )  # fmt: skip
    sent = forms.FileField(
        label=_("Scanned certificate"), required=False,
        widget=forms.FileInput(attrs={"accept": ".pdf,.ofd,.jpg,.jpeg,.png,.webp"}),
    )  # fmt: skip
    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea({"rows": 2}))
    reason = None  # type: ignore[assignment]
    needs_values = False
    field_order = [
        "number", "issuer", "valid_from", "valid_through", "takes_over", "accuracy_class",
        "uncertainty", "higher_standard", "higher_device", "sent", "values", "table", "note",
    ]  # fmt: skip

    def clean_higher_device(self) -> Device | None:
        code = self.cleaned_data["higher_device"]
        return standard_by_barcode(code) if code.strip() else None


class OutsideStandardForm(Form):
    """A standard of another body."""

    body = forms.CharField(label=_("Other body"), max_length=200)
    name = forms.CharField(label=_("Name"), max_length=200)
    accuracy = forms.CharField(label=_("Class or uncertainty"), required=False, max_length=100)
    certificate_no = forms.CharField(label=_("Certificate"), required=False, max_length=100)
    valid_through = DayField(label=_("Valid through"), required=False)
    is_national = forms.BooleanField(
        label=_("National primary standard"), required=False,
        help_text=_("Nothing stands above it: the chain ends here."),
    )  # fmt: skip
    higher = forms.ModelChoiceField(
        OutsideStandard.objects.none(), label=_("Traced to"), required=False, empty_label="–"
    )

    def __init__(self, *args: Any, standard: OutsideStandard | None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        others = OutsideStandard.objects.all()
        if standard is not None:
            others = others.exclude(pk=standard.pk)
        self.fields["higher"].queryset = others  # type: ignore[attr-defined]


class AcknowledgeForm(Form):
    """Who knows that a paper ends says what is done about it."""

    word = forms.CharField(
        label=_("What is done"), max_length=500, widget=forms.Textarea({"rows": 2}),
        help_text=_("For example: sent to the institute on 5 December."),
    )  # fmt: skip
