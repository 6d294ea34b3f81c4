"""Tests of measuring standards: entry, result, control charts; the dossier on the installation's page."""

from decimal import Decimal
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.common.charts import Chart, Line, Mark
from dianheng.common.errors import NotFound
from dianheng.common.lists.columns import show
from dianheng.common.pages import needs
from dianheng.metrology.quantities import plain_text

from .. import forms, services
from ..choices import FINDING_TONE, Finding, TestKind
from ..models import StandardInstallation, StandardTest
from ..rights import RIGHT, VIEW
from ..selectors import visible_installation
from ..selectors.testing import dossier, judged_again, limits_of, series_of
from .common import action_for, due_tone, due_word, laboratory_crumbs, write_form

DOSSIER = {
    "certificate": gettext_lazy("Examination certificate"), "review": gettext_lazy("Apply for review by"),
    "repeatability": gettext_lazy("Repeatability test"), "stability": gettext_lazy("Stability test"),
    "check": gettext_lazy("Intermediate check"), "traced": gettext_lazy("Certificate of the standard"),
    "people": gettext_lazy("Qualified verifiers, two at least"),
}  # fmt: skip


def dossier_lines(installation: StandardInstallation, days: int) -> list[dict[str, Any]]:
    """The dossier as lines: what, by which paper, until when."""
    return [
        {
            "what": DOSSIER[line.what],
            "detail": line.detail,
            "last_day": line.last_day,
            "tone": due_tone(line.last_day, days),
            "word": due_word(line.last_day, days),
        }
        for line in dossier(installation, timezone.localdate())
    ]


def _crumbs(found: StandardInstallation) -> list[tuple[Any, str]]:
    return [*laboratory_crumbs(), (found.name, reverse("installation", args=[found.code]))]


@needs(RIGHT)
def test_new(request: HttpRequest, code: str) -> HttpResponse:
    """Record a repeatability or stability test, an intermediate check, a comparison."""
    found = visible_installation(request.rights, code)  # type: ignore[attr-defined]
    # A series is recognised by these words: offered as they were written last.
    last = found.tests.filter(replaced_by__isnull=True).order_by("-pk").first()
    same = (
        {name: getattr(last, name) for name in ("check_standard", "point", "unit")} if last else {}
    )
    form = forms.TestForm(request.POST or None, initial={"done_on": "t", **same})
    return write_form(
        request, form, partial(services.test_record, installation=found), title=_("Record a test"),
        back=reverse("installation", args=[code]), crumbs=_crumbs(found),
        success=_("The test is recorded."),
    )  # fmt: skip


@needs(RIGHT)
def test_correct(request: HttpRequest, key: int) -> HttpResponse:
    """Record what takes the place of a mistyped test."""
    found = _visible(request, key)
    initial = {name: getattr(found, name) for name in forms.TestForm.base_fields}
    initial["readings"] = "\n".join(map(str, found.readings))
    if found.kind == TestKind.COMPARISON:
        initial["limit"] = None
    back = reverse("standard_test", args=[key])
    return write_form(
        request, forms.TestCorrectForm(request.POST or None, initial=initial),
        partial(services.test_record, installation=found.installation, replaces=found),
        title=_("Correct the test"), back=back,
        crumbs=[*_crumbs(found.installation), (found.get_kind_display(), back)],
        intro=_("The first entry stays as it is; from now on this one counts instead."),
        success=_("The test is recorded."),
    )  # fmt: skip


def _visible(request: HttpRequest, key: int) -> StandardTest:
    rows = StandardTest.objects.select_related(
        "installation__unit", "made_by", "replaces", "replaced_by__made_by"
    )
    found = get_object_or_404(rows, pk=key)
    if not request.rights.may(VIEW, found.installation.unit.path):  # type: ignore[attr-defined]
        raise NotFound(_("There is no such test."))
    return found


@needs(VIEW)
def test(request: HttpRequest, key: int) -> HttpResponse:
    """One test: readings, result and limit, and the control chart of its kind and point."""
    found = _visible(request, key)
    replaced_by = getattr(found, "replaced_by", None)
    series = series_of(found)
    again = judged_again(series)
    context = {
        "title": found.get_kind_display(),
        "test": found,
        "tone": FINDING_TONE[Finding(found.finding)],
        "series": [(row, FINDING_TONE[Finding(row.finding)], again.get(row.pk)) for row in series],
        "again": again.get(found.pk),
        "replaced_by": replaced_by,
        "actions": []
        if replaced_by
        else [
            action_for(
                request, _("Correct"), reverse("test_correct", args=[key]), found.installation.unit
            )
        ],
        "charts": _charts(series) if len(series) > 1 else [],
        "crumbs": _crumbs(found.installation),
    }
    return render(request, "standards/test.html", context)


def _charts(series: list[StandardTest]) -> list[Chart]:
    """Means and standard deviations over time, with centre and control limits once known."""
    limits = limits_of(series)
    unit = series[-1].unit
    means, spreads = [], []
    if limits is not None:
        means = _lines(limits.upper, limits.centre, limits.lower)
        spreads = _lines(limits.spread_upper, limits.spread_centre, limits.spread_lower)
    x_label = _("Done on")
    return [
        Chart(
            "trend", _("Control chart of means"), [_mark(row, row.mean, means) for row in series],
            means, x_label, unit,
        ),
        Chart(
            "trend", _("Control chart of standard deviations"),
            [_mark(row, row.deviation, spreads) for row in series if row.deviation is not None],
            spreads, x_label, unit,
        ),
    ]  # fmt: skip


def _lines(upper: Decimal, centre: Decimal, lower: Decimal) -> list[Line]:
    return [
        Line(upper, _("upper control limit")),
        Line(centre, _("centre"), "calm"),
        Line(lower, _("lower control limit")),
    ]


def _mark(row: StandardTest, value: Decimal, lines: list[Line]) -> Mark:
    is_out = bool(lines) and not lines[2].at <= value <= lines[0].at
    shown = Decimal(plain_text(value, 6))
    return Mark(
        show(row.done_on), shown, reverse("standard_test", args=[row.pk]), "bad" if is_out else ""
    )
