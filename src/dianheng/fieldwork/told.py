"""A kept record read back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dianheng.documents.papers import schema as paper
from dianheng.metrology.plates import Wiring
from dianheng.metrology.rule_sets import rule_set
from dianheng.metrology.wiring_candidates import Finding, findings_said
from dianheng.metrology.words import word
from dianheng.verification.papers.transformers import CHANGES, sheets_from
from dianheng.verification.selectors.on_site import point_text, transformer_plate_of

from .models import FieldCheck
from .rules import KIND_OF_ITEM
from .sheet import NUMBERS, TEXTS, Sheet

CAUSES_SHOWN = 4


def sheet_of(check: FieldCheck) -> Sheet:
    """The sheet of a record."""
    kept = check.sheet
    model = check.meter.model if check.meter else None
    wiring = Wiring(model.wiring if model and model.wiring else check.task.usage_point.wiring)
    numbers = {key: Decimal(value) for key, value in kept.items() if key in NUMBERS}
    return Sheet(numbers, {key: value for key, value in kept.items() if key in TEXTS}, wiring)


def wiring_said(result: Mapping[str, Any], language: str) -> str:
    """The faults of a wiring as its result keeps them, in words."""
    faults = [Finding(code, place) for code, place in result.get("faults", ())]
    return findings_said(faults, language) if faults else str(result["value"])


def cause_of(results: Sequence[Mapping[str, Any]], kind: str) -> str:
    """What failed that asks for an order of a kind, in the language of the reader."""
    language = get_language() or "zh"
    failed = [
        one
        for one in results
        if one["conclusion"] == "fail" and KIND_OF_ITEM.get(one["item"]) == kind
    ]
    said = []
    for one in failed[:CAUSES_SHOWN]:
        limit = ""
        if one["limit"]:
            limit = f"（{one['limit']}）" if language.startswith("zh") else f" ({one['limit']})"
        value = (
            wiring_said(one, language)
            if one["item"] == "wiring"
            else one["rounded"] or one["value"]
        )
        parts = [word("item", one["item"], language), point_text(one["point"]), value, one["unit"]]
        said.append(" ".join(part for part in parts if part) + limit)
    if (more := len(failed) - CAUSES_SHOWN) > 0:
        said.append(_("%(n)s more") % {"n": more})
    return ("；" if language.startswith("zh") else "; ").join(said)


@dataclass(frozen=True)
class SiteError:
    """An error of a record as the sheets of the laboratory take it."""

    item: str
    direction: str
    phases: str
    load_point: str
    factor: str
    facts: Mapping[str, str]
    samples: Sequence[Decimal]
    rounded_text: str
    limit_high: Decimal | None
    conclusion: str
    rule_row: str


def sheets_of_check(check: FieldCheck) -> tuple[paper.TransformerSheet, ...]:
    """The errors of a transformer, a sheet for each part, phase and ratio."""
    if check.transformer is None:
        return ()
    rows = [
        SiteError(
            one["item"], place["part"], place["phases"], place["percent"], place["burden"],
            {"ratio": place["ratio"]}, [Decimal(each) for each in one["samples"]], one["rounded"],
            Decimal(one["limit"].lstrip("±")) if one["limit"] else None, one["conclusion"],
            one["rule"],
        )
        for one in check.results
        if (place := one.get("place"))
    ]  # fmt: skip
    regulation = next(each for each in check.rule_sets if each["standard"].startswith("JJG"))
    rules = rule_set(regulation["standard"], regulation["edition"])
    return sheets_from(transformer_plate_of(check.transformer.model), rules, rows)


def other_results(check: FieldCheck) -> list[dict[str, Any]]:
    """Results that do not stand in a sheet of a transformer's errors.

    Of the changes of its errors the worst stands for all, as on the laboratory's papers; they are
    in `changes_of_check`.
    """
    rest = [one for one in check.results if not one.get("place") and one["item"] not in CHANGES]
    changes = changes_of_check(check)
    worst = [
        max((one for one in changes if one["item"] == item), key=_gravity)
        for item in dict.fromkeys(one["item"] for one in changes)
    ]
    return rest + worst


def changes_of_check(check: FieldCheck) -> list[dict[str, Any]]:
    """Rise against fall, and against the record before, at each point of a transformer."""
    return [one for one in check.results if one["item"] in CHANGES]


def _gravity(result: Mapping[str, Any]) -> tuple[bool, bool, Decimal]:
    """How bad a change is: failed, not judged, then its share of the limit.

    >>> change = {"conclusion": "pass", "value": "-0.06", "limit": "±0.24"}
    >>> _gravity(change), _gravity(change | {"limit": "-0.12–0.12"})  # as it was kept at first
    ((False, False, Decimal('0.25')), (False, False, Decimal('0.5')))
    """
    high = result["limit"].lstrip("±").rpartition("–")[2]
    limit = Decimal(high) if high else Decimal(0)
    share = abs(Decimal(result["value"])) / limit if limit and result["value"] else Decimal(0)
    return result["conclusion"] == "fail", result["conclusion"] != "pass", share
