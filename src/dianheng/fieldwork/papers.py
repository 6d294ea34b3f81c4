"""Data of 现场检验记录."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language

from dianheng.documents.papers import schema as paper
from dianheng.documents.selectors import body_for
from dianheng.metrology.errors import MetrologyError
from dianheng.metrology.plates import Wiring
from dianheng.metrology.words import word
from dianheng.verification.papers.parts import device_on_paper
from dianheng.verification.selectors.on_site import point_text

from .diagnosis import Told, told
from .models import FieldCheck
from .rules import BLOCK_TEXTS
from .selectors import transformers_at
from .services.judge import explanations_of
from .sheet import NUMBERS, RATES, Sheet, names_of
from .told import other_results, sheet_of, sheets_of_check

CONDITIONS = ("temperature_c", "humidity_pct", "frequency_hz", "cos_phi")
ALIKE = 3


def field_check_record(check: FieldCheck, language: str = "zh") -> paper.FieldCheckRecord:
    """The record of a check as it goes on paper."""
    sheet = sheet_of(check)
    point = check.task.usage_point
    found = _explained(check, sheet, language)
    calibrator = check.calibrator
    signed_on = timezone.localdate(check.done_at)
    return paper.FieldCheckRecord(
        number=check.number, created_at=timezone.localtime(check.recorded_at),
        body=body_for(check.task.unit), task_no=check.task.number, point_no=point.number,
        point_name=point.name, customer=point.customer_name, address=point.address,
        device_class=f"{point.device_class} (DL/T 448-{point.class_edition})",
        device=device_on_paper(check.device) if check.device else None,
        checked_at=timezone.localtime(check.done_at),
        conditions=tuple(
            (name, f"{sheet[name]:f} {NUMBERS[name].unit}".strip())
            for name in CONDITIONS
            if sheet[name] is not None
        )
        + _element(check),
        phasors=_phasors(sheet),
        results=tuple(
            paper.SiteResult(
                item=one["item"], point=point_text(one["point"]), readings=" ".join(one["samples"]),
                value=_measured(one, language),
                rounded=one["rounded"],
                limit=f"{one['limit']} {one['unit']}" if one["limit"] else "",
                conclusion=one["conclusion"],
            )
            for one in other_results(check)
        ),
        transformer=sheets_of_check(check),
        wiring=found.said if found else "",
        wiring_alike=tuple(found.twins[:ALIKE]) if found and not found.is_right else (),
        correction=f"{found.formula}{f' = {found.k}' if found.k else ''}" if found and not found.is_right else "",
        registers=tuple(
            (rate, f"{sheet[f'register_{rate}']:f} kWh")
            for rate in RATES
            if sheet[f"register_{rate}"] is not None
        )
        + ((("clock_offset_s", f"{sheet['clock_offset_s']:f} s"),) if sheet["clock_offset_s"] is not None else ()),
        seals_removed=sheet.texts.get("seals_removed", ""),
        seals_applied=sheet.texts.get("seals_applied", ""),
        conclusion=check.outcome,
        reasons=tuple(str(BLOCK_TEXTS[one["code"]]) % one["facts"] for one in check.blocks),
        orders=tuple((one.kind, one.due_on) for one in check.orders.order_by("due_on")),
        rules=tuple(
            f"{word('rule_book', one['standard'], get_language() or 'zh')}-{one['edition']}"
            for one in check.rule_sets
        ),
        standards=(
            paper.Standard(
                name=calibrator.model.name, model=calibrator.model.code, serial_no=calibrator.serial_no,
                accuracy=calibrator.model.accuracy_class, certificate_no=check.certificate_no,
                valid_through=check.certificate_through,
            ),
        ) if calibrator else (),
        signatures=(
            paper.Signature(role="leader", name=check.leader.name, signed_on=signed_on),
            paper.Signature(role="second", name=check.second.name, signed_on=signed_on),
            paper.Signature(role="customer", name=check.signer),
        ),
        remark=sheet.texts.get("remark", ""),
    )  # fmt: skip


def _measured(result: Mapping[str, Any], language: str) -> str:
    """What was measured, or what was found where it was compared with the archive."""
    if result["item"] == "wiring":
        return ""
    if result["reason"] in ("as_registered", "not_as_registered"):
        return word("reason", result["reason"], language)
    return f"{result['value']} {result['unit']}".strip()


def _element(check: FieldCheck) -> tuple[tuple[str, str], ...]:
    """In which phase the transformer hung."""
    hung = transformers_at(check.task.usage_point, check.done_at).filter(device=check.transformer)
    row = hung.first() if check.transformer else None
    return (("element", row.get_element_display()),) if row and row.element else ()


def _phasors(sheet: Sheet) -> tuple[paper.SitePhasor, ...]:
    if not sheet.has_phasors:
        return ()
    found = []
    for kind, unit, names in zip("ui", "VA", names_of(sheet.wiring), strict=True):
        sizes = [sheet[f"{kind}{n}"] or Decimal(0) for n in range(1, len(names) + 1)]
        largest = max(sizes) or Decimal(1)
        for n, name in enumerate(names, 1):
            size, lag = sheet[f"{kind}{n}"], sheet[f"{kind}{n}_deg"]
            found.append(
                paper.SitePhasor(
                    name=name, size="" if size is None else f"{size:f}", unit=unit,
                    lag_deg="" if lag is None else f"{lag:f}", kind=kind.upper(),
                    share=round(sizes[n - 1] / largest * 1000), turn=round((((lag or 0) % 360 + 360) % 360) * 10),
                )
            )  # fmt: skip
    return tuple(found)


def _explained(check: FieldCheck, sheet: Sheet, language: str) -> Told | None:
    if not sheet.has_phasors or sheet.wiring is Wiring.SINGLE_PHASE:
        return None
    try:
        return told(explanations_of(sheet, check.meter)[:1], language)[0]
    except MetrologyError:
        return None
