"""Shape of input of the archive."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.assets.fields import KeyForm
from dianheng.common.forms import DayField, Form
from dianheng.identity.models import Unit
from dianheng.identity.selectors import units_with_right

from .choices import NOT_TAKEN, Category, Retention, Secrecy, VolumeState
from .models import ArchiveVolume, Fonds
from .rules import PieceFacts, keywords_of
from .selectors import fonds_of, not_secret_for

FILE = "archives.file"
_SECRECY = [*Secrecy.choices, (NOT_TAKEN, _("State secret"))]
_EMPTY = [("", "—")]


class FilesInput(forms.ClearableFileInput):
    """A field for several files."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files; the service judges them."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        return [one for one in (data if isinstance(data, list) else [data]) if one]


class FondsForm(Form):
    """A fonds under the number of the archives office."""

    number = forms.CharField(label=_("Fonds number"), max_length=20)
    name = forms.CharField(label=_("Name"), max_length=80)
    unit = forms.ModelChoiceField(Unit.objects.none(), label=_("Unit"))

    def __init__(self, *args: Any, rights: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        field: Any = self.fields["unit"]
        field.queryset = units_with_right(rights, "archives.fonds").filter(is_active=True)


class VolumeForm(KeyForm):
    """A new volume."""

    fonds = forms.ModelChoiceField(Fonds.objects.none(), label=_("Fonds"), empty_label=None)
    title = forms.CharField(label=_("Title of the record"), max_length=200)
    category = forms.ChoiceField(label=_("Category"), choices=Category.choices)
    year = forms.IntegerField(label=_("Year of the record"))
    retention = forms.ChoiceField(label=_("Retention"), choices=Retention.choices)
    secrecy = forms.ChoiceField(label=_("Secrecy class"), choices=_SECRECY)
    shelf = forms.CharField(label=_("Archive shelf"), required=False, max_length=60)

    def __init__(self, *args: Any, rights: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        field: Any = self.fields["fonds"]
        field.queryset = fonds_of(rights.paths(FILE))
        self.fields["year"].initial = timezone.localdate().year
        self.fields["secrecy"].initial = Secrecy.INTERNAL


class EntryForm(KeyForm):
    """What is said of a piece."""

    title = forms.CharField(label=_("Title of the record"), max_length=200)
    doc_no = forms.CharField(label=_("File number"), required=False, max_length=60)
    responsible = forms.CharField(
        label=_("Responsible"),
        max_length=120,
        help_text=_("The unit or person who made the paper."),
    )
    dated_on = DayField(label=_("Date of the paper"))
    secrecy = forms.ChoiceField(
        label=_("Secrecy class"), choices=_SECRECY, initial=Secrecy.INTERNAL
    )
    keywords = forms.CharField(
        label=_("Keywords"),
        required=False,
        max_length=200,
        help_text=_("Separated by spaces or commas."),
    )
    abstract = forms.CharField(
        label=_("Abstract"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    sheets = forms.IntegerField(label=_("Number of pages"), required=False)
    remark = forms.CharField(label=_("Remark"), required=False, max_length=2000)

    def facts(self) -> PieceFacts:
        """The entry as it was sent."""
        data = self.cleaned_data
        names = (
            "title",
            "doc_no",
            "responsible",
            "dated_on",
            "secrecy",
            "abstract",
            "sheets",
            "remark",
        )
        more = {name: data[name] for name in ("category", "retention") if data.get(name)}
        return PieceFacts(
            **{name: data[name] for name in names}, **more, year=data.get("year") or 0,
            keywords=tuple(keywords_of(data["keywords"])),
        )  # fmt: skip


class PieceForm(EntryForm):
    """A piece with its files, alone or in a volume."""

    fonds = forms.ModelChoiceField(Fonds.objects.none(), label=_("Fonds"), empty_label=None)
    volume = forms.ModelChoiceField(
        ArchiveVolume.objects.none(), label=_("Volume"), required=False, empty_label=_("alone, not in a volume"),
        help_text=_("In a volume, category, year and retention are those of the volume."),
    )  # fmt: skip
    category = forms.ChoiceField(
        label=_("Category"), choices=_EMPTY + Category.choices, required=False
    )
    year = forms.IntegerField(label=_("Year of the record"), required=False)
    retention = forms.ChoiceField(
        label=_("Retention"), choices=_EMPTY + Retention.choices, required=False
    )
    files = FilesField(
        label=_("Files"), required=False,
        help_text=_("PDF, OFD, office files without macros, pictures, plain text. Their text is searched."),
    )  # fmt: skip
    field_order = (
        "fonds", "volume", "title", "doc_no", "responsible", "dated_on", "category", "year", "retention",
        "secrecy", "keywords", "abstract", "sheets", "remark", "files",
    )  # fmt: skip

    def __init__(self, *args: Any, rights: Any, with_files: bool = True, **kwargs: Any):
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        known = fonds_of(rights.paths(FILE))
        fields["fonds"].queryset = known
        fields["volume"].queryset = ArchiveVolume.objects.filter(
            not_secret_for(rights.paths("archives.secret")), fonds__in=known, state=VolumeState.OPEN
        ).order_by("-pk")
        fields["volume"].label_from_instance = lambda one: f"{one.number} {one.title}"
        if not with_files:
            del fields["files"]


class CorrectForm(EntryForm):
    """The entry anew, and why."""

    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 2}))


class VersionForm(Form):
    """A new version of a file, and why."""

    files = FilesField(label=_("File"), required=False)
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 2}))


class CloseForm(Form):
    """The remarks of a volume."""

    remark = forms.CharField(
        label=_("Remarks on the volume"), required=False, max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("What is missing, damaged or was mended; how it is bound."),
    )  # fmt: skip
