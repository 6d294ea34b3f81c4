"""Something turned out bad: declared, and everything that it touched kept with its risk."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, NotFound
from dianheng.common.jobs import JobRun, job_start
from dianheng.documents.services import numbers_take
from dianheng.identity.models import Unit
from dianheng.identity.services import idempotent, remember, require, write_batch
from dianheng.standards.selectors.chain import outside_named, unit_above_certified
from dianheng.standards.selectors.environment import rooms

from ..choices import Cause, Risk
from ..models import Trace
from .doubtful import certified_with
from .kept import (
    branches_of,
    checks_keep,
    customers_of,
    digest_of,
    quality_keep,
    records_keep,
)
from .touched import checks_touched, quality_touched, records_touched, records_unplaced

TRACE = "analysis.trace"
KIND = "analysis.trace"
LEAST_ERROR = Decimal("0.0001")
EARLIEST = 1980  # a year: what is earlier was mistyped
FIRST, PART = 1000, 20_000  # records of a part of the search


def trace_declare(
    *,
    unit: Unit,
    cause: str,
    key: int,
    text: str,
    from_at: datetime,
    through_at: datetime,
    reason: str,
    actor: Actor,
    found_error_pct: Decimal | None = None,
    request_key: str = "",
) -> Trace:
    """Declare that something turned out bad, and begin to find everything that it touched.

    Args:
        unit: whose matter it is; records of it and of those below it are looked through, and
            those of a standard, of what was certified with it, or of a person wherever they were
            made.
        cause: see `Cause`.
        key: of the device, the outside standard, the person, the scheme's version, the laboratory
            or the room.
        text: how it is called, for lists and papers.
        from_at: its last known good moment; tests from then on are touched.
        through_at: when it was found bad; tests before it are touched.
        reason: what was found.
        actor: needs `analysis.trace`.
        found_error_pct: error found at the standard, %; the guard band of the risk.

    Raises:
        BadInput: the period is empty or lies ahead, the reason is missing, the error is zero.
    """
    actor = require(actor, TRACE, unit.pk)
    errors = []
    if from_at >= through_at:
        text_ = _("The last known good moment comes before it was found bad.")
        errors.append({"field": "from_at", "code": "order", "text": text_})
    elif from_at.year < EARLIEST:
        text_ = _("That moment is too long ago.")
        errors.append({"field": "from_at", "code": "long_ago", "text": text_})
    if through_at > timezone.now():
        text_ = _("It cannot be found bad in the future.")
        errors.append({"field": "through_at", "code": "future", "text": text_})
    if not reason.strip():
        errors.append({"field": "reason", "code": "missing", "text": _("Say what was found.")})
    if found_error_pct is not None and not LEAST_ERROR <= abs(found_error_pct) < 100:
        text_ = _("An error that was found is at least 0.0001 % and below 100 %.")
        errors.append({"field": "found_error_pct", "code": "range", "text": text_})
    if errors:
        raise BadInput(_("The trace cannot begin."), errors)
    with write_batch(actor=actor, action="trace.declare", reason=reason) as batch:
        if (earlier := idempotent(request_key, "trace.declare")) is not None:
            return Trace.objects.get(pk=earlier["trace"])
        (number,) = numbers_take(
            key="trace", unit_id=unit.pk, year=timezone.localdate(batch.at).year
        )
        trace = Trace.objects.create(
            number=number,
            unit=unit,
            cause=cause,
            cause_key=key,
            cause_text=text,
            from_at=from_at,
            through_at=through_at,
            found_error_pct=None if found_error_pct is None else abs(found_error_pct),
            reason=reason.strip(),
            made_by_id=actor.person_id,
            made_at=batch.at,
        )
        trace.job = job_start(
            kind=KIND, params={"trace": trace.pk}, actor=actor, title=f"{number} {text}"
        )
        trace.save(update_fields=["job"])
        remember(request_key, "trace.declare", {"trace": trace.pk})
    return trace


def trace_run(run: JobRun) -> dict[str, Any]:
    """Keep every record that was touched, with margin and risk, part by part.

    The newest come first and are seen at once. A repeat goes on where the last part ended.
    """
    trace = Trace.objects.select_related("unit").get(pk=run.params["trace"])
    if trace.finished_at is None:
        run.progress(0, 1, _("Looking for records"))
        _search(trace, run)
        with write_batch(actor=run.actor, action="trace.end") as batch:
            trace = Trace.objects.select_for_update().get(pk=trace.pk)
            trace.branches = branches_of(trace)
            trace.counts = _counts(trace.branches)
            trace.point_count, trace.customer_count = customers_of(trace)
            trace.digest = digest_of(trace)
            trace.certified = certified_with(trace)
            trace.unplaced_count, trace.unplaced = records_unplaced(trace)
            trace.finished_at = batch.at
            trace.save()
    total = sum(trace.counts.values())
    text = _("%(records)s records were touched, %(high)s of them at high risk.")
    high = trace.counts.get(str(Risk.HIGH.value), 0)
    return {"text": text % {"records": total, "high": high}}


def _search(trace: Trace, run: JobRun) -> None:
    found = (
        (checks_keep, checks_touched(trace)),
        (quality_keep, quality_touched(trace)),
        (records_keep, records_touched(trace)),
    )
    total, done = sum(len(keys) for _keep, keys in found), 0
    for keep, keys in found:
        for part in _parts(keys):
            with transaction.atomic():
                keep(trace, part)
            done += len(part)
            run.progress(done, total, _("Working out the risk of each"))


def _parts(keys: Sequence[int]) -> Iterator[Sequence[int]]:
    """A small part, so that the first page stands at once, then large ones."""
    yield from (keys[:FIRST],) if keys else ()
    for at in range(FIRST, len(keys), PART):
        yield keys[at : at + PART]


def _counts(branches: Sequence[Sequence[Any]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for *_path, risk, count in branches:
        found[str(risk)] = found.get(str(risk), 0) + count
    return found


def cause_of(*, cause: str, code: str) -> tuple[int, str, Unit]:
    """What is meant by a code: its key, how it is called, and the unit it belongs to.

    Args:
        cause: see `Cause`.
        code: bar code of a device, name of a standard of another body, login of a person, number
            of a scheme with its version (`S-12/3`), code of a laboratory or of a room.

    Raises:
        NotFound: there is nothing of that code.
        BadInput: several bodies have a standard of that name.
    """
    from dianheng.assets.models import Device
    from dianheng.identity.models import Person
    from dianheng.verification.models import TestSchemeVersion

    code = code.strip()
    if cause == Cause.STANDARD:
        device = Device.objects.select_related("unit", "model").filter(barcode=code).first()
        if device is not None:
            return device.pk, f"{device.model.name} {device.barcode}", device.unit
    elif cause == Cause.OUTSIDE:
        outside = outside_named(code)
        if len(outside) > 1:
            text_ = _("Several bodies have one of that name: write %(names)s.")
            text_ %= {"names": _(" or ").join(map(str, outside))}
            raise BadInput(text_, [{"field": "code", "code": "several", "text": text_}])
        if outside:
            return outside[0].pk, str(outside[0]), unit_above_certified(outside[0])
    elif cause == Cause.PERSON:
        person = Person.objects.select_related("unit").filter(login=code).first()
        if person is not None and person.unit is not None:
            return person.pk, person.name, person.unit
    elif cause == Cause.SCHEME:
        number, _slash, version = code.rpartition("/")
        found = (
            TestSchemeVersion.objects.select_related("scheme__unit")
            .filter(scheme__code=number, version=int(version) if version.isdecimal() else 0)
            .first()
        )
        if found is not None:
            return found.pk, code, found.scheme.unit
    elif cause == Cause.ROOM:
        room = rooms(Unit.objects.all()).select_related("unit").filter(code=code).first()
        if room is not None:
            return room.pk, room.name, room.unit
    else:
        unit = Unit.objects.filter(code=code).first()
        if unit is not None:
            return unit.pk, unit.name, unit
    raise NotFound(_("There is nothing called %(code)s.") % {"code": code}, code=code)
