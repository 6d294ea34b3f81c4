"""What is wrong with a request that is not of the form, in the user's words."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

# By kind of fault; whatever begins with a key is of its kind, longer keys first.
_KINDS = {
    "missing": _("is missing."),
    "extra_forbidden": _("is no field of this request."),
    "json_invalid": _("is no JSON."),
    "string_too_long": _("is longer than %(max_length)s characters."),
    "string_too_short": _("is shorter than %(min_length)s characters."),
    "string_pattern_mismatch": _("has not the form %(pattern)s."),
    "string": _("is no text."),
    "too_long": _("has %(actual_length)s entries; %(max_length)s at most."),
    "too_short": _("has %(actual_length)s entries; %(min_length)s at least."),
    "greater_than_equal": _("must be %(ge)s or more."),
    "greater_than": _("must be more than %(gt)s."),
    "less_than_equal": _("must be %(le)s or less."),
    "less_than": _("must be less than %(lt)s."),
    "literal_error": _("must be one of %(expected)s."),
    "enum": _("must be one of %(expected)s."),
    "date_": _("is no date such as 2026-03-01."),
    "datetime_": _("is no moment such as 2026-03-01T08:30:00+08:00."),
    "decimal_max_places": _("has more than %(decimal_places)s decimals."),
    "decimal_max_digits": _("has more than %(max_digits)s digits."),
    "decimal_whole_digits": _("has more than %(whole_digits)s digits before the point."),
    "decimal_": _("is no number."),
    "finite_number": _("is no number."),
    "float_": _("is no number."),
    "int_": _("is no whole number."),
    "bool_": _("is neither true nor false."),
    "uuid_": _("is no UUID."),
    "list_type": _("is no list."),
    "dict_type": _("is no object."),
    "model_": _("is no object."),
}


def form_faults(found: list[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Every field that is not of the form: `{field, code, text}`.

    Args:
        found: faults as Ninja tells them; `loc` begins with where (body, query, path) and, for a
            body, how the program calls it, which is nobody's word.
    """
    return [
        {"field": _field(fault["loc"]), "code": fault["type"], "text": _text(fault)}
        for fault in found
    ]


def _field(loc: tuple[Any, ...]) -> str:
    inner = loc[2:] if loc[0] == "body" else loc[1:]
    return ".".join(map(str, inner)) or str(loc[0])


def _text(fault: Mapping[str, Any]) -> str:
    kind = next(
        (key for key in sorted(_KINDS, key=len, reverse=True) if fault["type"].startswith(key)), ""
    )
    if not kind:
        return str(fault["msg"])
    facts = dict(fault.get("ctx", {}))
    if "expected" in facts:
        facts["expected"] = str(facts["expected"]).replace(" or ", ", ")
    return str(_KINDS[kind]) % facts
