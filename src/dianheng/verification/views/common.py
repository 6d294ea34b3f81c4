"""What several pages of verification share: rights over a thing, scans one by one."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _

from dianheng.common.errors import BadInput, NotFound, Refusal, Refused
from dianheng.common.lists import PageAction
from dianheng.common.pages import no_right
from dianheng.identity.models import Unit

from ..models import BenchLoad, VerificationTask
from ..selectors.loads import load_by_number
from ..selectors.tasks import task_by_number

VIEW = "verification.view"


def may(request: HttpRequest, right: str, unit: Unit) -> bool:
    """Whether the person holds the right over the unit."""
    return bool(request.rights.may(right, unit.path))  # type: ignore[attr-defined]


def refusal_of(request: HttpRequest, right: str, unit: Unit) -> Refusal | None:
    """Why the person may not; None when they may."""
    return None if may(request, right, unit) else no_right(right)


def visible_task(request: HttpRequest, number: str) -> VerificationTask:
    """A task that the person may see."""
    task = task_by_number(number)
    if not may(request, VIEW, task.unit):
        raise NotFound(_("There is no task %(no)s.") % {"no": number}, task=number)
    return task


def visible_load(request: HttpRequest, number: str) -> BenchLoad:
    """A load that the person may see."""
    load = load_by_number(number)
    if not may(request, VIEW, load.task.unit):
        raise NotFound(_("There is no load %(no)s.") % {"no": number}, load=number)
    return load


def action(
    label: Any, url: str, refusal: Refusal | None, *, is_primary: bool = False, icon: str = ""
) -> PageAction:
    """A button of a page."""
    return PageAction(label, url, refusal, is_primary, icon)


@dataclass(frozen=True)
class Taken:
    """What a scan did."""

    title: Any
    text: Any = ""
    is_repeat: bool = False
    count: int | None = None
    expected: int | None = None
    next: list[Mapping[str, str]] = field(default_factory=list)


def answer_scans(
    request: HttpRequest,
    *,
    take: Callable[[str, str], Taken],
    take_back: Callable[[str], Taken],
    total: Callable[[], int],
) -> JsonResponse:
    """Answer the scan field: each scan by itself, in order; a refused one stops none after it.

    Args:
        take: (code, key) -> what happened; raises Refused.
        take_back: key of an earlier scan -> what was undone; raises Refused.
        total: how many are there now.
    """
    try:
        sent = json.loads(request.body)
        scans = list(sent["scans"])
    except (ValueError, KeyError, TypeError):
        raise BadInput(_("The scans cannot be read.")) from None
    results = []
    for scan in scans[:200]:
        key = str(scan.get("key", ""))[:64]
        answer: dict[str, Any] = {"key": key}
        try:
            if scan.get("undo"):
                taken = take_back(str(scan["undo"])[:64])
                answer["outcome"] = "undone"
            else:
                taken = take(str(scan.get("code", ""))[:200], key)
                answer["outcome"] = "repeat" if taken.is_repeat else "good"
        except Refused as refused:
            refusal = refused.refusal
            errors = refusal.errors
            text = errors[0]["text"] if len(errors) == 1 else refusal.text
            answer |= {"outcome": "refused", "title": str(scan.get("code", "")), "text": str(text)}
        else:
            answer |= {"title": str(taken.title), "text": str(taken.text), "next": taken.next}
            if taken.expected is not None:
                answer["expected"] = taken.expected
        answer["count"] = total()
        results.append(answer)
    return JsonResponse({"results": results, "total": total()})
