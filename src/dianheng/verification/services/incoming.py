"""One device of an upload on its way: what it is, what it rests on, what was seen."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils import timezone

from dianheng.assets.models import Device
from dianheng.standards.models import (
    InstallationCertificate,
    LaboratoryAuthorisation,
    StandardInstallation,
)

from ..envelope import DevicePart
from ..models import (
    LoadPosition,
    TaskDevice,
    VerificationTask,
)
from ..rules import Block, Grounds, blocks_of
from ..selectors.laboratory import LaboratoryFacts
from ..subjects import AnyPlate, AnyScheme, class_needed, project_of
from .judge import Judgement, Seen


@dataclass
class Rests:
    """On what a record rests beside its readings, and what is against a verdict."""

    blocks: tuple[Block, ...]
    bench: Device | None
    installation: StandardInstallation | None
    certificate: InstallationCertificate | None
    authorisation: LaboratoryAuthorisation | None
    standards: list[dict[str, Any]]
    people: list[dict[str, Any]]
    tester_ids: list[int]
    standard_ids: list[int]


@dataclass
class Incoming:
    """One device of an upload that may be taken, with all that is known of it."""

    part: DevicePart
    held: TaskDevice
    task: VerificationTask
    attempt: int
    put: LoadPosition | None
    position: int | None
    reason: str
    warnings: list[dict[str, Any]] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    grounds: Rests | None = None
    judgement: Judgement | None = None
    record_id: int = 0
    verdict_id: int = 0

    @property
    def day(self) -> date:
        """The day that certificates and qualifications must cover."""
        assert self.part.finished_at is not None
        return timezone.localdate(self.part.finished_at)

    @property
    def number(self) -> str:
        """Number of the record: task, device in it, attempt."""
        return f"{self.task.number}-{self.held.seq:04d}-{self.attempt}"

    @property
    def received_text(self) -> str:
        """The device's part of the envelope, as JSON."""
        return json.dumps(self.part.received, ensure_ascii=False, default=str)

    def warn(self, code: str, about: str = "") -> None:
        """Note something that the reviewer should see."""
        self.warnings.append({"code": code, "about": about})


def facts_for(incoming: Iterable[Incoming], bench: Device | None) -> LaboratoryFacts:
    """Read once what all headers name."""
    taken = list(incoming)
    standards = [stated for each in taken for stated in each.part.standards]
    return LaboratoryFacts.load(
        [*(s.get("asset_no", "") for s in standards), bench.barcode if bench else ""],
        [s.get("certificate_no", "") for s in standards],
        [o["person_no"] for each in taken for o in each.part.operators],
    )


def lay_grounds(
    taken: Incoming,
    facts: LaboratoryFacts,
    *,
    bench: Device | None,
    bench_no: str,
    today: date,
    plate: AnyPlate,
    scheme: AnyScheme,
) -> Rests:
    """Find on what a record rests, and every reason against a verdict."""
    part, day = taken.part, taken.day
    at = part.finished_at
    assert at is not None
    known = facts.equipment.get(bench.barcode) if bench else None
    installation, certificate = facts.installation_on(known, day) if known else (None, None)
    kind = taken.held.device.kind
    authorisation = facts.authorisation_on(taken.task.unit, kind, day)
    used, kept = [], []
    for stated in part.standards:
        device = facts.device_of(stated.get("asset_no", ""), stated.get("certificate_no", ""))
        name = stated.get("asset_no") or stated.get("certificate_no", "")
        used.append(facts.equipment_on(name, device, day, at))
        paper = facts.certificate_on(device, day) if device else None
        kept.append(
            {
                **stated,
                "device_id": device.pk if device else None,
                "certificate_id": paper.pk if paper else None,
            }
        )
        if paper and _states_otherwise(stated, paper):
            taken.warn("certificate", name)
    project = installation.project if installation else project_of(kind)
    verifiers = [o["person_no"] for o in part.operators if o["role"] == "VERIFIER"]
    blocks = blocks_of(
        Grounds(
            day=day,
            today=today,
            bench=facts.equipment_on(bench_no, known, day, at) if bench_no else None,
            has_installation=installation is not None,
            is_installation_in_date=certificate is not None,
            is_installation_for_kind=installation is not None and kind in installation.kinds,
            installation_code=installation.code if installation else "",
            has_authorisation=authorisation is not None,
            standards=used,
            testers=[facts.tester_on(number, project, day) for number in verifiers],
            class_needed=class_needed(plate, scheme),
            environment_fault=_environment_fault(taken, facts, known),
        )
    )
    people = [
        {**o, "person_id": p.pk if (p := facts.people.get(o["person_no"])) else None}
        for o in part.operators
    ]
    return Rests(
        blocks=blocks,
        bench=known,
        installation=installation,
        certificate=certificate,
        authorisation=authorisation,
        standards=kept,
        people=people,
        tester_ids=_testers(people),
        standard_ids=[
            *[k["device_id"] for k in kept if k["device_id"]],
            *([known.pk] if known else []),
        ],
    )


def _environment_fault(
    taken: Incoming, facts: LaboratoryFacts, bench: Device | None
) -> dict[str, str] | None:
    """A reading of the room's logger outside the laboratory's bounds, as a block says it."""
    ended_at = taken.part.finished_at
    if bench is None or ended_at is None:
        return None
    found = facts.out_of_bounds(taken.task.unit, bench, taken.part.started_at, ended_at)
    return found and {
        "room": found.room,
        "at": f"{timezone.localtime(found.at):%Y-%m-%d %H:%M}",
        "temperature": f"{found.temperature_c:f}",
        "humidity": f"{found.humidity_pct:f}",
    }


def _testers(people: Sequence[Mapping[str, Any]]) -> list[int]:
    return [p["person_id"] for p in people if p["role"] == "VERIFIER" and p["person_id"]]


def _states_otherwise(stated: Mapping[str, str], paper: Any) -> bool:
    number, until = stated.get("certificate_no"), stated.get("valid_until")
    return bool(number and number != paper.number) or bool(
        until and until != paper.valid_through.isoformat()
    )
