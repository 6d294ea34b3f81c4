"""What a trace found, line by line: the file of all of it, and the lists of recall orders."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy
from psycopg.types.json import Jsonb

from dianheng.assets.choices import DeviceState
from dianheng.fieldwork.choices import Outcome as CheckOutcome
from dianheng.identity.models import Unit
from dianheng.verification.choices import Outcome, QualityOutcome

from ..choices import Risk
from ..models import Trace


def _lines(*, is_file: bool) -> str:
    """The statement of all lines: rows as they are, or as a table program opens them as a file.

    Of a file the moment is that of the organisation's clock, and no text begins a formula.
    """

    def text(column: str) -> str:
        return f"regexp_replace({column}, '^[-=+@\\t\\r]', '''\\&')" if is_file else column

    seen = "exists (select from unnest(%(seen)s::text[]) as root where starts_with({path}, root))"
    day = "to_char({at} at time zone %(zone)s, 'YYYY-MM-DD')"
    moment = "r.done_at"
    if is_file:
        moment = f"to_char({moment} at time zone %(zone)s, 'YYYY-MM-DD HH24:MI:SS')"
    return f"""
select coalesce(t.number, c.number, qb.number || '/' || qm.seq), {moment}, coalesce(d.barcode, ''),
       {text("coalesce(m.name, '')")}, {text("coalesce(f.name, '')")}, coalesce(b.barcode, ''),
       coalesce(k.number, ft.number, qb.number), trim_scale(r.margin_pct), %(risks)s::jsonb ->> r.risk::text,
       coalesce(%(outcomes)s::jsonb ->> w.outcome, %(checked)s::jsonb ->> c.outcome,
                %(run)s::jsonb ->> qr.outcome, w.outcome, ''),
       coalesce(i.number, ''), {text("u.name")}, {text("coalesce(p.name, '')")},
       coalesce(%(states)s::jsonb ->> d.state, d.state, ''), coalesce(up.number, ''),
       {text("coalesce(nullif(up.customer_name, ''), up.name, '')")},
       {text("coalesce(since.points, '')")}, r.recall
  from analysis_tracedrecord r
  left join verification_testrecord t on t.id = r.record_id
  left join verification_taskdevice w on w.id = t.task_device_id
  left join verification_verificationtask k on k.id = t.task_id
  left join fieldwork_fieldcheck c on c.id = r.field_check_id
  left join fieldwork_fieldtask ft on ft.id = c.task_id
  left join verification_qualitymeter qm on qm.id = r.quality_meter_id
  left join verification_qualitybatch qb on qb.id = qm.batch_id
  left join verification_qualityresult qr on qr.batch_id = qm.batch_id and qr.device_id = qm.device_id
  left join assets_device d on d.id = r.device_id
  left join assets_devicemodel m on m.id = d.model_id
  left join assets_manufacturer f on f.id = m.manufacturer_id
  join identity_unit u on u.id = coalesce(d.unit_id, ft.unit_id)
  left join assets_place p on p.id = d.place_id
  left join assets_device b on b.id = coalesce(t.bench_id, c.calibrator_id, qb.bench_id)
  left join (customers_usagepoint up join identity_unit uu on uu.id = up.unit_id)
    on up.id = r.usage_point_id and {seen.format(path="uu.path")}
  left join lateral (
       select string_agg(
              concat(hp.number, ' ', coalesce(nullif(hp.customer_name, ''), hp.name), ' ',
                     {day.format(at="greatest(i.installed_at, r.done_at)")}, ' – ',
                     {day.format(at="i.removed_at")}),
              '; ' order by i.installed_at) as points
         from assets_installation i
         join customers_usagepoint hp on hp.id = i.usage_point_id
         join identity_unit hu on hu.id = hp.unit_id
        where i.device_id = r.device_id and coalesce(i.removed_at, 'infinity') > r.done_at
          and {seen.format(path="hu.path")}) since on true
  left join lateral (
       select i.number from documents_issueddocument i
        where i.subjects @> array['record:' || t.number] order by i.id desc limit 1) i on true
 where r.trace_id = %(trace)s and (%(recall)s = '' or r.recall = %(recall)s)
 order by r.risk desc, r.id
"""


HEADS = (
    gettext_lazy("Original record"),
    gettext_lazy("Tested at"),
    gettext_lazy("Bar code"),
    gettext_lazy("Model"),
    gettext_lazy("Maker"),
    gettext_lazy("Bench or calibrator"),
    gettext_lazy("Task"),
    gettext_lazy("Margin, %"),
    gettext_lazy("Risk"),
    gettext_lazy("Outcome now"),
    gettext_lazy("Certificate"),
    gettext_lazy("Held by"),
    gettext_lazy("Place"),
    gettext_lazy("State now"),
    gettext_lazy("Usage point"),
    gettext_lazy("Customer"),
    gettext_lazy("Supplied through it since the test"),
    gettext_lazy("Recall"),
)


def _words(trace: Trace, seen: Sequence[str], recall: str = "") -> dict[str, Any]:
    """What the lines of a trace are asked with: words in the language of who reads them."""
    return {
        "trace": trace.pk,
        "recall": recall,
        "seen": list(seen),
        "zone": timezone.get_default_timezone_name(),
        **{
            name: Jsonb({str(value): str(label) for value, label in choices})
            for name, choices in (
                ("risks", Risk.choices),
                ("outcomes", Outcome.choices),
                ("checked", CheckOutcome.choices),
                ("run", QualityOutcome.choices),
                ("states", DeviceState.choices),
            )
        },
    }


def trace_file(*, trace: Trace, seen: Sequence[str]) -> Iterator[bytes]:
    """All records of a trace as CSV with its heads, as the database writes it.

    Args:
        seen: paths of units whose usage points and customers the reader may see.
    """
    yield b"\xef\xbb\xbf" + ",".join(f'"{head}"' for head in HEADS).encode() + b"\n"
    with (
        connection.cursor() as cursor,
        cursor.copy(
            f"copy ({_lines(is_file=True)}) to stdout (format csv)", _words(trace, seen)
        ) as copy,
    ):
        for piece in copy:
            yield bytes(piece)


def recall_lines(*, trace: Trace, recall: str, unit: Unit) -> Iterator[tuple[Any, ...]]:
    """The records that a recall took up, as `HEADS` names them; customers of its unit only."""
    with connection.cursor() as cursor:
        cursor.execute(_lines(is_file=False), _words(trace, [unit.path], recall))
        yield from cursor
