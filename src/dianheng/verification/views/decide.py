"""Review and approval: all that is needed to decide on one page; then what exactly is signed."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from dianheng.assets.models import Device
from dianheng.common.access import note_refusal
from dianheng.common.charts import Chart, Line, Mark
from dianheng.common.errors import BadInput, NotFound, Refused
from dianheng.common.pages import needs
from dianheng.common.search import clean_code
from dianheng.identity.selectors import units_with_right
from dianheng.identity.services import actor_of

from .. import services
from ..choices import DECIDED, OUTCOME_TONE, Outcome, Step
from ..models import TaskDevice, VerificationTask
from ..selectors.overview import Distribution, Overview, overview_of, worst_points
from ..selectors.tasks import (
    digest_of,
    last_review_of,
    open_tasks,
    outcome_counts,
    to_decide,
    to_look_at,
)
from ..words import point_text, trade_word, warning_text
from .common import VIEW, Taken, answer_scans, may, visible_task
from .tasks import TASKS, task_refusal

SHOWN = 200  # devices in the table: the worst and the odd ones first


@dataclass(frozen=True)
class Candidate:
    """One device of the table of a reviewer."""

    row: Any  # of `to_look_at`
    share: Decimal | None  # of the limit at its worst point
    marks: Sequence[str]
    is_ready: bool
    where: str = ""


@needs("verification.review", "verification.approve")
def waiting(request: HttpRequest) -> HttpResponse:
    """Tasks with devices that wait for a reviewer or an approver."""
    rights: Any = request.rights  # type: ignore[attr-defined]
    rows = []
    for right, step, url_name in (
        ("verification.review", Step.TESTED, "task_review"),
        ("verification.approve", Step.REVIEWED, "task_approve"),
    ):
        for task in open_tasks(units_with_right(rights, right)).order_by("planned_through")[:200]:
            count = task.tested if step == Step.TESTED else task.reviewed  # type: ignore[attr-defined]
            if count:
                rows.append(
                    {
                        "task": task,
                        "step": step,
                        "count": count,
                        "url": reverse(url_name, args=[task.number]),
                    }
                )
    return render(
        request, "verification/to_decide.html", {"title": _("Review and approval"), "rows": rows}
    )


@needs("verification.review")
def review(request: HttpRequest, number: str) -> HttpResponse:
    """Review what was tested."""
    return _decide(request, visible_task(request, number), Step.TESTED)


@needs("verification.approve")
def approve(request: HttpRequest, number: str) -> HttpResponse:
    """Approve what was reviewed."""
    return _decide(request, visible_task(request, number), Step.REVIEWED)


def _decide(request: HttpRequest, task: VerificationTask, step: Step) -> HttpResponse:
    right = "verification.review" if step == Step.TESTED else "verification.approve"
    if request.method == "POST":
        refusal = task_refusal(request, task, right)
        if refusal is not None:
            raise Refused(refusal)
        if request.POST.get("stage") == "sign":
            return _sign(request, task, step)
        return _confirm(request, task, step)
    rows = to_look_at(task, step)
    overview = overview_of([row.record_id for row in rows if row.record_id])
    candidates = _candidates(rows, overview)
    point = request.GET.get("point", "")
    distribution = _chosen(overview, point)
    reviewed = last_review_of(rows) if step == Step.REVIEWED else {}
    context = {
        "title": _("Review of %(no)s") % {"no": task.number}
        if step == Step.TESTED
        else _("Approval of %(no)s") % {"no": task.number},
        "task": task,
        "step": step,
        "is_review": step == Step.TESTED,
        "rows": rows,
        "ready": sum(1 for each in candidates if each.is_ready),
        "candidates": _with_places(candidates[:SHOWN]),
        "not_shown": max(0, len(candidates) - SHOWN),
        "counts": _counts(rows),
        "overview": overview,
        "chosen": distribution,
        "chart": _chart(distribution, task) if distribution else None,
        "differing": sum(1 for row in rows if row.verdict__difference_count),
        "retested": sum(1 for row in rows if row.attempts > 1),
        "reviewers": sorted({line.review.reviewer.name for line in reviewed.values()}),
        "refusal": task_refusal(request, task, right),
        "crumbs": [
            (TASKS.title, reverse("tasks")),
            (task.number, reverse("task", args=[task.number])),
        ],
        "path": request.path,
    }
    template = "verification/decide.html"
    if getattr(request, "htmx", False) and point:
        template += "#distribution"
    return render(request, template, context)


def _counts(rows: Sequence[Any]) -> list[tuple[Outcome, int, str]]:
    counts = outcome_counts(rows)
    return [
        (outcome, counts[outcome], OUTCOME_TONE[outcome])
        for outcome in Outcome
        if counts.get(outcome)
    ]


def _candidates(rows: Sequence[Any], overview: Overview) -> list[Candidate]:
    """Devices, the ones to look at first: no verdict, failed, odd, then the worst errors."""
    found = [
        Candidate(row, overview.shares.get(row.record_id), _marks_of(row), row.outcome in DECIDED)
        for row in rows
    ]
    order: dict[str, int] = {outcome: place for place, outcome in enumerate(
        (Outcome.BLOCKED, Outcome.PROVISIONAL, Outcome.INCOMPLETE, Outcome.FAILED, Outcome.UNFIT, Outcome.OUTSIDE_CONTROL)
    )}  # fmt: skip
    found.sort(
        key=lambda each: (
            order.get(each.row.outcome, 9) if each.row.outcome else 0,
            not each.marks,
            -(each.share or Decimal(0)),
            each.row.seq,
        )
    )
    return found


def _with_places(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The same, each with where it is worst: the load point or item, and what it failed."""
    worst = worst_points([one.row.record_id for one in candidates if one.row.record_id])
    found = []
    for one in candidates:
        point, item = worst.get(one.row.record_id, ("", ""))
        place = point_text(point) or (trade_word("item", item) if item else "")
        failing = [trade_word("item", name) for name in one.row.verdict__failing_items or ()]
        where = ", ".join(dict.fromkeys([place, *failing])).strip(", ")
        found.append(replace(one, where=where))
    return found


