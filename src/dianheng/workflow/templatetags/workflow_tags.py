"""Texts of packs for templates."""

from collections.abc import Mapping

from django import template

from ..choices import CLASSES
from ..models import PackVersion
from ..selectors import text_of, titles_of

register = template.Library()


@register.filter
def pack_text(texts: Mapping[str, str] | None) -> str:
    """`{{ plan.purpose|pack_text }}` in the language of the page."""
    return text_of(texts or {"zh": ""})


@register.filter
def pack_title(version: PackVersion) -> str:
    """`{{ instance.pack|pack_title }}`"""
    return titles_of(version)


@register.filter
def class_name(key: str) -> str:
    """Name of a module or class; a company's own stands as it is."""
    return str(CLASSES.get(key, key))
