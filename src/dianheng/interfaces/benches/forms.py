"""Which form a file of a bench has, and the neutral envelope that is made of it."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from dianheng.assets.choices import DeviceKind
from dianheng.assets.models import Device
from dianheng.common.errors import BadInput

from .csv_form import derived_id, envelope_from_csv
from .grounds import fill_in
from .record_csv import looks_like_record_csv, records_from_csv
from .record_layout import envelope_from_records, looks_like_records, read_any
from .tester_csv import envelope_from_tester_csv, looks_like_tester_csv
from .texts import SCHEMA


def envelope_of_files(names: Sequence[str], bodies: Sequence[bytes], folder: str) -> dict[str, Any]:
    """The envelope of one file, or of a pair of CSV files.

    Args:
        names: of the files, as they lie in the folder.
        bodies: their content.
        folder: name of the bench's folder, which is its number.

    Raises:
        BadInput: none of the known forms, or results of another bench.
    """
    if len(bodies) == 2:
        envelope = envelope_from_csv(*bodies)
    elif names[0].lower().endswith(".csv"):
        envelope = fill_in(_of_csv(bodies[0], folder), folder)
    elif names[0].lower().endswith(".json"):
        envelope = _of_json(bodies[0], folder)
    else:
        raise BadInput(
            _("Files end in .json or .csv; “%(name)s” is no such file.") % {"name": names[0]}
        )
    stated = str(envelope.get("bench_no") or "").strip()
    if stated and not _is_same_bench(stated, folder):
        facts = {"stated": stated[:64], "folder": folder}
        raise BadInput(
            _("The file is of bench %(stated)s but lies in the folder of %(folder)s.") % facts
        )
    envelope["bench_no"] = stated or folder
    return envelope


def _of_csv(body: bytes, folder: str) -> dict[str, Any]:
    if looks_like_record_csv(body):
        return envelope_from_records(records_from_csv(body), body)
    if looks_like_tester_csv(body):
        return envelope_from_tester_csv(body, folder)
    raise BadInput(
        _(
            "The table is of no known layout. A pair of files ends in header.csv and points.csv; the "
            "table of a transformer tester has a column for the bar code and columns for f and δ."
        )
    )


def _of_json(body: bytes, folder: str) -> dict[str, Any]:
    data = read_any(body)
    if isinstance(data, dict) and data.get("schema") == SCHEMA:
        envelope = dict(data)
        if not envelope.get("upload_id"):
            envelope["upload_id"] = derived_id(body)
        return envelope
    if looks_like_records(data):
        return fill_in(envelope_from_records(data, body), folder)
    raise BadInput(_("The file is neither an upload nor a record of the known layouts."))


def _is_same_bench(stated: str, folder: str) -> bool:
    """Whether two numbers, of whatever kind, are those of one bench."""
    if stated == folder:
        return True
    benches = Device.objects.filter(kind=DeviceKind.BENCH)
    keys = set(benches.filter(barcode=stated).values_list("pk", flat=True))
    keys |= set(benches.filter(asset_no=stated).values_list("pk", flat=True))
    return benches.filter(pk__in=keys, barcode=folder).exists() or (
        benches.filter(pk__in=keys, asset_no=folder).exists()
    )
