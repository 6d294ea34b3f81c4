"""A sample that the higher centre tests: its list, its hand-over, the centre's report."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import Verb
from dianheng.assets.services import devices_transition, transit_place
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused, refuse
from dianheng.common.files import Head, Unreadable, best_table, find_head, plain_head
from dianheng.common.lists import NotUnderstood, read_day
from dianheng.documents.services import file_store
from dianheng.identity.services import idempotent, remember, require, write_batch
from dianheng.metrology.words import words

from ..choices import InspectionState, ResultSource, SentState
from ..models import InspectionLot, SampleDevice, SampleResult, SentSample
from ..rules import guard_state
from ..selectors.inspections import sampling_tasks
from .inspection import locked_inspection
from .sample import sample_result_record

CHUNK = 1 << 20
CLASSES = ("A", "B", "C")
# Heads of a report, as `plain_head` has them.
REPORT_HEADS: Mapping[str, tuple[str, ...]] = {
    "barcode": ("条形码", "条码", "资产条码", "样品条码", "样品编号", "barcode", "samplebarcode", "sample"),
    "conclusion": ("结论", "检验结论", "结果", "判定", "conclusion", "result", "verdict"),
    "item": ("不合格项目", "不合格项", "项目", "item", "faileditem", "nonconformity"),
    "class": ("类别", "不合格类别", "分类", "class", "nonconformityclass"),
    "measured": ("实测", "发现", "实测值", "检测结果", "measured", "found"),
    "limit": ("要求", "规定", "标准要求", "限值", "limit", "required"),
    "tested_on": ("检验日期", "检测日期", "检定日期", "试验日期", "测试日期", "日期", "testedon", "date"),
}  # fmt: skip
PASSED = ("合格", "符合", "通过", "pass", "passed", "conforms", "ok")
FAILED = ("不合格", "不符合", "不通过", "fail", "failed", "doesnotconform", "nok")


def sent_sample_make(*, inspection: InspectionLot, sent_to: str, actor: Actor) -> SentSample:
    """Draw up the list of a sample that the higher centre tests instead of the own benches."""
    if not sent_to.strip():
        raise BadInput(_("Name the centre that tests the sample."))
    actor = require(actor, "supply.inspect", inspection.unit_id)
    with write_batch(actor=actor, action="sent.make") as batch:
        found = locked_inspection(inspection)
        refuse(guard_state(found.state, [InspectionState.DRAWN], found.number))
        task = sampling_tasks(found).first()
        if task is not None:
            text = _("The sample is tested here in task %(no)s.") % {"no": task.number}
            raise Refused(Refusal("tested_here", text, {"task": task.number}))
        if SampleResult.objects.filter(sample__draw__inspection=found).exists():
            text = _("Results of this sample are recorded here already; it cannot be sent away.")
            raise Refused(Refusal("tested_here", text, {"inspection": found.number}))
        sent = SentSample.objects.filter(inspection=found).first()
        if sent is not None and sent.state not in (SentState.LISTED, SentState.WITHDRAWN):
            return sent
        sent = sent or SentSample(inspection=found, number=f"{found.number}-S")
        sent.state, sent.sent_to = SentState.LISTED, sent_to.strip()
        sent.listed_at, sent.listed_by_id = batch.at, actor.person_id
        sent.save()
        return sent


def sent_sample_withdraw(*, sent: SentSample, reason: str, actor: Actor) -> SentSample:
    """Withdraw the list before the hand-over: the sample is tested here, or listed anew."""
    if not reason.strip():
        raise BadInput(_("Say why the list is withdrawn."))
    actor = require(actor, "supply.inspect", sent.inspection.unit_id)
    with write_batch(actor=actor, action="sent.withdraw", reason=reason):
        found = _locked(sent)
        _refuse_state(found, SentState.LISTED)
        found.state = SentState.WITHDRAWN
        found.save(update_fields=["state"])
    return found


def sent_sample_hand_over(
    *, sent: SentSample, received_by_name: str, actor: Actor, carrier: str = ""
) -> SentSample:
    """The sample leaves, and somebody there has it: both names stand on the slip."""
    if not received_by_name.strip():
        raise BadInput(_("Say who received the sample there."))
    actor = require(actor, "supply.inspect", sent.inspection.unit_id)
    with write_batch(actor=actor, action="sent.hand_over") as batch:
        found = _locked(sent)
        if found.state == SentState.HANDED_OVER:
            return found
        _refuse_state(found, SentState.LISTED)
        way = transit_place(unit_id=found.inspection.unit_id, actor=batch.actor)
        devices_transition(
            device_ids=_device_ids(found), verb=Verb.SEND, actor=batch.actor, place_id=way.pk,
            document=found.inspection.document, facts={"purpose": "for_test", "sent_to": found.sent_to},
        )  # fmt: skip
        found.state, found.handed_over_at = SentState.HANDED_OVER, batch.at
        found.handed_over_by_id, found.place = actor.person_id, way
        found.carrier, found.received_by_name = carrier.strip(), received_by_name.strip()
        found.save()
    return found


def sent_sample_report(
    *,
    sent: SentSample,
    report_no: str,
    report_on: date,
    actor: Actor,
    failing: Sequence[Mapping[str, Any]] = (),
    path: Path | None = None,
    name: str = "",
    request_key: str = "",
) -> int:
    """Enter the centre's report: every drawn device has its result by it.

    Args:
        failing: devices that do not conform, each with `barcode` and `nonconformities` as
            `sample_result_record` takes them; the others of the sample conform. Not with `path`.
        path: the report as a table that names every device of the sample (`report_results`).

    Returns:
        How many results were recorded.

    Raises:
        BadInput: a device is missing or not of the sample; every one is named.
    """
    faults = []
    if not report_no.strip():
        faults.append(
            {"field": "report_no", "code": "missing", "text": _("A report has a number.")}
        )
    if report_on > timezone.localdate():
        text = _("This day has not come yet.")
        faults.append({"field": "report_on", "code": "date_future", "text": text})
    if faults:
        raise BadInput(_("The report cannot be entered."), faults)
    inspection = sent.inspection
    actor = require(actor, "supply.inspect", inspection.unit_id)
    with write_batch(actor=actor, action="sent.report") as batch:
        if (earlier := idempotent(request_key, "sent.report")) is not None:
            return int(earlier["count"])
        found = _locked(sent)
        _refuse_state(found, SentState.HANDED_OVER)
        assert found.handed_over_at is not None
        if report_on < timezone.localdate(found.handed_over_at):
            text = _("The report is older than the hand-over of the sample.")
            raise BadInput(text, [{"field": "report_on", "code": "date_before", "text": text}])
        codes = _codes(found)
        given = report_results(path) if path is not None else [dict(one) for one in failing]
        _refuse_strangers(given, codes, is_whole=path is not None)
        if path is None:
            bad = {one["barcode"] for one in given}
            given += [{"barcode": code} for code in codes if code not in bad]
        for one in given:
            one["source_ref"] = report_no.strip()
            one["tested_on"] = one.get("tested_on") or report_on
        count = sample_result_record(
            inspection=inspection, results=given, actor=actor, source=ResultSource.CENTRE
        )
        found.state, found.report_no, found.report_on = (
            SentState.REPORTED,
            report_no.strip(),
            report_on,
        )
        if path is not None:
            with path.open("rb") as content:
                found.report_file = file_store(
                    chunks=iter(lambda: content.read(CHUNK), b""), name=name or path.name,
                    media_type="application/octet-stream", actor=actor,
                )  # fmt: skip
        found.save()
        remember(request_key, "sent.report", {"count": count, "at": batch.at.isoformat()})
    return count


def sent_sample_back(*, sent: SentSample, actor: Actor) -> SentSample:
    """The sample came back to where its lot stands."""
    actor = require(actor, "supply.inspect", sent.inspection.unit_id)
    with write_batch(actor=actor, action="sent.back") as batch:
        found = _locked(sent)
        _refuse_state(found, SentState.REPORTED)
        part = found.inspection.parts.select_related("arrival").order_by("pk").first()
        ids = list(
            SampleDevice.objects.filter(
                draw__inspection=found.inspection, device__place=found.place_id
            ).values_list("device_id", flat=True)
        )
        if ids and part is not None:
            devices_transition(
                device_ids=ids, verb=Verb.RECEIVE, actor=batch.actor,
                place_id=part.arrival.place_id, document=found.inspection.document,
            )  # fmt: skip
        found.state, found.back_at = SentState.BACK, batch.at
        found.save(update_fields=["state", "back_at"])
    return found


# -- the report as a table -------------------------------------------------------------------------

_FIELD = {head: field for field, heads in REPORT_HEADS.items() for head in heads}


def _field_of(head: str) -> str:
    return _FIELD.get(plain_head(head), "")


_TAIL = re.compile(r"(检查|试验|测试|检验|功能|test)$")


def _item_head(text: str) -> str:
    """An item as centres write it: 外观 is 外观检查."""
    return _TAIL.sub("", plain_head(text))


# An item by its Chinese or English word, or by its code.
_ITEMS = {
    _item_head(text): code
    for (kind, code), texts in words().items()
    if kind == "item"
    for text in (*texts, code)
}


def report_results(path: Path) -> list[dict[str, Any]]:
    """Results of a report in .xlsx or .csv: a row for a device, several where it failed in several.

    Raises:
        Unreadable: no such table.
        BadInput: every row that is not understood.
    """
    table = best_table(path, _field_of)
    head = find_head(table, _field_of)
    place = {_field_of(name): n for n, name in enumerate(head.names)}
    if not {"barcode", "conclusion"} <= set(place):
        raise Unreadable("no_head", _("The report needs the columns “bar code” and “conclusion”."))
    results: dict[str, dict[str, Any]] = {}
    faults: list[dict[str, Any]] = []
    for no, row in _below(table.rows(), head):
        cell = {
            field: row[n].strip() if n < len(row) else "" for field, n in place.items() if field
        }
        conclusion = plain_head(cell["conclusion"])
        if not cell["barcode"] or conclusion not in (*PASSED, *FAILED):
            text = _("names no device, or no conclusion “pass” or “fail”")
            faults.append({"row": no, "code": "conclusion", "text": text})
            continue
        one = results.setdefault(
            cell["barcode"], {"barcode": cell["barcode"], "nonconformities": []}
        )
        if cell.get("tested_on"):
            one["tested_on"] = _day(cell["tested_on"], no, faults)
        if conclusion in FAILED:
            item = _ITEMS.get(_item_head(cell.get("item", "")), cell.get("item", ""))
            each = cell.get("class", "").upper().removesuffix("类")
            if not item or (each not in CLASSES and item not in _ITEMS.values()):
                text = _(
                    "failed, but names no known item; an item of its own needs class A, B or C"
                )
                faults.append({"row": no, "code": "item", "text": text})
                continue
            one["nonconformities"].append(
                {
                    "item": item, "class": each,
                    "measured": cell.get("measured", ""), "limit": cell.get("limit", ""),
                }
            )  # fmt: skip
    if faults:
        raise BadInput(_("The report cannot be read: nothing was recorded."), faults)
    return list(results.values())


def _below(rows: Iterable[tuple[int, list[str]]], head: Head) -> Iterator[tuple[int, list[str]]]:
    return ((no, row) for no, row in rows if no > head.row_no and any(cell.strip() for cell in row))


def _day(text: str, row: int, faults: list[dict[str, Any]]) -> date | None:
    try:
        return read_day(text)
    except NotUnderstood:
        faults.append({"row": row, "code": "date", "text": _("has a day that is no day")})
        return None


def _refuse_strangers(
    given: Sequence[Mapping[str, Any]], codes: Sequence[str], *, is_whole: bool
) -> None:
    sample, named = set(codes), [str(one.get("barcode", "")) for one in given]
    faults = [
        {"device": code, "code": "sample", "text": _("is not in the sample")}
        for code in named
        if code not in sample
    ]
    faults += [
        {"device": code, "code": "twice", "text": _("is named twice")}
        for code in sorted(sample)
        if named.count(code) > 1
    ]
    if is_whole:
        faults += [
            {"device": code, "code": "missing", "text": _("is in the sample, not in the report")}
            for code in codes
            if code not in set(named)
        ]
    if faults:
        raise BadInput(_("The report does not fit the sample: nothing was recorded."), faults)


def sent_list_heads() -> list[str]:
    """Heads of the list that goes with the sample; `report_results` knows them in both languages."""
    return [
        gettext("Order of the draw"), gettext("Bar code"), gettext("Maker's number"), gettext("Conclusion"),
        gettext("Item"), gettext("Nonconformity class"), gettext("Found"), gettext("Required"),
        gettext("Tested on"),
    ]  # fmt: skip


def sent_list(sent: SentSample) -> Iterator[list[Any]]:
    """Rows of the list: the centre fills in the rest and sends it back."""
    rows = SampleDevice.objects.filter(draw__inspection=sent.inspection).select_related("device")
    for one in rows.order_by("rank"):
        yield [one.rank, one.device.barcode, one.device.serial_no]


def _locked(sent: SentSample) -> SentSample:
    rows = SentSample.objects.select_for_update(of=("self",)).select_related("inspection")
    return rows.get(pk=sent.pk)


def _refuse_state(sent: SentSample, wanted: str) -> None:
    if sent.state != wanted:
        facts = {"no": sent.number, "state": str(sent.get_state_display())}
        raise Refused(Refusal("sent_state", _("%(no)s is “%(state)s”.") % facts, facts))


def _codes(sent: SentSample) -> list[str]:
    rows = SampleDevice.objects.filter(draw__inspection=sent.inspection).order_by("rank")
    return list(rows.values_list("device__barcode", flat=True))


def _device_ids(sent: SentSample) -> list[int]:
    rows = SampleDevice.objects.filter(draw__inspection=sent.inspection)
    return list(rows.values_list("device_id", flat=True))
