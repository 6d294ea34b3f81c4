"""Words and marks of verification for templates."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dianheng.metrology.quantities import plain_text

from .. import words
from ..choices import OUTCOME_TONE, STEP_TONE, Outcome, Step

register = template.Library()


@register.filter
def trade(identifier: str, kind: str) -> str:
    """`{{ result.item|trade:"item" }}`"""
    return words.trade_word(kind, str(identifier or ""))


@register.filter
def fact_text(value: object, name: str) -> str:
    """`{{ value|fact_text:name }}`"""
    return words.fact_text(name, value)


@register.filter
def point_text(point: str) -> str:
    """A load point in words."""
    return words.point_text(str(point or ""))


@register.filter
def standard_text(standard: str) -> str:
    """The name of a rule book."""
    return words.standard_text(standard)


@register.filter
def block_text(block: Mapping[str, Any]) -> str:
    """Why there is no verdict."""
    return words.block_text(block)


@register.filter
def warning_text(warning: Mapping[str, Any]) -> str:
    """What the reviewer should look at."""
    return words.warning_text(warning)


@register.filter
def missing_text(missing: Mapping[str, str]) -> str:
    """What is missing."""
    return words.missing_text(missing)


@register.filter
def difference_text(code: str) -> str:
    """In what the bench differs."""
    return words.difference_text(code)


@register.filter
def figure(value: Decimal | None, places: int = 4) -> str:
    """A number with at most so many decimals, a dash where there is none."""
    return "–" if value is None else plain_text(Decimal(value), places)


@register.filter
def signed(value: Decimal | None, places: int = 4) -> str:
    """A number with its sign and a fixed number of decimals; zero without sign."""
    if value is None:
        return "–"
    text = f"{Decimal(value):+.{places}f}"
    return text.lstrip("+-") if not text.strip("+-0.") else text


@register.filter
def spread(value: Decimal | None, places: int = 4) -> str:
    """A number without sign and with a fixed number of decimals."""
    return "–" if value is None else f"{Decimal(value):.{places}f}"


@register.simple_tag
def outcome(value: str) -> SafeString | str:
    """An outcome as a coloured word."""
    if not value:
        return ""
    return format_html(
        '<span class="state state-{}">{}</span>', OUTCOME_TONE[Outcome(value)], Outcome(value).label
    )


@register.simple_tag
def step(value: str) -> SafeString:
    """A step as a coloured word."""
    return format_html(
        '<span class="state state-{}">{}</span>', STEP_TONE[Step(value)], Step(value).label
    )


@register.simple_tag
def conclusion(value: str) -> SafeString | str:
    """Pass, fail, incomplete as a coloured word."""
    if not value:
        return "–"
    tone = {"pass": "good", "fail": "bad", "incomplete": "busy"}.get(value.lower(), "calm")
    return format_html(
        '<span class="state state-{}">{}</span>',
        tone,
        words.trade_word("conclusion", value.lower()),
    )
