"""The page of figures of processes."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.common.charts import Chart, Mark
from dianheng.common.forms import DayField, Form
from dianheng.common.pages import needs
from dianheng.identity.models import Unit
from dianheng.identity.selectors import units_with_right

from ..models import PackInForce
from ..selectors import process_figures, titles_of, with_version

VIEW = "workflow.view"
LONGEST = 3 * 366  # days


class PeriodForm(Form):
    """Which processes, of which units, in which period."""

    code = forms.ChoiceField(label=gettext_lazy("Process"), required=False)
    unit = forms.ModelChoiceField(
        Unit.objects.none(), label=gettext_lazy("Unit"), required=False, to_field_name="code",
        empty_label=gettext_lazy("all"),
    )  # fmt: skip
    since = DayField(label=gettext_lazy("From"))
    through = DayField(label=gettext_lazy("Through"))

    def __init__(self, *args: Any, rights: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["unit"].queryset = units_with_right(rights, VIEW).filter(is_active=True)
        packs = with_version(PackInForce.objects.order_by("code"), "version")
        fields["code"].choices = [
            ("", _("all")), *((row.code, titles_of(row.version)) for row in packs)
        ]  # fmt: skip

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        since, through = data.get("since"), data.get("through")
        if since and through and not timedelta(0) <= through - since <= timedelta(days=LONGEST):
            raise forms.ValidationError(
                _("The period ends after it begins and is at most 3 years.")
            )
        return data


@needs(VIEW)
def figures(request: HttpRequest) -> HttpResponse:
    """Volumes, waiting and working times, returns, lateness; where it stands still."""
    today = timezone.localdate()
    rights: Any = request.rights  # type: ignore[attr-defined]
    given = request.GET if "since" in request.GET else None
    initial = {"since": _quarter_ago(today), "through": today}
    form = PeriodForm(given, rights=rights, initial=initial)
    asked: dict[str, Any] = initial
    if given is not None:
        asked = form.cleaned_data if form.is_valid() else {}
    context: dict[str, Any] = {"title": _("Figures of processes"), "form": form}
    if asked:
        units = units_with_right(rights, VIEW)
        if asked.get("unit"):
            units = units.filter(path__startswith=asked["unit"].path)
        found = process_figures(
            unit_ids=list(units.values_list("pk", flat=True)), since=asked["since"],
            through=asked["through"], code=asked.get("code", ""),
        )  # fmt: skip
        context |= {"found": found, "chart": _chart(found.months), "asked": asked}
    return render(request, "workflow/figures.html", context, status=200 if asked else 422)


def _quarter_ago(today: date) -> date:
    """The first day of the month before the last."""
    first = today.replace(day=1)
    for _n in range(2):
        first = (first - timedelta(days=1)).replace(day=1)
    return first


def _chart(months: Any) -> Chart | None:
    if len(months) < 2:
        return None
    marks = [Mark(line.title, line.volume.started, reverse("processes")) for line in months]
    summary = ", ".join(f"{line.title}: {line.volume.started}" for line in months)
    return Chart("trend", _("Begun by month"), marks, y_label=_("processes"), summary=summary)
