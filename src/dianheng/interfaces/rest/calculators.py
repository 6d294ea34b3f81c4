"""`/api/v1/calc/`: the calculators, each the same function that the workflow calls."""

from functools import cache, partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from ninja import Router

from dianheng.interfaces.calculators import calculate, catalogue, read_json, write_json
from dianheng.interfaces.calculators.shapes import InputRefused
from dianheng.verification.selectors.laboratory import has_signed

router = Router(tags=["calculators"])
LARGEST_BYTES = 4 * 1024 * 1024


def _json(body: Any, status: int) -> HttpResponse:
    return HttpResponse(write_json(body), status=status, content_type="application/json")


@router.get("", response=dict[str, Any])
def calculators(request: HttpRequest) -> HttpResponse:
    """Names, titles and schemas of all calculators."""
    return _json(catalogue(), 200)


@router.post("/{name}", response={200: Any, 422: Any}, openapi_extra={
    "requestBody": {"content": {"application/json": {"schema": {}}}, "required": True}
})  # fmt: skip
def calculator(request: HttpRequest, name: str) -> HttpResponse:
    """Ask one rule; an object gives an object, a list a list. Schemas: GET on the list."""
    language = get_language() or ""
    if name not in catalogue():
        return _json(calculate(name, {}, language=language).body, 422)
    if int(request.headers.get("Content-Length") or 0) > LARGEST_BYTES:
        refused = InputRefused("too_large", "the input is larger than 4 MiB")
        return _json(refused.as_error(language), 422)
    try:
        payload = read_json(request.body)
    except InputRefused as refused:
        return _json(refused.as_error(language), 422)
    unit = request.user.unit  # type: ignore[union-attr]
    outcome = calculate(
        name, payload, is_signed=cache(partial(has_signed, unit)), language=language
    )
    return _json(outcome.body, 200 if outcome.is_answered else 422)
