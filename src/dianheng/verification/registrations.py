"""What this app tells the others at start: names of actions, things to do, search, codes, panels."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Count, Max, Min, Q
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.assets.choices import DeviceState, Verb
from dianheng.assets.models import Device
from dianheng.assets.panels import (
    DeviceAction,
    register_document,
    register_panel,
)
from dianheng.assets.panels import register_actions as register_device_actions
from dianheng.assets.selectors import Scanned, meters_with_test_keys, register_scan
from dianheng.assets.services import register_transition_guard
from dianheng.common.actions import register_actions
from dianheng.common.figures import register_figure
from dianheng.common.pages import no_right
from dianheng.common.search import AT_MOST, Hit, HitGroup, register_code, register_search
from dianheng.common.todo import (
    SOON,
    WAITING,
    Recent,
    TodoGroup,
    TodoItem,
    first_and_count,
    register_recent,
    register_todo,
)
from dianheng.documents.registry import register_supersede
from dianheng.identity.selectors import setting, units_with_right
from dianheng.metrology.rule_sets import rule_set_on, rule_sets

from .choices import LoadState, Step, TaskState, UploadState
from .figures import pass_rate, standards_in_time
from .models import (
    BenchLoad,
    InstallationCertificate,
    LaboratoryAuthorisation,
    RuleSetSignature,
    StandardCertificate,
    TaskDevice,
    TestRecord,
    Upload,
    VerificationTask,
)
from .selectors.laboratory import signed_rule_sets
from .services.judge import PRACTICE

VIEW = "verification.view"
RULES_OF_EVERY_TASK = ("JJG 596", "Q/GDW 1206", PRACTICE)

register_actions(
    {
        "authorisation.record": gettext_lazy("Record an authorisation"),
        "bench.key": gettext_lazy("Give a bench a key"),
        "environment.set": gettext_lazy("Set bounds of the environment"),
        "installation.certify": gettext_lazy("Record an examination certificate"),
        "installation.equip": gettext_lazy("Add a standard to a measuring standard"),
        "installation.record": gettext_lazy("Record a measuring standard"),
        "installation.stop": gettext_lazy("Take a measuring standard out of use"),
        "load.cancel": gettext_lazy("Cancel a bench load"),
        "load.fill": gettext_lazy("Fill bench loads"),
        "load.fetch": gettext_lazy("Hand a load to the bench"),
        "load.make": gettext_lazy("Begin a bench load"),
        "load.put": gettext_lazy("Load a position"),
        "load.undo": gettext_lazy("Take a device off a position"),
        "paper.withdraw": gettext_lazy("Withdraw a paper of the laboratory"),
        "results.approve": gettext_lazy("Approve results"),
        "results.judge_again": gettext_lazy("Judge records again"),
        "results.review": gettext_lazy("Review results"),
        "results.seal": gettext_lazy("Apply verification seals"),
        "results.send_back": gettext_lazy("Send results back to review"),
        "rules.sign": gettext_lazy("Sign a rule set"),
        "rules.unsign": gettext_lazy("Take back a signature under a rule set"),
        "scheme.edit": gettext_lazy("Edit a test scheme"),
        "scheme.generate": gettext_lazy("Generate a test scheme"),
        "scheme.propose": gettext_lazy("Propose a test scheme"),
        "scheme.version": gettext_lazy("Make a version of a test scheme"),
        "standard.certify": gettext_lazy("Record the certificate of a standard"),
        "task.add_devices": gettext_lazy("Take devices into a task"),
        "task.apply": gettext_lazy("Let approved outcomes happen"),
        "task.cancel": gettext_lazy("Cancel a verification task"),
        "task.make": gettext_lazy("Make a verification task"),
        "task.withdraw_devices": gettext_lazy("Take devices out of a task"),
        "upload.receive": gettext_lazy("Receive results of a bench"),
        "upload.refuse": gettext_lazy("Refuse an upload"),
        "upload.seals": gettext_lazy("Apply the seals of an upload"),
    }
)


# -- things to do -----------------------------------------------------------------------------------


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


def _papers_due(request: HttpRequest) -> TodoGroup | None:
    rights: Any = request.rights  # type: ignore[attr-defined]
    right = "verification.laboratory"
    if not rights.may(right):
        return None
    units = units_with_right(rights, right)
    last = timezone.localdate() + timedelta(days=setting("verification.due_days"))
    live = Q(withdrawn_on__isnull=True, valid_through__lte=last)
    items: list[TodoItem] = []
    newest_standard = (
        StandardCertificate.objects.filter(device__unit__in=units, withdrawn_on__isnull=True)
        .order_by("device_id", "-valid_through")
        .distinct("device_id")
        .select_related("device")
    )
    newest_installation = (
        InstallationCertificate.objects.filter(
            installation__unit__in=units,
            installation__stopped_on__isnull=True,
            withdrawn_on__isnull=True,
        )
        .order_by("installation_id", "-valid_through")
        .distinct("installation_id")
        .select_related("installation")
    )
    items += [
        TodoItem(
            paper.device.barcode,
            reverse("standard", args=[paper.device.barcode]),
            paper.number,
            due_on=paper.valid_through,
        )
        for paper in newest_standard
        if paper.valid_through <= last
    ]
    items += [
        TodoItem(
            paper.installation.name,
            reverse("installation", args=[paper.installation.code]),
            paper.number,
            due_on=paper.valid_through,
        )
        for paper in newest_installation
        if paper.valid_through <= last
    ]
    items += [
        TodoItem(paper.number, reverse("laboratory"), due_on=paper.valid_through)
        for paper in LaboratoryAuthorisation.objects.filter(live, unit__in=units)
    ]
    items.sort(key=lambda item: item.rank)
    title = _("Papers of the laboratory that end soon")
    return TodoGroup(title, items[:10], len(items), reverse("laboratory"), SOON)


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
        _to_retest(request),
        _to_seal(request),
        _first_steps(request),
        _rules_to_sign(request),
    ]
    return [group for group in groups if group is not None and group.count]


def around(request: HttpRequest) -> Sequence[TodoGroup]:
    """What stands still in the laboratory, and what ends soon."""
    groups = [_open_loads(request), _refused_uploads(request), _papers_due(request)]
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


register_todo(todo)
register_todo(around, counts=False)
register_recent(recent)


# -- search and codes ----------------------------------------------------------------------------------


def find_tasks(request: HttpRequest, text: str) -> HitGroup | None:
    """Tasks by a piece of number or lot."""
    rights: Any = request.rights  # type: ignore[attr-defined]
    if not rights.may(VIEW) or len(text) < 2:
        return None
    rows = (
        VerificationTask.objects.filter(unit__in=units_with_right(rights, VIEW))
        .filter(Q(number__contains=text.upper()) | Q(lot__code__contains=text))
        .select_related("model")
        .order_by("-pk")[:AT_MOST]
    )
    hits = [Hit(task.number, reverse("task", args=[task.number]), str(task.model)) for task in rows]
    return HitGroup(_("Verification tasks"), hits, f"{reverse('tasks')}?q={text}")


def find_records(request: HttpRequest, text: str) -> HitGroup | None:
    """Records by the beginning of their number."""
    rights: Any = request.rights  # type: ignore[attr-defined]
    if not rights.may(VIEW) or not text.upper().startswith("JD"):
        return None
    rows = (
        TestRecord.objects.filter(
            task__unit__in=units_with_right(rights, VIEW), number__startswith=text.upper()
        )
        .select_related("device")
        .order_by("number")[:AT_MOST]
    )
    hits = [
        Hit(row.number, reverse("record", args=[row.number]), row.device.barcode) for row in rows
    ]
    return HitGroup(_("Original records"), hits, f"{reverse('records')}?q={text}")


def code_url(request: HttpRequest, code: str) -> str | None:
    """Where the number of a task, load or record leads."""
    if code.startswith("JD"):
        if VerificationTask.objects.filter(number=code).exists():
            return reverse("task", args=[code])
        if TestRecord.objects.filter(number=code).exists():
            return reverse("record", args=[code])
    elif code.startswith("TZ") and BenchLoad.objects.filter(number=code).exists():
        return reverse("load", args=[code])
    return None


def find_code(code: str) -> Scanned | None:
    """A task or load by its number, for the scan page."""
    if code.startswith("JD"):
        task = VerificationTask.objects.select_related("model", "unit").filter(number=code).first()
        if task is not None:
            return Scanned(
                "task", task.pk, task.number, str(task.model), task.get_state_display(),
                reverse("task", args=[task.number]), unit_path=task.unit.path, right=VIEW,
            )  # fmt: skip
    if code.startswith("TZ"):
        load = BenchLoad.objects.select_related("bench", "task__unit").filter(number=code).first()
        if load is not None:
            return Scanned(
                "load", load.pk, load.number, load.bench.barcode, load.get_state_display(),
                reverse("load", args=[load.number]), unit_path=load.task.unit.path, right=VIEW,
            )  # fmt: skip
    return None


register_search(find_tasks)
register_search(find_records)
register_code(code_url)
register_scan(50, find_code)


# -- the page of a device ----------------------------------------------------------------------------------


def records_panel(device: Device, request: HttpRequest) -> str:
    """Tasks and records of a device."""
    if not request.rights.may(VIEW, device.unit.path):  # type: ignore[attr-defined]
        return ""
    rows = (
        device.tasks.select_related("task__unit", "record")
        .prefetch_related("records")
        .order_by("-pk")[:10]
    )
    return (
        render_to_string("verification/device_panel.html", {"rows": rows}, request) if rows else ""
    )


def device_actions(device: Device, rights: Any) -> Sequence[DeviceAction]:
    """What the laboratory can do with a device."""
    right = "verification.plan"
    refusal = "" if rights.may(right) else no_right(right).text
    return [
        DeviceAction(
            _("Verify"),
            reverse("task_new"),
            refusal,
            (DeviceState.AWAITING_VERIFICATION, DeviceState.OUTSIDE_CONTROL),
        )
    ]


register_panel(30, records_panel)
register_device_actions(30, device_actions)
register_supersede(
    lambda document: (
        reverse("document_supersede", args=[document.number])
        if any(subject.startswith("task:") for subject in document.subjects)
        else ""
    )
)


def task_paths(numbers: Sequence[str]) -> dict[str, list[str]]:
    """Paths of the laboratories of tasks, by number."""
    rows = VerificationTask.objects.filter(number__in=numbers).values_list("number", "unit__path")
    return {number: [path] for number, path in rows}


register_document(
    "task", gettext_lazy("Verification task"), lambda number: reverse("task", args=[number]),
    task_paths,
)  # fmt: skip


# -- guards ---------------------------------------------------------------------------------------------------


def guard_keys(device_ids: Sequence[int], call: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A meter with test keys is not qualified, whatever door asks for it."""
    text = _("%(barcode)s has test keys. Load the formal keys and test it again.")
    return [
        {
            "device_id": key,
            "barcode": barcode,
            "code": "test_keys",
            "text": text % {"barcode": barcode},
        }
        for key, barcode in meters_with_test_keys(device_ids)
    ]


register_transition_guard(Verb.QUALIFY, guard_keys)
register_figure(10, pass_rate)
register_figure(50, standards_in_time)
