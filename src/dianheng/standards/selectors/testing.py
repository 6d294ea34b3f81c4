"""Tests of measuring standards, their control charts, and the dossier that is complete or not."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import F, Max, Q

from dianheng.assets.models import Device
from dianheng.common.errors import Text
from dianheng.identity.models import Qualification
from dianheng.metrology.periods import add_months
from dianheng.metrology.rule_sets import rule_set_on
from dianheng.metrology.standard_tests import ControlLimits, Group, control_limits

from ..choices import Finding, TestKind
from ..models import StandardCertificate, StandardInstallation, StandardTest
from ..rules import months_earlier
from .laboratory import in_force


def series_of(test: StandardTest) -> list[StandardTest]:
    """What counts of one kind, check standard, point and unit, the oldest first."""
    rows = StandardTest.objects.filter(
        installation=test.installation_id, kind=test.kind, check_standard=test.check_standard,
        point=test.point, unit=test.unit, replaced_by__isnull=True,
    ).exclude(pk=test.replaces_id)  # fmt: skip
    return list(rows.select_related("made_by").order_by("done_on", "pk"))


def groups_through(test: StandardTest) -> list[Group]:
    """The groups before a test that is not recorded yet, the oldest first, and its own."""
    earlier = [row for row in series_of(test) if row.done_on < test.done_on]
    return [Group(row.done_on, row.readings) for row in (*earlier, test)]


def is_examined(installation: StandardInstallation, day: date) -> bool:
    """Whether a certificate was there before that day; new standards are judged by all groups."""
    return installation.certificates.filter(valid_from__lte=day).exists()


def limits_of(series: list[StandardTest]) -> ControlLimits | None:
    """Control limits of the groups that have the size of the newest."""
    if not series or len(series[-1].readings) < 2:
        return None
    size = len(series[-1].readings)
    return control_limits([row.readings for row in series if len(row.readings) == size])


def last_known_good(device: Device, day: date) -> date | None:
    """The last day through `day` on which a standard or bench was found good.

    That is the first day of a certificate that is not withdrawn, or a stability test or check in between within its
    limit, of the measuring standard to which it belonged then.
    """
    own = Q(installation__bench=device) | Q(
        installation__parts__device=device, installation__parts__valid_from__lte=F("done_on")
    ) & (
        Q(installation__parts__valid_through__isnull=True)
        | Q(installation__parts__valid_through__gte=F("done_on"))
    )  # fmt: skip
    tested = StandardTest.objects.filter(
        own, kind__in=[TestKind.STABILITY, TestKind.CHECK], finding=Finding.KEPT,
        replaced_by__isnull=True, done_on__lte=day,
    ).aggregate(day=Max("done_on"))["day"]  # fmt: skip
    certified = StandardCertificate.objects.filter(
        device=device, valid_from__lte=day, withdrawn_on__isnull=True
    ).aggregate(day=Max("valid_from"))["day"]
    return max((one for one in (tested, certified) if one is not None), default=None)


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
    newest = held.first()
    lines = [
        DossierLine(
            "certificate", newest.number if newest else "", newest.valid_through if newest else None
        )
    ]
    review = book.find("measurement_standard_certificate/renew_before_months")
    if newest is not None and review is not None:
        apply_by = months_earlier(newest.valid_through, int(review.value))
        lines.append(DossierLine("review", "", apply_by))
    for kind in (TestKind.REPEATABILITY, TestKind.STABILITY, TestKind.CHECK):
        done = installation.tests.filter(kind=kind, replaced_by__isnull=True)
        last = done.order_by("-done_on").first()
        lines.append(
            DossierLine(
                kind.value, last.get_finding_display() if last else "",
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
        StandardCertificate.objects.filter(device=part.device_id, withdrawn_on__isnull=True)
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
