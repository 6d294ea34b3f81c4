"""Words for the codes of records and verdicts, in the language of the page."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from dianheng.metrology.quantities import plain_text
from dianheng.metrology.rule_sets import RuleSet
from dianheng.metrology.verdicts import Step
from dianheng.metrology.words import word

from .rules import BLOCK_TEXTS

# Codes of the upload format that the rules have no word for.
OWN: dict[str, dict[str, Any]] = {
    "item": {
        "insulation": gettext_lazy("Insulation"),
        "influence": gettext_lazy("Influence quantities"),
        "power_consumption": gettext_lazy("Power consumption"),
    },
    "fact": {
        "temperature": gettext_lazy("temperature"),
        "humidity": gettext_lazy("humidity"),
        "is_passed": gettext_lazy("passed"),
        "findings": gettext_lazy("findings"),
        "voltage_kv": gettext_lazy("test voltage (kV)"),
        "duration_s": gettext_lazy("duration (s)"),
        "has_breakdown": gettext_lazy("breakdown"),
        "first_pulse_min": gettext_lazy("first pulse (min)"),
        "elapsed_min": gettext_lazy("test time (min)"),
        "voltage_pct": gettext_lazy("voltage (% of Un)"),
        "reference_kwh": gettext_lazy("reference meter (kWh)"),
        "found": gettext_lazy("read back"),
        "ordered": gettext_lazy("ordered"),
        "group_mean_pct": gettext_lazy("mean of the group (%)"),
        "key_state": gettext_lazy("keys"),
        "open_s": gettext_lazy("opened after (s)"),
        "close_s": gettext_lazy("closed after (s)"),
        "price_preset": gettext_lazy("price preset"),
        "resistance_mohm": gettext_lazy("resistance (MΩ)"),
        "sense": gettext_lazy("polarity"),
        "is_done": gettext_lazy("done"),
        "after_failure": gettext_lazy("after a failed test"),
        "ratio": gettext_lazy("ratio"),
        "previous": gettext_lazy("last verification"),
    },
    "transformer": {
        "CT": gettext_lazy("Current transformer"),
        "PT": gettext_lazy("Voltage transformer"),
    },
    "sense": {
        "subtractive": gettext_lazy("subtractive"),
        "additive": gettext_lazy("additive"),
    },
    "key_state": {
        "formal": gettext_lazy("formal keys"),
        "test": gettext_lazy("test keys"),
    },
}


def trade_word(kind: str, identifier: str) -> str:
    """A word of the rules: item, reason, conclusion, certainty, fact, …"""
    if not identifier:
        return ""
    found = word(kind, identifier, get_language() or "zh")
    if found == identifier:
        return str(OWN.get(kind, {}).get(identifier, identifier))
    return found


def block_text(block: Mapping[str, Any]) -> str:
    """Why a record has no verdict."""
    text = BLOCK_TEXTS.get(block["code"])
    return str(text) % block["facts"] if text else str(block["code"])


def warning_text(warning: Mapping[str, Any]) -> str:
    """What the reviewer should look at, in words."""
    about = warning.get("about", "")
    texts = {
        "environment": _("%(about)s outside the reference conditions"),
        "band": _("%(about)s outside the laboratory's own bounds"),
        "overall": _("the bench's overall conclusion was %(about)s"),
        "position_filled": _("position %(about)s taken from the load"),
        "position_missing": _("no position stated"),
        "test_kind": _("the bench called it %(about)s"),
        "constant": _("the bench states the constant %(about)s"),
        "accuracy_class": _("the bench states class %(about)s"),
        "certificate": _("certificate of %(about)s stated otherwise than in the register"),
        "attempt": _("attempt %(about)s"),
        "signs": _("signs of %(about)s lie mirrored to what is known, confirmed by the sender"),
        "demagnetised_first": _("demagnetised before the first test"),
        "rewritten": _("written again by the bench: attempt %(about)s"),
    }
    if warning["code"] in ("environment", "band"):
        about = trade_word("fact", about)
    text = texts.get(warning["code"])
    return text % {"about": about} if text else warning["code"]


def difference_text(code: str) -> str:
    """In what the bench differs from us."""
    return {
        "mean": _("mean"),
        "rounded": _("rounded value"),
        "limit": _("limit"),
        "conclusion": _("conclusion"),
    }.get(code, code)


def missing_text(missing: Mapping[str, str]) -> str:
    """What keeps a record from being complete."""
    item = missing["item"]
    named = _("Environment") if item == "environment" else trade_word("item", item)
    reason = trade_word("reason", missing["reason"])
    if missing["reason"] == "not_tested":
        reason = _("not tested")
    elif missing["reason"] == "not_recorded":
        reason = _("not recorded")
    elif missing["reason"] == "bench_failed_unjudged":
        reason = _("failed at the bench; the rules do not judge this item")
    point = missing["point"]
    if item == "environment" and point:
        point = trade_word("fact", point)
    return " ".join(part for part in (named, point) if part) + f": {reason}"


def step_lines(step: Step) -> tuple[str, list[tuple[str, str]]]:
    """A step of a derivation: its name, and its facts with their words."""
    return trade_word("step", step.name), [
        (trade_word("fact", name), _fact(name, value)) for name, value in step.facts.items()
    ]


def fact_text(name: str, value: object) -> str:
    """A fact of an item in words; facts within facts with their names."""
    if isinstance(value, Mapping):
        parts = (f"{trade_word('fact', key)} {fact_text(key, one)}" for key, one in value.items())
        return ", ".join(parts) or "–"
    if name == "sense":
        return str(OWN["sense"].get(str(value), value))
    if name == "key_state":
        return str(OWN["key_state"].get(str(value), value))
    if isinstance(value, float):
        return plain_text(Decimal(str(value)), 6)
    return _fact(name, value)


def point_text(point: str) -> str:
    """A load point as it is read out: `forward_reactive Imax 0.5L` → 正向无功 Imax 0.5L."""
    first, _blank, rest = point.partition(" ")
    if first in ("f", "δ"):
        return f"{first} {point_text(rest)}"
    if first in ("CT", "PT"):
        parts = {
            "rated": _("rated burden"),
            "lower": _("lower burden"),
        }
        return " ".join(str(parts.get(part, part)) for part in rest.split(" "))
    return f"{trade_word('direction', first)} {rest}" if "_" in first else point


def standard_text(standard: str) -> str:
    """The name of a rule book; what is practice and no standard has a name instead of a number."""
    return trade_word("rule_book", standard)


def _fact(name: str, value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Decimal):
        return plain_text(value, 6)
    if isinstance(value, tuple | list):
        return ", ".join(_fact(name, each) for each in value) or "–"
    text = str(value)
    for kind in ("conclusion", "reason", "certainty"):
        if name == kind:
            return trade_word(kind, text)
    return text


def rules_title(rules: RuleSet) -> str:
    """The whole name of a rule set in the language of the page."""
    return rules.title_zh if (get_language() or "zh").startswith("zh") else rules.title


def rules_url(rules: RuleSet) -> str:
    """Its page."""
    return reverse("rule_set", args=[rules.name.replace("/", "_")])
