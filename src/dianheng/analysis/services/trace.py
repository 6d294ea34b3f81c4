"""Everything that a bad cause touched: found in one statement, kept with the risk of each record."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from psycopg.types.json import Jsonb

from dianheng.assets.choices import DeviceState
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, NotFound
from dianheng.common.jobs import JobRun, job_start
from dianheng.documents.services import numbers_take
from dianheng.identity.models import Unit
from dianheng.identity.selectors import setting
from dianheng.identity.services import require, write_batch
from dianheng.verification.choices import Outcome

from ..choices import Cause, Risk
from ..models import Trace

TRACE = "analysis.trace"
KIND = "analysis.trace"
# The only difference between causes: which records they touched.
_TOUCHED = {
    Cause.STANDARD: "t.standard_ids @> array[%(key)s]::bigint[]",
    Cause.PERSON: "t.tester_ids @> array[%(key)s]::bigint[]",
    Cause.SCHEME: "k.scheme_version_id = %(key)s",
    Cause.LABORATORY: "k.unit_id = %(key)s",
}
_KEEP = """
insert into analysis_tracedrecord (trace_id, record_id, margin_pct, risk, recall)
select %(trace)s, t.id, m.margin,
       case when m.margin is null then %(unknown)s
            when abs(m.margin) < m.guard then %(high)s
            when abs(m.margin) < 2 * m.guard then %(medium)s
            else %(low)s end,
       ''
  from verification_testrecord t
  join verification_verificationtask k on k.id = t.task_id
  join identity_unit u on u.id = k.unit_id
  left join lateral (
       select r.limit_high - abs(r.value) as margin,
              coalesce(%(found)s::numeric, r.limit_high * %(share)s::numeric) as guard
         from verification_testresult r
        where r.record_id = t.id and r.item in ('basic_error', 'ratio_error')
          and not r.is_derived
          and r.value is not null and r.limit_high is not null
        order by abs(r.limit_high - abs(r.value))
                 / coalesce(%(found)s::numeric, r.limit_high * %(share)s::numeric)
        limit 1) m on true
 where {touched} and t.finished_at >= %(from_at)s and t.finished_at < %(through_at)s
   and u.path like %(path)s
"""
_BRANCHES = """
select coalesce(b.barcode, ''), k.number, u.name, d.state, r.risk, count(*)
  from analysis_tracedrecord r
  join verification_testrecord t on t.id = r.record_id
  join verification_verificationtask k on k.id = t.task_id
  join assets_device d on d.id = t.device_id
  join identity_unit u on u.id = d.unit_id
  left join assets_device b on b.id = t.bench_id
 where r.trace_id = %s
 group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
"""
_LINES = """
select t.number, t.finished_at, d.barcode, m.name, f.name, coalesce(b.barcode, ''), k.number,
       trim_scale(r.margin_pct), %(risks)s::jsonb ->> r.risk::text,
       coalesce(%(outcomes)s::jsonb ->> w.outcome, w.outcome), coalesce(i.number, ''), u.name,
       coalesce(p.name, ''), coalesce(%(states)s::jsonb ->> d.state, d.state), r.recall
  from analysis_tracedrecord r
  join verification_testrecord t on t.id = r.record_id
  join verification_taskdevice w on w.id = t.task_device_id
  join verification_verificationtask k on k.id = t.task_id
  join assets_device d on d.id = t.device_id
  join assets_devicemodel m on m.id = d.model_id
  join assets_manufacturer f on f.id = m.manufacturer_id
  join identity_unit u on u.id = d.unit_id
  left join assets_place p on p.id = d.place_id
  left join assets_device b on b.id = t.bench_id
  left join lateral (
       select i.number from documents_issueddocument i
        where i.subjects @> array['record:' || t.number] order by i.id desc limit 1) i on true
 where r.trace_id = %(trace)s and (%(recall)s = '' or r.recall = %(recall)s)
 order by r.risk desc, r.record_id desc
"""
HEADS = (
    gettext_lazy("Original record"),
    gettext_lazy("Tested at"),
    gettext_lazy("Bar code"),
    gettext_lazy("Model"),
    gettext_lazy("Maker"),
    gettext_lazy("Bench"),
    gettext_lazy("Task"),
    gettext_lazy("Margin, %"),
    gettext_lazy("Risk"),
    gettext_lazy("Outcome now"),
    gettext_lazy("Certificate"),
    gettext_lazy("Held by"),
    gettext_lazy("Place"),
    gettext_lazy("State now"),
    gettext_lazy("Recall"),
)


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
) -> Trace:
    """Declare that something turned out bad, and begin to find everything that it touched.

    Args:
        unit: records of this unit and of those below it are looked through.
        cause: see `Cause`.
        key: of the device, the person, the scheme's version or the laboratory.
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
    if through_at > timezone.now():
        text_ = _("It cannot be found bad in the future.")
        errors.append({"field": "through_at", "code": "future", "text": text_})
    if not reason.strip():
        errors.append({"field": "reason", "code": "missing", "text": _("Say what was found.")})
    if found_error_pct is not None and not 0 < abs(found_error_pct) < 100:
        text_ = _("An error that was found is not zero and below 100 %.")
        errors.append({"field": "found_error_pct", "code": "range", "text": text_})
    if errors:
        raise BadInput(_("The trace cannot begin."), errors)
    with write_batch(actor=actor, action="trace.declare", reason=reason) as batch:
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
    return trace


