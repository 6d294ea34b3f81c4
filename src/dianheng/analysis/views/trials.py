"""Pages of rules tried on the past."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.common.forms import answer_form
from dianheng.common.lists import Choice, Column, ListPage, PageAction
from dianheng.common.pages import needs, no_right
from dianheng.identity.selectors import units_with_right
from dianheng.identity.services import actor_of

from ..choices import JUDGED_TONE, LEVEL_TONE, Judged, Level
from ..columns import BASIC_ERROR
from ..forms import TrialForm
from ..models import RuleTrial, TrialRecord
from ..selectors import item_word, levels_of, trial_records, trial_seen, turns_of_models
from ..services import TRY, trial_start

VIEW = "analysis.view"


def _tried(trial: RuleTrial) -> str:
    """What is tried, in a line."""
    parts = []
    if trial.tried_standard:
        parts.append(f"{trial.tried_standard}-{trial.tried_edition}")
    if trial.item:
        parts.append(item_word(trial.item))
    if trial.limit_factor != 1:
        parts.append(_("limit × %(factor)s") % {"factor": f"{trial.limit_factor.normalize():f}"})
    if not trial.interval_factor:
        parts.append(_("no rounding"))
    elif trial.interval_factor != 1:
        factor = f"{trial.interval_factor.normalize():f}"
        parts.append(_("rounding interval × %(factor)s") % {"factor": factor})
    return _(", ").join(parts)


def _items(row: TrialRecord) -> str:
    """Items in which a point changes, in words."""
    return _(", ").join(map(item_word, row.items))


TRIALS = ListPage(
    key="analysis.trials",
    title=gettext_lazy("Rules tried on the past"),
    rows=lambda scope: RuleTrial.objects.select_related("unit", "made_by", "job"),
    right=VIEW,
    unit_field="unit",
    columns=[
        Column("title", gettext_lazy("What is asked")),
        Column("tried", gettext_lazy("Tried"), _tried),
        Column("unit", gettext_lazy("Unit"), "unit.name"),
        Column("made_at", gettext_lazy("Made at"), kind="moment", sort="pk"),
        Column("made_by", gettext_lazy("By"), "made_by.name"),
        Column("points", gettext_lazy("Points tried"), "point_count", kind="number", decimals=0),
        Column("items", gettext_lazy("Other items tried"), "item_count", kind="number", decimals=0),
        Column(
            "changed",
            gettext_lazy("Points and items that change"),
            "changed_count",
            kind="number",
            decimals=0,
        ),
    ],
    search=("title",),
    row_url=lambda one: reverse("rule_trial", args=[one.pk]),
    actions=lambda request: [
        PageAction(
            _("Try a rule"),
            reverse("rule_trial_add"),
            None if request.rights.may(TRY) else no_right(TRY),  # type: ignore[attr-defined]
        )
    ],
    cards=("title", "tried", "points", "changed"),
    empty_text=gettext_lazy(
        "Nothing was tried yet. Try another edition, limit or rounding: the past is judged by it, and"
        " only what changes is listed."
    ),
)

TRIAL_RECORDS = ListPage(
    key="analysis.trial-records",
    title=gettext_lazy("Records in which something changes"),
    rows=lambda scope, trial: trial_records(trial),
    columns=[
        Column(
            "record",
            gettext_lazy("Original record"),
            "record.number",
            kind="code",
            sort="record_id",
        ),
        Column(
            "barcode",
            gettext_lazy("Bar code"),
            "record.device.barcode",
            kind="code",
            url=lambda row: reverse("device", args=[row.record.device.barcode]),
        ),
        Column("model", gettext_lazy("Model"), "record.device.model.name"),
        Column("maker", gettext_lazy("Maker"), "record.device.model.manufacturer.name"),
        Column("finished_at", gettext_lazy("Tested at"), "record.finished_at", kind="moment"),
        Column(
            "level",
            gettext_lazy("What changes"),
            "level",
            kind="state",
            choices=Level.choices,
            tones=LEVEL_TONE,
            sort="level",
        ),
        Column("items", gettext_lazy("Items"), _items),
        Column(
            "was",
            gettext_lazy("Record until now"),
            "before",
            kind="state",
            choices=Judged.choices,
            tones=JUDGED_TONE,
        ),
        Column(
            "becomes",
            gettext_lazy("Record as tried"),
            "after",
            kind="state",
            choices=Judged.choices,
            tones=JUDGED_TONE,
        ),
        Column(
            "points",
            gettext_lazy("Points and items that change"),
            "point_count",
            kind="number",
            decimals=0,
        ),
    ],
    filters=[
        Choice("level", gettext_lazy("What changes"), "level", options=Level.choices),
        Choice("was", gettext_lazy("Record until now"), "before", options=Judged.choices),
        Choice("becomes", gettext_lazy("Record as tried"), "after", options=Judged.choices),
    ],
    default_order="-level",
    search=("record__number", "record__device__barcode"),
    row_url=lambda row: reverse("record", args=[row.record.number]),
    cards=("record", "barcode", "level", "was", "becomes"),
    template="analysis/trial.html",
    empty_text=gettext_lazy("Nothing changes: every point and item comes out as before."),
)


@needs(VIEW)
def trial_list(request: HttpRequest) -> HttpResponse:
    """Trials of the units one may see."""
    return TRIALS.answer(request)


@needs(TRY)
def trial_add(request: HttpRequest) -> HttpResponse:
    """What is tried, on which records."""
    units = units_with_right(request.rights, TRY)  # type: ignore[attr-defined]
    own = getattr(request.user, "unit_id", None)
    form = TrialForm(request.POST or None, units=units, initial={"unit": own})

    def act(data: dict[str, object]) -> str:
        found = trial_start(actor=actor_of(request), **data)  # type: ignore[arg-type]
        return reverse("rule_trial", args=[found.pk])

    return answer_form(
        request,
        form,
        act,
        title=_("Try a rule on the past"),
        submit=_("Begin"),
        back=reverse("rule_trials"),
        crumbs=[(TRIALS.title, reverse("rule_trials"))],
        intro=_(
            "Every error of meters and transformers, and every other item that has a limit, is judged"
            " by its own rule and by the one tried here."
            " Nothing is changed: records, verdicts and certificates stay as they are."
        ),
    )


@needs(VIEW)
def trial(request: HttpRequest, key: int) -> HttpResponse:
    """What came of a trial, and the records in which a conclusion changes."""
    found = trial_seen(request.rights, key)  # type: ignore[attr-defined]
    words = dict(Judged.choices)
    tones = {int(value): tone for value, tone in JUDGED_TONE.items()}
    counts = levels_of(found) if found.finished_at else {}
    context = {
        "title": found.title,
        "trial": found,
        "tried": _tried(found),
        "tones": tones,
        "turns": [
            {
                "before": b,
                "after": a,
                "before_word": words[b],
                "after_word": words[a],
                "points": n,
                "item": item_word(item[0] if item else BASIC_ERROR),
            }
            for b, a, n, *item in found.turns
        ],
        "levels": [
            {"value": value, "word": name, "records": counts[value]}
            for value, name in reversed(Level.choices)
            if counts.get(value)
        ],
        "level_tones": {int(value): tone for value, tone in LEVEL_TONE.items()},
        "models": turns_of_models(found) if found.finished_at else [],
    }
    return TRIAL_RECORDS.answer(request, context=context, trial=found.pk)
