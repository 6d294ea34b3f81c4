"""What records rest on: signed rule sets, and the laboratory's things as they stood on a day."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import F, Q, QuerySet

from dianheng.assets.choices import STANDARDS
from dianheng.assets.models import Device
from dianheng.identity.models import Person, Unit
from dianheng.identity.selectors import qualification_at
from dianheng.metrology.rule_sets import RuleSet
from dianheng.standards.models import (
    InstallationCertificate,
    LaboratoryAuthorisation,
    StandardCertificate,
    StandardInstallation,
)
from dianheng.standards.selectors import (
    ancestors,
    authorisation_on,
    installation_certificate_on,
    installation_of,
)
from dianheng.standards.selectors.environment import OutOfBounds, out_of_bounds
from dianheng.standards.selectors.sendout import Absence, absences

from ..models import RuleSetSignature, TestRecord
from ..rules import Equipment, Tester


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


@dataclass
class LaboratoryFacts:
    """Reads of one upload, each made once: equipment, certificates, people, papers."""

    equipment: dict[str, Device] = field(default_factory=dict)
    certificates: dict[int, list[StandardCertificate]] = field(default_factory=dict)
    absences: dict[int, list[Absence]] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    _qualified: dict[tuple[int, str, date], bool] = field(default_factory=dict)
    _authorised: dict[tuple[int, str, date], LaboratoryAuthorisation | None] = field(
        default_factory=dict
    )
    _installed: dict[tuple[int, date], tuple[Any, Any]] = field(default_factory=dict)
    _climate: dict[tuple[Any, ...], OutOfBounds | None] = field(default_factory=dict)

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
        facts.absences = absences(list(by_key))
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

    def equipment_on(
        self, number: str, device: Device | None, day: date, at: datetime
    ) -> Equipment:
        """A standard or bench as it stood on a day, at a moment of it, for the rules."""
        if device is None:
            return Equipment(number, is_known=False)
        certificate = self.certificate_on(device, day)
        detail = getattr(device, "standard", None)
        stopped_on = detail.stopped_on if detail else None
        accuracy = certificate.accuracy_class if certificate else ""
        away = next((one for one in self.absences.get(device.pk, ()) if one.covers(at)), None)
        return Equipment(
            device.asset_number,
            is_known=True,
            is_in_date=certificate is not None,
            is_stopped=stopped_on is not None and stopped_on <= day,
            accuracy_class=accuracy or device.model.accuracy_class,
            away={"order": away.order, "body": away.body} if away else {},
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

    def out_of_bounds(
        self, unit: Unit, bench: Device, begun_at: datetime | None, ended_at: datetime
    ) -> OutOfBounds | None:
        """What the room's logger read outside the bounds around some work; read once a time."""
        key = (unit.pk, bench.place_id, begun_at, ended_at)
        if key not in self._climate:
            self._climate[key] = out_of_bounds(unit, bench.place_id, begun_at, ended_at)
        return self._climate[key]

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


def records_with_standard(device: Device, since: date | None = None) -> QuerySet[Any]:
    """Every record made with a standard or bench, newest first: for the day it turns out bad."""
    rows = TestRecord.objects.filter(standard_ids__contains=[device.pk])
    if since is not None:
        rows = rows.filter(finished_at__date__gte=since)
    return rows.order_by(F("finished_at").desc(), "-pk")
