"""Forms of the pages; forms of packs are drawn by `fields`."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dianheng.common.forms import DayField, Form, PlainSelectMultiple
from dianheng.identity.models import Person, Post, Unit
from dianheng.identity.selectors import units_with_right

from .choices import RemarkKind


class StartForm(Form):
    """What an instance is about, and for which unit."""

    unit = forms.ModelChoiceField(Unit.objects.none(), label=_("Unit"))
    title = forms.CharField(label=_("Subject"), max_length=80)
    subject = forms.CharField(widget=forms.HiddenInput, required=False, max_length=120)

    def __init__(self, *args: Any, rights: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        field: Any = self.fields["unit"]
        field.queryset = units_with_right(rights, "workflow.start").filter(is_active=True)


class AskForm(Form):
    """Whose opinion is wanted, on what."""

    person = forms.ModelChoiceField(
        Person.objects.filter(is_active=True, is_system=False).order_by("person_no"),
        label=_("Person"),
        to_field_name="login",
    )
    reason = forms.CharField(
        label=_("What the opinion is wanted on"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
    )


class RemarkForm(Form):
    """What on the form does not fit, and what would."""

    field = forms.ChoiceField(
        label=_("Field"), required=False, help_text=_("Empty: the form as a whole.")
    )
    kind = forms.ChoiceField(label=_("What does not fit"), choices=RemarkKind.choices)
    text = forms.CharField(
        label=_("What was met"), widget=forms.Textarea(attrs={"rows": 3}), max_length=1000
    )
    proposal = forms.CharField(
        label=_("Proposal"),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=1000,
        required=False,
    )

    def __init__(self, *args: Any, fields: Any = (), **kwargs: Any):
        super().__init__(*args, **kwargs)
        field: Any = self.fields["field"]
        field.choices = [("", "–"), *fields]


class AcceptForm(Form):
    """Why a way may stand, and how long."""

    reason = forms.CharField(
        label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000
    )
    valid_through = DayField(label=_("Through"), help_text=_("Last day included."))


class PackForm(Form):
    """A pack as one file."""

    file = forms.FileField(
        label=_("Pack"), help_text=_("The folder of the pack, as a ZIP file of at most 5 MB.")
    )


class CatalogueForm(Form):
    """The utility's catalogue as one file."""

    file = forms.FileField(label=_("File"), help_text=_("A table as .xlsx or .csv."))


class SwitchForm(Form):
    """A unit, and whether the process is offered there and below."""

    unit = forms.ModelChoiceField(Unit.objects.none(), label=_("Unit"))
    is_on = forms.TypedChoiceField(
        label=_("Offered"),
        choices=[("on", _("Switched on")), ("off", _("Switched off"))],
        coerce=lambda value: value == "on",
    )

    def __init__(self, *args: Any, rights: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        field: Any = self.fields["unit"]
        field.queryset = units_with_right(rights, "workflow.packs").filter(is_active=True)


class LaneForm(Form):
    """The company's own posts of a lane."""

    lane = forms.ChoiceField(label=_("Lane"))
    posts = forms.ModelMultipleChoiceField(
        Post.objects.order_by("code"),
        label=_("Posts"),
        to_field_name="code",
        widget=PlainSelectMultiple,
    )

    def __init__(self, *args: Any, lanes: Any = (), **kwargs: Any):
        super().__init__(*args, **kwargs)
        field: Any = self.fields["lane"]
        field.choices = lanes


class ReasonForm(Form):
    """A reason, and where several steps may be meant, which."""

    to = forms.ChoiceField(label=_("To which step"))
    reason = forms.CharField(
        label=_("Reason"), widget=forms.Textarea(attrs={"rows": 4}), max_length=2000
    )

    def __init__(self, *args: Any, steps: Any = (), **kwargs: Any):
        super().__init__(*args, **kwargs)
        if steps:
            field: Any = self.fields["to"]
            field.choices = steps
        else:
            del self.fields["to"]