def _marks_of(row: Any) -> list[str]:
    """What the reviewer should look at; what came after the results were sent."""
    marks = []
    if row.verdict__difference_count:
        n = row.verdict__difference_count
        marks.append(ngettext("%(n)s difference", "%(n)s differences", n) % {"n": n})
    if row.attempts > 1:
        marks.append(_("attempt %(about)s") % {"about": row.attempts})
    warnings = row.verdict__warnings or ()
    if any(each["code"] in ("environment", "band") for each in warnings):
        marks.append(_("environment"))
    marks += [warning_text(each) for each in warnings if each["code"] in ("overall", "rewritten")]
    if row.verdict_id and row.verdict__number > 1:
        marks.append(_("judged again since: %(reason)s") % {"reason": row.verdict__reason})
    if row.returned_reason:
        marks.append(_("sent back: %(reason)s") % {"reason": row.returned_reason})
    return marks


def _chosen(overview: Overview, point: str) -> Distribution | None:
    """The distribution to draw: the one asked for, else that with the most outside the band."""
    if not overview.distributions:
        return None
    for one in overview.distributions:
        if one.point == point:
            return one
    return max(
        overview.distributions,
        key=lambda d: (d.outside_limit, d.outside_band, abs(d.mean_pct) / d.limit_pct),
    )


