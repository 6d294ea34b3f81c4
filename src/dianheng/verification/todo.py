"""What the laboratory's people have to do, and what they worked on lately."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Count, Exists, Max, Min, OuterRef
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.common.todo import WAITING, Recent, TodoGroup, TodoItem, first_and_count
from dianheng.identity.selectors import units_with_right
from dianheng.metrology.rule_sets import rule_set_on, rule_sets

from .choices import LoadState, Moment, QualityState, Step, TaskState, UploadState
from .models import (
    BenchLoad,
    QualityBatch,
    QualityMeter,
    QualityReading,
    RuleSetSignature,
    TaskDevice,
    Upload,
    VerificationTask,
)
from .selectors.laboratory import signed_rule_sets
from .services.judge import PRACTICE

VIEW = "verification.view"
RULES_OF_EVERY_TASK = ("JJG 596", "Q/GDW 1206", PRACTICE)


def _waiting(
    request: HttpRequest, right: str, step: Step, title: Any, url_name: str
) -> TodoGroup | None:
    rights: Any = request.rights  # type: ignore[attr-defined]
    if not rights.may(right):
        return None
    units = units_with_right(rights, right)
    rows = (
        VerificationTask.objects.filter(unit__in=units, state=TaskState.OPEN, devices__step=step)
        .annotate(
            n=Count("devices"),
            since=Min("devices__verdict__judged_at"),
            returned=Max("devices__returned_reason"),
        )
        .order_by("planned_through")
    )
    found, count = first_and_count(rows)
    items = [
        TodoItem(
            task.number,
            reverse(url_name, args=[task.number]),
            _("%(n)s devices") % {"n": task.n},
            task.since,
            task.planned_through,
            bool(task.returned),
        )
        for task in found
    ]
    return TodoGroup(title, items, count, reverse("to_decide"))


def _to_seal(request: HttpRequest) -> TodoGroup | None:
    rights: Any = request.rights  # type: ignore[attr-defined]
    if not rights.may("verification.test"):
        return None
    rows = (
        VerificationTask.objects.filter(
            unit__in=units_with_right(rights, "verification.test"), devices__is_to_be_sealed=True
        )
        .annotate(n=Count("devices"))
        .order_by("planned_through")[:10]
    )
    items = [
        TodoItem(
            task.number,
            reverse("task_seal", args=[task.number]),
            _("%(n)s devices") % {"n": task.n},
            due_on=task.planned_through,
        )
        for task in rows
    ]
    return TodoGroup(_("Passed meters without seals"), items, len(items), reverse("tasks"))


def _to_retest(request: HttpRequest) -> TodoGroup | None:
    rights: Any = request.rights  # type: ignore[attr-defined]
    if not rights.may("verification.test"):
        return None
    rows = TaskDevice.objects.filter(
        task__unit__in=units_with_right(rights, "verification.test"),
        is_open=True,
        step=Step.WAITING,
        attempts__gt=0,
    ).select_related("task", "device")
    found, count = first_and_count(rows.order_by("task", "seq"))
    items = [
        TodoItem(
            row.device.barcode,
            reverse("task", args=[row.task.number]),
            row.returned_reason,
            due_on=row.task.planned_through,
            is_returned=True,
        )
        for row in found
    ]
    return TodoGroup(_("Sent back to be tested again"), items, count, reverse("tasks"))


def _open_loads(request: HttpRequest) -> TodoGroup | None:
    rights: Any = request.rights  # type: ignore[attr-defined]
    if not rights.may("verification.test"):
        return None
    rows = BenchLoad.objects.filter(
        task__unit__in=units_with_right(rights, "verification.test"),
        state__in=[LoadState.OPEN, LoadState.FETCHED],
    ).select_related("bench")
    found = list(rows.order_by("pk")[:10])
    items = [
        TodoItem(load.number, reverse("load", args=[load.number]), load.bench.barcode, load.made_at)
        for load in found
    ]
    url = f"{reverse('loads')}?state=open&state=fetched"
    return TodoGroup(_("Benches without results"), items, len(items), url, WAITING)


def _refused_uploads(request: HttpRequest) -> TodoGroup | None:
    rights: Any = request.rights  # type: ignore[attr-defined]
    if not rights.may("verification.test"):
        return None
    since = timezone.now() - timedelta(days=3)
    rows = Upload.objects.filter(
        state__in=[UploadState.REFUSED, UploadState.PARTLY], received_at__gte=since
    ).defer("body", "answer")
    found = list(rows.order_by("-pk")[:10])
    items = [
        TodoItem(
            upload.source_name or upload.upload_id or upload.bench_no or f"#{upload.pk}",
            reverse("upload", args=[upload.pk]),
            upload.get_state_display(),
            upload.received_at,
        )
        for upload in found
    ]
    url = f"{reverse('uploads')}?state=refused&state=partly"
    return TodoGroup(_("Uploads refused in the last days"), items, len(items), url, WAITING)


def _rules_to_sign(request: HttpRequest) -> TodoGroup | None:
    rights: Any = request.rights  # type: ignore[attr-defined]
    unit = getattr(request.user, "unit", None)
    if unit is None or not rights.may("verification.confirm_rules", unit.path):
        return None
    needed = {
        (standard, edition)
        for standard, edition in VerificationTask.objects.filter(unit=unit, state=TaskState.OPEN)
        .values_list("scheme_version__standard", "scheme_version__edition")
        .distinct()
    }
    # Before the first task: the regulation of today and the company's own practice.
    today = timezone.localdate()
    needed |= {
        (each.standard, each.edition)
        for each in (rule_set_on(name, today) for name in RULES_OF_EVERY_TASK)
    }
    sets = [each for each in rule_sets() if (each.standard, each.edition) in needed]
    signed = signed_rule_sets(unit, sets)
    items = [
        TodoItem(
            rules.name,
            reverse("rule_set", args=[rules.name.replace("/", "_")]),
            _("until it is signed, results are provisional"),
        )
        for rules in sets
        if not rules.is_confirmed and rules.digest not in signed
    ]
    return TodoGroup(_("Rule sets to sign"), items, len(items), reverse("rule_sets"))


def _to_judge(request: HttpRequest) -> TodoGroup | None:
    """QC batches of which every meter is read at both ends."""
    rights: Any = request.rights  # type: ignore[attr-defined]
    if not rights.may("verification.review"):
        return None
    ends = QualityReading.objects.filter(
        batch=OuterRef("batch"), device=OuterRef("device"), moment=Moment.END
    )
    unread = QualityMeter.objects.filter(~Exists(ends), batch=OuterRef("pk"))
    rows = (
        QualityBatch.objects.filter(
            ~Exists(unread),
            unit__in=units_with_right(rights, "verification.review"),
            state=QualityState.OPEN,
        )
        .annotate(n=Count("meters"))
        .filter(n__gt=0)
        .order_by("pk")[:10]
    )
    items = [
        TodoItem(
            batch.number,
            reverse("quality_batch", args=[batch.number]),
            _("%(n)s devices") % {"n": batch.n},
            batch.made_at,
        )
        for batch in rows
    ]
    return TodoGroup(_("QC batches to judge"), items, len(items), reverse("quality_batches"))


def _first_steps(request: HttpRequest) -> TodoGroup | None:
    """On a new system the administrator learns that a metrologist has to sign first."""
    rights: Any = request.rights  # type: ignore[attr-defined]
    if not rights.may("identity.organise") or RuleSetSignature.objects.exists():
        return None
    item = TodoItem(
        _("Name a metrologist"),
        reverse("posts"),
        _("with the right to confirm rule sets: until they are signed, results are provisional"),
    )
    return TodoGroup(_("First steps"), [item], 1, reverse("posts"))


def todo(request: HttpRequest) -> Sequence[TodoGroup]:
    """What the person must do in the laboratory."""
    groups = [
        _waiting(request, "verification.approve", Step.REVIEWED, _("To approve"), "task_approve"),
        _waiting(request, "verification.review", Step.TESTED, _("To review"), "task_review"),
        _to_judge(request),
        _to_retest(request),
        _to_seal(request),
        _first_steps(request),
        _rules_to_sign(request),
    ]
    return [group for group in groups if group is not None and group.count]


def around(request: HttpRequest) -> Sequence[TodoGroup]:
    """What stands still in the laboratory."""
    groups = [_open_loads(request), _refused_uploads(request)]
    return [group for group in groups if group is not None and group.count]


def recent(request: HttpRequest) -> Sequence[Recent]:
    """Tasks that the person made."""
    rights: Any = request.rights  # type: ignore[attr-defined]
    if not rights.may(VIEW):
        return []
    rows = VerificationTask.objects.filter(made_by_id=request.user.pk).select_related("model")
    return [
        Recent(task.number, reverse("task", args=[task.number]), str(task.model), task.made_at)
        for task in rows.order_by("-pk")[:5]
    ]
