"""Small helps for all templates."""

import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from ..charts import Chart
from ..controls import clauses_above
from ..errors import Refusal
from ..lists.columns import show
from ..pages import door_refusal

register = template.Library()


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """A drawing from the sprite; `label` only where no text stands beside it."""
    return _icon(name, str(label))


@lru_cache(maxsize=1024)
def _icon(name: str, label: str) -> SafeString:
    described = (
        format_html(' role="img" aria-label="{}"', label)
        if label
        else mark_safe(' aria-hidden="true"')
    )
    return format_html(
        '<svg class="icon"{}><use href="{}#{}"/></svg>', described, static("vendor/icons.svg"), name
    )


@register.simple_tag
def shell_piece(name: str) -> SafeString:
    """A piece of `common/shell.html`, the same on every page of a language."""
    return _shell_piece(name, get_language())


@lru_cache(maxsize=32)
def _shell_piece(name: str, language: str | None) -> SafeString:
    return render_to_string(f"common/shell.html#{name}")


@register.simple_block_tag(takes_context=True)
def link(
    context: Mapping[str, Any], content: str, name: str, *args: Any, **given: Any
) -> SafeString:
    """A link to a page; for who may not open it plain text, a greyed button with the reason.

    `{% link "device" one.barcode class="code" %}{{ one.barcode }}{% endlink %}`; instead of the
    name of the page also an address. `over` is the unit whose thing it is, `query` stands behind
    the address, all else on the element.
    """
    address = name if name.startswith("/") else reverse(name, args=args)
    query, over = given.pop("query", ""), given.pop("over", None)
    refusal = _closed(context, address, *([over.path] if over else []))
    if refusal is None:
        return format_html('<a href="{}{}"{}>{}</a>', address, query, attributes(**given), content)
    if "btn" in given.get("class", ""):
        button = '<button type="button" class="btn" aria-disabled="true" title="{}">{}</button>'
        return format_html(button, refusal.text, content)
    given.pop("target", None)
    return format_html("<span{}>{}</span>", attributes(**given), content)


def _closed(context: Mapping[str, Any], address: str, *over: str) -> Refusal | None:
    rights = getattr(context.get("request"), "rights", None)
    return None if rights is None else door_refusal(rights, address, *over)


@register.simple_tag(takes_context=True)
def crumb(context: Mapping[str, Any], label: Any, url: str = "") -> SafeString:
    """One step of the breadcrumbs."""
    if url and _closed(context, url):
        return format_html("<li>{}</li>", label)
    if url:
        return format_html('<li><a href="{}">{}</a></li>', url, label)
    return format_html('<li aria-current="page">{}</li>', label)


@register.simple_tag
def state(
    value: Any, label: Any = "", tones: Mapping[str, str] | None = None, tone: str = ""
) -> SafeString:
    """A state as a coloured word: `{% state device.state device.get_state_display tones %}`."""
    return format_html(
        '<span class="state state-{}">{}</span>',
        tone or (tones or {}).get(value, "calm"),
        label or value,
    )


@register.inclusion_tag("common/chart.html")
def chart(one: Chart) -> dict[str, Any]:
    """A chart with its figures as a table: `{% chart errors %}`."""
    return {"chart": one, "data": one.as_dict(), "id": f"chart-{uuid.uuid4().hex[:8]}"}


@register.inclusion_tag("common/basis.html", takes_context=True)
def basis(context: Mapping[str, Any], things: Sequence[tuple[str, str, Any]]) -> dict[str, Any]:
    """The clauses of regulations that rest on things of a page: kind, key, what each is called.

    `{% basis things %}`; a name is left empty where the page is about that thing.
    """
    found = clauses_above([(kind, key) for kind, key, _label in things])
    lines = [
        (label, clause) for kind, key, label in things for clause in found.get((kind, key), ())
    ]
    return {"lines": lines, "request": context.get("request")}


@register.filter
def plain(value: Any, decimals: int | None = None) -> str:
    """Dates, moments and numbers as everywhere: `{{ device.made_on|plain }}`, `{{ x|plain:2 }}`."""
    return show(value, decimals)


@register.filter
def since(value: Any) -> str:
    """Days since a moment or day, as a whole number; empty without one."""
    if value is None:
        return ""
    day = timezone.localtime(value).date() if hasattr(value, "hour") else value
    return str((timezone.localdate() - day).days)


@register.filter
def item(mapping: Mapping[Any, Any], key: Any) -> Any:
    """An entry of a mapping by a variable key."""
    return mapping.get(key, "")


@register.simple_tag
def attributes(**pairs: Any) -> SafeString:
    """HTML attributes for what is not empty: `{% attributes aria_current=x %}`."""
    return format_html_join(
        "",
        ' {}="{}"',
        ((k.replace("_", "-"), v) for k, v in pairs.items() if v not in (None, "", False)),
    )


@register.filter
def percent(value: Decimal | None) -> str:
    """A part of one as per cent, one decimal."""
    if value is None:
        return "–"
    text = f"{Decimal(value) * 100:.1f}"
    return text.lstrip("-") if not text.strip("-0.") else text
