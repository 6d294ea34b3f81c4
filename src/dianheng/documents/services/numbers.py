"""Document numbers: unique, in order, every gap explained."""

from django.db import connection
from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput
from dianheng.identity.services import require, write_batch

from ..choices import DocumentKind
from ..models import NumberSeries, VoidNumber

# Prefix of each series; a unit's code is put in front of it when it is not the first unit.
PREFIXES = {
    "verification_certificate": "JZ",
    "result_notice": "JT",
    "original_record": "YS",
    "arrival_acceptance": "DY",
    "sampling_form": "CY",
    "sampling_report": "CB",
    "verification_task": "JD",
    "stock_in_note": "RK",
    "stock_out_note": "CK",
    "handover_note": "JJ",
    "failure_list": "BH",
    "return_notice": "TH",
    "lot_summary": "PH",
    "arrival": "DH",
    "order": "DD",
    "bench_load": "TZ",
    "lot_inspection": "YP",
    "trace": "ZS",
    "quality_batch": "ZJ",
    "field_task": "XC",
    "field_check": "XJ",
    "field_order": "XD",
    "sendout_plan": "SH",
    "sendout": "SJ",
}
DIGITS = 6


def numbers_take(*, key: str, unit_id: int, year: int, count: int = 1) -> list[str]:
    """Take the next numbers of a series, inside the transaction that uses them.

    The form is `prefix + unit key + year - number`, e.g. `JZ3-2026-000017`: unique over all
    units, and people can read it out.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            insert into documents_numberseries (key, unit_id, year, prefix, last)
            values (%(key)s, %(unit)s, %(year)s, %(prefix)s, %(count)s)
            on conflict (key, unit_id, year)
                do update set last = documents_numberseries.last + excluded.last
            returning prefix, last
            """,
            {
                "key": key,
                "unit": unit_id,
                "year": year,
                "prefix": f"{PREFIXES[key]}{unit_id}",
                "count": count,
            },
        )
        prefix, last = cursor.fetchone()
    return [f"{prefix}-{year}-{number:0{DIGITS}d}" for number in range(last - count + 1, last + 1)]


def series_name(number: str) -> str:
    """What the paper with this number is called, by the letters of its series; empty of others."""
    key = next((key for key, prefix in PREFIXES.items() if number[:2] == prefix), "")
    return str(DocumentKind(key).label) if key in DocumentKind.values else ""


def number_void(*, key: str, unit_id: int, year: int, reason: str, actor: Actor) -> VoidNumber:
    """Use up the next number without a document (a spoiled pre-printed form), and say why."""
    if not reason.strip():
        raise BadInput(_("Say why the number is void."))
    actor = require(actor, "documents.issue", unit_id)
    with write_batch(actor=actor, action="number.void", reason=reason):
        (number,) = numbers_take(key=key, unit_id=unit_id, year=year)
        series = NumberSeries.objects.get(key=key, unit_id=unit_id, year=year)
        return VoidNumber.objects.create(number=number, series=series, reason=reason)