def _chart(one: Distribution, task: VerificationTask) -> Chart:
    edges = [*[bar.from_pct for bar in one.bars], one.bars[-1].to_pct]
    base = reverse("task_devices", args=[task.number])
    lines = [
        Line(-one.limit_pct, _("limit")),
        Line(one.limit_pct, _("limit")),
    ]
    if one.band_pct is not None:
        lines += [Line(-one.band_pct, _("band"), "warn"), Line(one.band_pct, _("band"), "warn")]
    marks = [
        Mark(f"{bar.from_pct:+.3f} … {bar.to_pct:+.3f}", bar.count, base if bar.count else "")
        for bar in one.bars
    ]
    summary = _(
        "%(n)s devices, mean %(mean)s %(unit)s, deviation %(s)s %(unit)s, from %(low)s to "
        "%(high)s %(unit)s"
    ) % {
        "unit": "′" if one.point.startswith("δ") else "%",
        "n": one.count,
        "mean": f"{one.mean_pct:+.3f}",
        "s": f"{one.deviation_pct:.3f}",
        "low": f"{one.lowest_pct:+.3f}",
        "high": f"{one.highest_pct:+.3f}",
    }
    return Chart(
        "distribution",
        _("Errors at %(point)s") % {"point": point_text(one.point)},
        marks,
        lines,
        x_label=_("error, ′") if one.point.startswith("δ") else _("error, %"),
        y_label=_("devices"),
        summary=summary,
        edges=edges,
    )


# -- what exactly is signed ---------------------------------------------------------------------------


def _split(
    request: HttpRequest, rows: Sequence[TaskDevice]
) -> tuple[list[TaskDevice], list[TaskDevice], list[TaskDevice]]:
    """What is agreed to, what is sent back, what is left for later."""
    out = {int(key) for key in request.POST.getlist("out") if key.isdigit()}
    back = {int(key) for key in request.POST.getlist("back") if key.isdigit()}
    agreed, returned, left = [], [], []
    for row in rows:
        if row.pk in back:
            returned.append(row)
        elif row.pk in out or row.outcome not in DECIDED:
            left.append(row)
        else:
            agreed.append(row)
    return agreed, returned, left


def _confirm(request: HttpRequest, task: VerificationTask, step: Step) -> HttpResponse:
    """Say what would be signed: how many, which outcomes, the digest."""
    rows = list(to_decide(task, step))
    agreed, returned, left = _split(request, rows)
    return _confirm_page(request, task, step, agreed, returned, left)


def _confirm_page(
    request: HttpRequest,
    task: VerificationTask,
    step: Step,
    agreed: Sequence[TaskDevice],
    returned: Sequence[TaskDevice],
    left: Sequence[TaskDevice],
    refused: Refused | None = None,
) -> HttpResponse:
    context = {
        "title": _("Sign the review") if step == Step.TESTED else _("Sign the approval"),
        "task": task,
        "is_review": step == Step.TESTED,
        "agreed": agreed,
        "returned": returned,
        "left": left,
        "counts": _counts(agreed),
        "digest": digest_of(agreed),
        "request_key": request.POST.get("request_key") or uuid.uuid4().hex,
        "comment": request.POST.get("comment", ""),
        "reason": request.POST.get("reason", ""),
        "refusals": refused.refusals if refused else (),
        "crumbs": [
            (TASKS.title, reverse("tasks")),
            (task.number, reverse("task", args=[task.number])),
        ],
        "back": request.path,
    }
    status = refused.status if refused else 200
    return render(request, "verification/sign.html", context, status=status)


