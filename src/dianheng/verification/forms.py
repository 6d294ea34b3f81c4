"""Shapes of what people type; decisions are the services'."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import METERS, TRANSFORMERS
from dianheng.assets.fields import DeviceField, KeyForm
from dianheng.assets.models import Device, DeviceModel, Lot
from dianheng.common.forms import ClosingSelect, DayField, Form, PlainSelectMultiple
from dianheng.identity.models import Unit
from dianheng.metrology.periods import ValidityMode
from dianheng.standards.selectors import bench_label
from dianheng.standards.selectors.sendout import benches_away

from .choices import QualityKind, TaskKind


def _newest_lots() -> Any:
    # A slice could not be looked up in; the newest are chosen by their keys.
    newest = Lot.objects.order_by("-pk").values("pk")[:200]
    lots = Lot.objects.filter(pk__in=newest).select_related("model__manufacturer")
    return lots.order_by("-pk")


class TaskForm(Form):
    """A new task: for a lot, or for the devices of a model that are scanned."""

    unit = forms.ModelChoiceField(Unit.objects.none(), label=_("Laboratory"), empty_label=None)
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=[(k.value, k.label) for k in TaskKind if k != TaskKind.FIELD_CHECK],
        initial=TaskKind.INITIAL.value,
    )
    lot = forms.ModelChoiceField(
        Lot.objects.none(),
        label=_("Lot"),
        required=False,
        empty_label=_("no lot: devices are scanned"),
        help_text=_("The model is that of the lot."),
    )
    model = forms.ModelChoiceField(
        DeviceModel.objects.none(), label=_("Model"), required=False, empty_label="–"
    )
    at_most = forms.IntegerField(
        label=_("At most so many devices of the lot"),
        required=False,
        min_value=1,
        max_value=100_000,
    )
    validity_mode = forms.ChoiceField(
        label=_("Validity"),
        required=False,
        choices=[
            ("", _("as usual for the kind")),
            (ValidityMode.FIRST_ONLY.value, _("verified once, then replaced")),
            (ValidityMode.PERIODIC.value, _("verified again and again")),
        ],
    )
    client = forms.CharField(
        label=_("Client"), required=False, max_length=200, help_text=_("Empty: the company itself.")
    )
    planned_from = DayField(label=_("Planned from"))
    planned_through = DayField(label=_("Planned through"))
    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea({"rows": 2}))

    def __init__(self, *args: Any, units: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]
        self.fields["lot"].queryset = _newest_lots()  # type: ignore[attr-defined]
        models = DeviceModel.objects.filter(kind__in=(*METERS, *TRANSFORMERS), is_active=True)
        self.fields["model"].queryset = models.select_related("manufacturer")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not data.get("lot") and not data.get("model") and "model" not in self.errors:
            self.add_error("model", _("Choose a lot or a model."))
        return data


class ReasonForm(Form):
    """A step that owes a reason."""

    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea({"rows": 2}), max_length=2000)


class _Benches:
    """Benches to choose from; one that is away for verification is greyed and says so."""

    def offer(self, benches: Any) -> None:
        """Say which there are."""
        found: Any = self
        found.queryset = benches
        found.widget.closed = {
            key: refusal.text for key, refusal in benches_away(list(benches)).items()
        }

    def label_from_instance(self, obj: Any) -> str:
        found: Any = self
        label = bench_label(obj)
        if obj.pk in found.widget.closed:
            label += f" · {_('Away for verification')}"
        return label


class BenchField(_Benches, forms.ModelChoiceField):
    """One bench."""

    widget = ClosingSelect


class BenchesField(_Benches, forms.ModelMultipleChoiceField):
    """Several benches."""

    widget = PlainSelectMultiple


class FillForm(Form):
    """Loads of several benches in one step."""

    benches = BenchesField(Device.objects.none(), label=_("Benches"))
    at_most = forms.IntegerField(
        label=_("At most so many loads of each bench"),
        required=False,
        min_value=1,
        max_value=1000,
        help_text=_("Empty: until no device waits."),
    )

    def __init__(self, *args: Any, benches: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["benches"].offer(benches)  # type: ignore[attr-defined]


class LoadForm(Form):
    """A new load of a bench."""

    bench = BenchField(Device.objects.none(), label=_("Bench"), empty_label=None)

    def __init__(self, *args: Any, benches: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["bench"].offer(benches)  # type: ignore[attr-defined]


class SignForm(Form):
    """A metrologist's signature under a rule set."""

    unit = forms.ModelChoiceField(Unit.objects.none(), label=_("Laboratory"), empty_label=None)
    statement = forms.CharField(
        label=_("Statement"),
        widget=forms.Textarea({"rows": 3}),
        help_text=_(
            "Against which text the figures were checked, or why the signature is taken back."
        ),
    )
    digest = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, units: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]