def trace_run(run: JobRun) -> dict[str, Any]:
    """Keep every record that was touched, with margin and risk; a repeat changes nothing."""
    with write_batch(actor=run.actor, action="trace.end") as batch:
        trace = Trace.objects.select_for_update().select_related("unit").get(pk=run.params["trace"])
        if trace.finished_at is None:
            run.progress(0, 2, _("Looking for records"))
            _keep(trace)
            run.progress(1, 2, _("Counting"))
            trace.branches = _branches(trace)
            trace.counts = _counts(trace.branches)
            trace.finished_at = batch.at
            trace.save(update_fields=["branches", "counts", "finished_at"])
    total = sum(trace.counts.values())
    text = _("%(records)s records were touched, %(high)s of them at high risk.")
    high = trace.counts.get(str(Risk.HIGH.value), 0)
    return {"text": text % {"records": total, "high": high}}


def _keep(trace: Trace) -> None:
    given = {
        "trace": trace.pk,
        "key": trace.cause_key,
        "from_at": trace.from_at,
        "through_at": trace.through_at,
        "path": f"{trace.unit.path}%",
        "found": trace.found_error_pct,
        "share": setting("analysis.near_limit", trace.unit_id),
        "low": Risk.LOW.value,
        "medium": Risk.MEDIUM.value,
        "high": Risk.HIGH.value,
        "unknown": Risk.UNKNOWN.value,
    }
    with connection.cursor() as cursor:
        cursor.execute(_KEEP.format(touched=_TOUCHED[Cause(trace.cause)]), given)


def _branches(trace: Trace) -> list[list[Any]]:
    with connection.cursor() as cursor:
        cursor.execute(_BRANCHES, [trace.pk])
        return [list(row) for row in cursor.fetchall()]


def _counts(branches: Sequence[Sequence[Any]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for *_path, risk, count in branches:
        found[str(risk)] = found.get(str(risk), 0) + count
    return found


def _words(trace: Trace, recall: str = "") -> dict[str, Any]:
    """What the lines of a trace are asked with: words in the language of who reads them."""
    return {
        "trace": trace.pk,
        "recall": recall,
        **{
            name: Jsonb({str(value): str(label) for value, label in choices})
            for name, choices in (
                ("risks", Risk.choices),
                ("outcomes", Outcome.choices),
                ("states", DeviceState.choices),
            )
        },
    }


def trace_file(*, trace: Trace) -> Iterator[bytes]:
    """All records of a trace as CSV with its heads, as the database writes it."""
    yield b"\xef\xbb\xbf" + ",".join(f'"{head}"' for head in HEADS).encode() + b"\n"
    with (
        connection.cursor() as cursor,
        cursor.copy(f"copy ({_LINES}) to stdout (format csv)", _words(trace)) as copy,
    ):
        for piece in copy:
            yield bytes(piece)


def recall_lines(*, trace: Trace, recall: str) -> Iterator[tuple[Any, ...]]:
    """The records that a recall took up, as `HEADS` names them."""
    with connection.cursor() as cursor:
        cursor.execute(_LINES, _words(trace, recall))
        yield from cursor


def cause_of(*, cause: str, code: str) -> tuple[int, str, Unit]:
    """What is meant by a code: its key, how it is called, and the unit it belongs to.

    Args:
        cause: see `Cause`.
        code: bar code of a device, login of a person, number of a scheme with its version
            (`S-12/3`), code of a laboratory.

    Raises:
        NotFound: there is nothing of that code.
    """
    from dianheng.assets.models import Device
    from dianheng.identity.models import Person
    from dianheng.verification.models import TestSchemeVersion

    code = code.strip()
    if cause == Cause.STANDARD:
        device = Device.objects.select_related("unit", "model").filter(barcode=code).first()
        if device is not None:
            return device.pk, f"{device.model.name} {device.barcode}", device.unit
    elif cause == Cause.PERSON:
        person = Person.objects.select_related("unit").filter(login=code).first()
        if person is not None:
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
    else:
        unit = Unit.objects.filter(code=code).first()
        if unit is not None:
            return unit.pk, unit.name, unit
    raise NotFound(_("There is nothing called %(code)s.") % {"code": code}, code=code)
