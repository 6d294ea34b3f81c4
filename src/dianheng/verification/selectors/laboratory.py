"""What a laboratory had on a day: authorisation, standards in date, signed rule sets."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from dianheng.assets.choices import STANDARDS, DeviceKind, DeviceState
from dianheng.assets.models import Device
from dianheng.identity.models import Person, Unit
from dianheng.identity.selectors import qualification_at
from dianheng.metrology.rule_sets import RuleSet

from ..models import (
    EnvironmentBand,
    InstallationCertificate,
    LaboratoryAuthorisation,
    RuleSetSignature,
    StandardCertificate,
    StandardInstallation,
    TestRecord,
)
from ..rules import Equipment, Tester

GONE = (DeviceState.SCRAPPED, DeviceState.LOST, DeviceState.RETURNED_TO_MAKER)


def in_force(day: date) -> Q:
    """Papers that hold on a day."""
    return Q(valid_from__lte=day, valid_through__gte=day) & (
        Q(withdrawn_on__isnull=True) | Q(withdrawn_on__gt=day)
    )


def ancestors(unit: Unit) -> list[str]:
    """Codes of a unit and of all above it."""
    return unit.path.strip("/").split("/")


def authorisation_on(unit: Unit, kind: str, day: date) -> LaboratoryAuthorisation | None:
    """The authorisation of a laboratory, or of the body it belongs to, for a kind of device."""
    return (
        LaboratoryAuthorisation.objects.filter(
            in_force(day), unit__code__in=ancestors(unit), kinds__contains=[kind]
        )
        .order_by("-valid_through")
        .first()
    )


def installation_of(bench: Device, day: date) -> StandardInstallation | None:
    """The measuring standard that a bench was on a day."""
    return (
        StandardInstallation.objects.filter(bench=bench)
        .filter(Q(stopped_on__isnull=True) | Q(stopped_on__gt=day))
        .order_by("-pk")
        .first()
    )


def installation_certificate_on(
    installation: StandardInstallation, day: date
) -> InstallationCertificate | None:
    """The examination certificate that covers a day."""
    return installation.certificates.filter(in_force(day)).order_by("-valid_through").first()


def signed_rule_sets(unit: Unit, rule_sets: Iterable[RuleSet]) -> dict[str, RuleSetSignature]:
    """Signatures in force by digest; a later withdrawal takes one away."""
    digests = [rules.digest for rules in rule_sets]
    found: dict[str, RuleSetSignature] = {}
    rows = RuleSetSignature.objects.filter(digest__in=digests, unit__code__in=ancestors(unit))
    for row in rows.select_related("signed_by", "unit").order_by("pk"):
        if row.is_withdrawal:
            kept = found.get(row.digest)
            if kept is not None and kept.unit.path.startswith(row.unit.path):
                del found[row.digest]
        else:
            found[row.digest] = row
    return found


def has_signed(unit: Unit | None, rules: RuleSet) -> bool:
    """Whether a named metrologist's signature for a laboratory stands under exactly these figures."""
    return unit is not None and rules.digest in signed_rule_sets(unit, [rules])


def environment_band_on(unit: Unit, day: date) -> EnvironmentBand | None:
    """The laboratory's own bounds on a day; its own before those of the body it belongs to."""
    return (
        EnvironmentBand.objects.filter(unit__code__in=ancestors(unit), valid_from__lte=day)
        .select_related("unit")
        .order_by("-unit__path", "-valid_from")
        .first()
    )