class SchemeForm(Form):
    """A new version of a scheme: items ticked, load points a line each."""

    items = forms.MultipleChoiceField(label=_("Items"), widget=PlainSelectMultiple)
    points = forms.CharField(
        label=_("Load points of the basic error"),
        widget=forms.Textarea({"rows": 14, "spellcheck": "false"}),
        help_text=_(
            "One a line: current, factor, and the phase for single-phase load. For example 0.1Ib 0.5L, "
            "or In 1.0 A. Of a transformer: part, ratio, burden and percent, as CT 200/5 rated 5 %."
        ),
    )
    takes_extra = forms.BooleanField(
        label=_("Two more readings near the limit"), required=False, initial=True
    )
    reason = forms.CharField(
        label=_("Reason"),
        widget=forms.Textarea({"rows": 2}),
        help_text=_(
            "Fewer points than the rule book has need the authority's consent; name it here."
        ),
    )

    def __init__(self, *args: Any, known_items: Any, has_extra: bool = True, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if not has_extra:
            del self.fields["takes_extra"]
        self.fields["items"].choices = known_items  # type: ignore[attr-defined]


class QualityForm(KeyForm):
    """A QC batch: on which bench, beside which reference meter, for how many devices it stands."""

    unit = forms.ModelChoiceField(Unit.objects.none(), label=_("Laboratory"), empty_label=None)
    kind = forms.ChoiceField(label=_("Kind"), choices=QualityKind.choices)
    bench = BenchField(Device.objects.none(), label=_("Bench"), empty_label=None)
    reference = DeviceField(
        label=_("Reference meter"),
        help_text=_("Bar code of the standard meter, or of the better meter, that runs with them."),
    )
    lot = forms.ModelChoiceField(
        Lot.objects.none(),
        label=_("Lot"),
        required=False,
        empty_label=_("of several lots, or of none"),
    )
    stands_for = forms.IntegerField(
        label=_("Devices that the sample stands for"),
        required=False,
        min_value=1,
        help_text=_("Of how many devices this is the sample; empty: of the meters read alone."),
    )
    allowed_failures = forms.IntegerField(
        label=_("Failures allowed"),
        initial=0,
        min_value=0,
        help_text=_("With more of them the batch fails."),
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=400)

    def __init__(self, *args: Any, units: Any, benches: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]
        self.fields["bench"].offer(benches)  # type: ignore[attr-defined]
        self.fields["lot"].queryset = _newest_lots()  # type: ignore[attr-defined]


class CollectorForm(Form):
    """What a collector wrote."""

    file = forms.FileField(
        label=_("File of the collector"),
        help_text=_("CSV or JSON: bar code, start or end, register, reading, time, collector."),
    )


class JudgeForm(KeyForm):
    """A signature under a QC batch."""

    digest = forms.CharField(widget=forms.HiddenInput)
    comment = forms.CharField(
        label=_("Comment"), required=False, max_length=1000, widget=forms.Textarea({"rows": 2})
    )
