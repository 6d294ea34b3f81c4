"""Tests of measuring standards, their control charts, and the dossier that is complete or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import F, Max, Min, Q

from dianheng.assets.models import Device
from dianheng.common.errors import Text
from dianheng.identity.models import Qualification
from dianheng.metrology import standard_tests as rules
from dianheng.metrology.periods import add_months
from dianheng.metrology.rule_sets import RuleSet, rule_set, rule_set_on
from dianheng.metrology.standard_tests import (
    ControlLimits,
    Group,
    StandardTestResult,
    control_limits,
)

from ..choices import Finding, TestKind
from ..models import StandardCertificate, StandardInstallation, StandardTest
from ..rules import months_earlier
from .laboratory import begun, in_force

IN_SERIES = (TestKind.STABILITY, TestKind.CHECK)  # judged by the tests before them


def series_of(test: StandardTest) -> list[StandardTest]:
    """What counts of one kind, check standard, point and unit, the oldest first."""
    rows = StandardTest.objects.filter(
        installation=test.installation_id, kind=test.kind, check_standard=test.check_standard,
        point=test.point, unit=test.unit, replaced_by__isnull=True,
    ).exclude(pk=test.replaces_id)  # fmt: skip
    return list(rows.select_related("made_by", "installation").order_by("done_on", "pk"))


def examined_since(installation: StandardInstallation) -> date | None:
    """From when on it had a certificate; before, it is new and judged by all groups."""
    return installation.certificates.aggregate(day=Min("valid_from"))["day"]


def judge(
    book: RuleSet, test: StandardTest, series: Sequence[StandardTest], since: date | None
) -> StandardTestResult:
    """What a stability test or a check comes to by the tests of its series that were done before.

    Args:
        since: from when on the measuring standard was examined.
    """
    before = [row for row in series if row.done_on < test.done_on]
    groups = [Group(row.done_on, row.readings) for row in (*before, test)]
    if test.kind == TestKind.CHECK:
        return rules.intermediate_check(book, groups, limit=test.limit)
    is_new = since is None or since > test.done_on
    return rules.stability(book, groups, limit=test.limit, is_new=is_new)


def judged_again(rows: Sequence[StandardTest]) -> dict[int, Finding]:
    """Tests of a measuring standard that come to something else by what counts now, and to what.

    An earlier test of their series was entered or corrected after they were judged. They are
    evidence and keep what was found; correcting them judges them anew.

    Args:
        rows: tests that count, of one measuring standard, each with its whole series.
    """
    if not rows:
        return {}
    since = examined_since(rows[0].installation)
    series: dict[tuple[str, ...], list[StandardTest]] = {}
    for row in sorted(rows, key=lambda row: row.done_on):
        series.setdefault((row.kind, row.check_standard, row.point, row.unit), []).append(row)
    found = {}
    for (kind, *_words), tests in series.items():
        if kind in IN_SERIES:
            for test in tests:
                book = rule_set("JJF 1033", test.edition)
                found[test.pk] = Finding(judge(book, test, tests, since).finding.value)
    return {row.pk: found[row.pk] for row in rows if found.get(row.pk, row.finding) != row.finding}


def limits_of(series: list[StandardTest]) -> ControlLimits | None:
    """Control limits of the groups that have the size of the newest."""
    if not series or len(series[-1].readings) < 2:
        return None
    size = len(series[-1].readings)
    return control_limits([row.readings for row in series if len(row.readings) == size])


def last_known_good(device: Device, day: date) -> date | None:
    """The last day through `day` on which a standard or bench was found good.

    That is the first day of a certificate that is not withdrawn, or a stability test or check in between within its
    limit, of the measuring standard to which it belonged then; and still so by what counts now.
    """
    own = Q(installation__bench=device) | Q(
        installation__parts__device=device, installation__parts__valid_from__lte=F("done_on")
    ) & (
        Q(installation__parts__valid_through__isnull=True)
        | Q(installation__parts__valid_through__gte=F("done_on"))
    )  # fmt: skip
    tested = StandardTest.objects.filter(
        own, kind__in=IN_SERIES, finding=Finding.KEPT, replaced_by__isnull=True, done_on__lte=day
    ).select_related("installation").order_by("-done_on")  # fmt: skip
    still = (row.done_on for row in tested if row.pk not in judged_again(series_of(row)))
    certified = StandardCertificate.objects.filter(
        device=device, valid_from__lte=day, withdrawn_on__isnull=True
    ).aggregate(day=Max("valid_from"))["day"]
    return max((one for one in (next(still, None), certified) if one), default=None)


@dataclass(frozen=True)
class DossierLine:
    """Something that the dossier of a measuring standard must have, and until when it holds."""

    what: str  # key of the words
    detail: Text
    last_day: date | None


def dossier(installation: StandardInstallation, day: date) -> list[DossierLine]:
    """What JJF 1033 wants at hand: certificate, review, yearly tests, traceability, two verifiers."""
    book = rule_set_on("JJF 1033", day)
    year = int(book.figure("measurement_standard_tests/repeat_months").value)
    held = installation.certificates.filter(withdrawn_on__isnull=True).order_by("-valid_through")
    counts, newest = held.filter(begun()).first(), held.first()
    lines = [
        DossierLine(
            "certificate", counts.number if counts else "", counts.valid_through if counts else None
        )
    ]
    review = book.find("measurement_standard_certificate/renew_before_months")
    if newest is not None and review is not None:
        apply_by = months_earlier(newest.valid_through, int(review.value))
        lines.append(DossierLine("review", "", apply_by))
    counting = installation.tests.filter(replaced_by__isnull=True).order_by("-done_on")
    tests = list(counting.select_related("installation"))
    again = judged_again(tests)
    for kind in (TestKind.REPEATABILITY, TestKind.STABILITY, TestKind.CHECK):
        last = next((row for row in tests if row.kind == kind), None)
        lines.append(
            DossierLine(
                kind.value, Finding(again.get(last.pk, last.finding)).label if last else "",
                add_months(last.done_on, year) if last else None,
            )
        )  # fmt: skip
    lines += [_traced(part) for part in _parts(installation, day)]
    lines.append(_people(installation, day))
    return lines


def _parts(installation: StandardInstallation, day: date) -> list[Any]:
    rows = installation.parts.filter(Q(valid_through__isnull=True) | Q(valid_through__gte=day))
    return list(rows.filter(valid_from__lte=day).select_related("device"))


def _traced(part: Any) -> DossierLine:
    paper = (
        StandardCertificate.objects.filter(begun(), device=part.device_id)
        .order_by("-valid_through")
        .first()
    )
    return DossierLine("traced", part.device.barcode, paper.valid_through if paper else None)


def _people(installation: StandardInstallation, day: date) -> DossierLine:
    """At least two verifiers; the last day is when fewer than two remain."""
    rows = Qualification.objects.filter(
        in_force(day), kind="verifier", project__in=[installation.project, "*"],
        person__unit__path__startswith=installation.unit.path, person__is_active=True,
    ).values_list("person_id", "valid_through")  # fmt: skip
    until: dict[int, date] = {}
    for person, last in rows:
        until[person] = max(last, until.get(person, last))
    days = sorted(until.values(), reverse=True)
    return DossierLine("people", str(len(days)), days[1] if len(days) > 1 else None)