@dataclass
class LaboratoryFacts:
    """Reads of one upload, each made once: equipment, certificates, people, papers."""

    equipment: dict[str, Device] = field(default_factory=dict)
    certificates: dict[int, list[StandardCertificate]] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    _qualified: dict[tuple[int, str, date], bool] = field(default_factory=dict)
    _authorised: dict[tuple[int, str, date], LaboratoryAuthorisation | None] = field(
        default_factory=dict
    )
    _installed: dict[tuple[int, date], tuple[Any, Any]] = field(default_factory=dict)

    @classmethod
    def load(
        cls, numbers: Iterable[str], certificate_nos: Iterable[str], person_nos: Iterable[str]
    ) -> "LaboratoryFacts":
        """Read all that the headers of an upload name."""
        facts = cls()
        wanted = {number for number in numbers if number}
        papers = {number for number in certificate_nos if number}
        by_paper = {
            row["number"]: row["device_id"]
            for row in StandardCertificate.objects.filter(number__in=papers).values(
                "number", "device_id"
            )
        }
        devices = Device.objects.filter(kind__in=STANDARDS).filter(
            Q(barcode__in=wanted) | Q(asset_no__in=wanted) | Q(pk__in=by_paper.values())
        )
        by_key = {}
        for device in devices.select_related("standard", "model"):
            by_key[device.pk] = device
            facts.equipment[device.barcode] = device
            if device.asset_no:
                facts.equipment.setdefault(device.asset_no, device)
        for number, key in by_paper.items():
            if key in by_key:
                facts.equipment.setdefault(f"#{number}", by_key[key])
        for row in StandardCertificate.objects.filter(device__in=by_key):
            facts.certificates.setdefault(row.device_id, []).append(row)
        people = Person.objects.filter(person_no__in={p for p in person_nos if p}, is_system=False)
        facts.people = {person.person_no: person for person in people}
        return facts

    def device_of(self, asset_no: str, certificate_no: str = "") -> Device | None:
        """A standard by its number, else by the number of its certificate."""
        if asset_no:
            return self.equipment.get(asset_no)
        return self.equipment.get(f"#{certificate_no}")

    def certificate_on(self, device: Device, day: date) -> StandardCertificate | None:
        """The certificate that covers a day; the one that holds longest."""
        held = [
            row
            for row in self.certificates.get(device.pk, ())
            if row.valid_from <= day <= row.valid_through
            and (row.withdrawn_on is None or row.withdrawn_on > day)
        ]
        return max(held, key=lambda row: row.valid_through, default=None)

    def equipment_on(self, number: str, device: Device | None, day: date) -> Equipment:
        """A standard or bench as it stood on a day, for the rules."""
        if device is None:
            return Equipment(number, is_known=False)
        certificate = self.certificate_on(device, day)
        detail = getattr(device, "standard", None)
        stopped_on = detail.stopped_on if detail else None
        accuracy = certificate.accuracy_class if certificate else ""
        return Equipment(
            device.asset_number,
            is_known=True,
            is_in_date=certificate is not None,
            is_stopped=stopped_on is not None and stopped_on <= day,
            accuracy_class=accuracy or device.model.accuracy_class,
        )

    def tester_on(self, person_no: str, project: str, day: date) -> Tester:
        """A verifier as qualified on a day, for the rules."""
        person = self.people.get(person_no)
        if person is None:
            return Tester(person_no)
        key = (person.pk, project, day)
        if key not in self._qualified:
            found = qualification_at(person.pk, "verifier", project, day)
            self._qualified[key] = found is not None
        return Tester(person_no, person.name, is_known=True, is_qualified=self._qualified[key])

    def authorisation_on(self, unit: Unit, kind: str, day: date) -> LaboratoryAuthorisation | None:
        """See the selector; read once."""
        key = (unit.pk, kind, day)
        if key not in self._authorised:
            self._authorised[key] = authorisation_on(unit, kind, day)
        return self._authorised[key]

    def installation_on(
        self, bench: Device, day: date
    ) -> tuple[StandardInstallation | None, InstallationCertificate | None]:
        """The bench's measuring standard and its examination certificate on a day; read once."""
        key = (bench.pk, day)
        if key not in self._installed:
            installation = installation_of(bench, day)
            certificate = installation_certificate_on(installation, day) if installation else None
            self._installed[key] = (installation, certificate)
        return self._installed[key]


def standards() -> QuerySet[Device]:
    """Standards, benches and instruments with their newest certificate and its last day."""
    newest = StandardCertificate.objects.filter(device=OuterRef("pk"), withdrawn_on__isnull=True)
    newest = newest.order_by("-valid_through")
    return (
        Device.objects.filter(kind__in=STANDARDS)
        .select_related("model", "place", "unit", "standard")
        .annotate(
            certificate_no=Subquery(newest.values("number")[:1]),
            certificate_through=Subquery(newest.values("valid_through")[:1]),
        )
    )


def bench_numbers() -> list[str]:
    """Numbers of all benches in use."""
    rows = Device.objects.filter(kind=DeviceKind.BENCH).exclude(state__in=GONE)
    return [device.asset_no or device.barcode for device in rows.order_by("barcode")]


def benches(unit_ids: Sequence[int]) -> QuerySet[Device]:
    """Benches that can be loaded."""
    return (
        Device.objects.filter(kind=DeviceKind.BENCH, unit_id__in=unit_ids)
        .filter(Q(standard__isnull=True) | Q(standard__stopped_on__isnull=True))
        .select_related("standard", "model")
        .order_by("barcode")
    )


def records_with_standard(device: Device, since: date | None = None) -> QuerySet[Any]:
    """Every record made with a standard or bench, newest first: for the day it turns out bad."""
    rows = TestRecord.objects.filter(standard_ids__contains=[device.pk])
    if since is not None:
        rows = rows.filter(finished_at__date__gte=since)
    return rows.order_by(F("finished_at").desc(), "-pk")