def _sign(request: HttpRequest, task: VerificationTask, step: Step) -> HttpResponse:
    """Hand the signature to the service; what it refuses is shown with what would be signed now."""
    rows = list(to_decide(task, step))
    agreed, returned, left = _split(request, rows)
    key = request.POST.get("request_key", "")
    reason = request.POST.get("reason", "").strip()
    comment = request.POST.get("comment", "").strip()
    actor = actor_of(request)
    try:
        if step == Step.TESTED:
            done = services.results_review(
                task=task,
                agreed=[row.pk for row in agreed],
                seen_digest=request.POST.get("digest", ""),
                returned={row.pk: reason for row in returned},
                comment=comment,
                actor=actor,
                request_key=key,
            )
            text = _("Reviewed: %(agreed)s agreed, %(returned)s sent back.") % {
                "agreed": done.agreed,
                "returned": done.returned,
            }
        else:
            if returned:
                services.review_take_back(
                    task=task,
                    task_device_ids=[row.pk for row in returned],
                    reason=reason,
                    actor=actor,
                )
            signed = None
            if agreed:
                signed = services.results_approve(
                    task=task,
                    task_device_ids=[row.pk for row in agreed],
                    seen_digest=request.POST.get("digest", ""),
                    password=request.POST.get("password", ""),
                    comment=comment,
                    actor=actor,
                    request_key=key,
                )
            text = _("Approved: %(n)s devices.") % {"n": signed.count if signed else 0}
            if signed and signed.to_be_sealed:
                text += " " + _("%(n)s passed ones wait for their seals.") % {
                    "n": signed.to_be_sealed
                }
    except Refused as refused:
        note_refusal(request, refused)
        return _confirm_page(request, task, step, agreed, returned, left, refused)
    messages.success(request, text)
    return redirect("task", task.number)


# -- seals ------------------------------------------------------------------------------------------------


@needs("verification.test")
def seal(request: HttpRequest, number: str) -> HttpResponse:
    """Scan seals onto approved devices: the meter, then its seals."""
    task = visible_task(request, number)
    held = task.devices.filter(is_to_be_sealed=True).select_related("device").order_by("seq")
    context = {
        "title": _("Apply seals"),
        "task": task,
        "endpoint": reverse("task_sealed", args=[number]),
        "waiting": held[:200],
        "count": held.count(),
        "refusal": task_refusal(request, task, "verification.test"),
        "crumbs": [(TASKS.title, reverse("tasks")), (task.number, reverse("task", args=[number]))],
    }
    template = "verification/seal.html" + ("#waiting" if request.GET.get("part") else "")
    return render(request, template, context)


@require_POST
@needs("verification.test")
def sealed(request: HttpRequest, number: str) -> HttpResponse:
    """Scans: a meter chooses itself, the numbers after it are its seals, left then right."""
    task = visible_task(request, number)
    if not may(request, "verification.test", task.unit):
        raise NotFound(_("There is no task %(no)s.") % {"no": number})
    actor = actor_of(request)
    state = request.session.setdefault("sealing", {})
    here = state.setdefault(number, {"device": None, "barcode": "", "seals": []})

    def take(raw: str, key: str) -> Taken:
        request.session.modified = True
        code = clean_code(raw)
        device = Device.objects.filter(barcode=code).first()
        if device is not None:
            if not task.devices.filter(device=device, is_open=True).exists():
                raise BadInput(_("%(barcode)s is not in this task.") % {"barcode": code})
            here.update(device=device.pk, barcode=device.barcode, seals=[])
            return Taken(device.barcode, _("now its left seal"))
        if here["device"] is None:
            raise BadInput(_("Scan the meter first, then its seals."))
        position = "meter_cover_left" if not here["seals"] else "meter_cover_right"
        qualified = services.results_seal(
            task=task,
            seals=[(code, here["device"], position)],
            actor=actor,
            request_key=key,
        )
        here["seals"] = [*here["seals"], code]
        if qualified:
            return Taken(here["barcode"], _("sealed and qualified"))
        text = _("now its right seal") if len(here["seals"]) == 1 else _("sealed")
        return Taken(here["barcode"], text)

    def take_back(key: str) -> Taken:
        raise BadInput(_("A seal that sits on a meter is opened with a reason, not taken back."))

    return answer_scans(
        request,
        take=take,
        take_back=take_back,
        total=task.devices.filter(is_to_be_sealed=True).count,
    )


__all__ = ["VIEW", "approve", "review", "seal", "sealed", "waiting"]
