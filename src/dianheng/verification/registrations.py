"""What this app tells the others at start: names of actions, things to do, search, codes, panels."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.assets.choices import DeviceState, Verb
from dianheng.assets.models import Device
from dianheng.assets.panels import DeviceAction, register_document, register_panel
from dianheng.assets.panels import register_actions as register_device_actions
from dianheng.assets.selectors import Scanned, meters_with_test_keys, register_scan
from dianheng.assets.services import register_transition_guard
from dianheng.common.actions import register_actions
from dianheng.common.figures import register_figure
from dianheng.common.lists.columns import show
from dianheng.common.pages import no_right
from dianheng.common.search import AT_MOST, Hit, HitGroup, register_code, register_search
from dianheng.common.todo import register_recent, register_todo
from dianheng.documents.registry import register_supersede
from dianheng.identity.selectors import units_with_right
from dianheng.standards.models import StandardInstallation
from dianheng.standards.panels import (
    register_installation_action,
    register_installation_fact,
    register_standard_panel,
)
from dianheng.workflow.registry import Subject, register_subject

from .choices import QUALITY_OUTCOME_TONE
from .figures import pass_rate
from .models import BenchLoad, QualityBatch, QualityResult, TestRecord, VerificationTask
from .selectors.laboratory import records_with_standard
from .selectors.quality import meters_under_quality
from .todo import VIEW, around, recent, todo

register_actions(
    {
        "bench.key": gettext_lazy("Give a bench a key"),
        "load.cancel": gettext_lazy("Cancel a bench load"),
        "load.fill": gettext_lazy("Fill bench loads"),
        "load.fetch": gettext_lazy("Hand a load to the bench"),
        "load.make": gettext_lazy("Begin a bench load"),
        "load.put": gettext_lazy("Load a position"),
        "load.undo": gettext_lazy("Take a device off a position"),
        "quality.cancel": gettext_lazy("Cancel a QC batch"),
        "quality.judge": gettext_lazy("Judge a QC batch"),
        "quality.make": gettext_lazy("Begin a QC batch"),
        "quality.read": gettext_lazy("Read registers into a QC batch"),
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
    elif code.startswith("ZJ") and QualityBatch.objects.filter(number=code).exists():
        return reverse("quality_batch", args=[code])
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
    results = QualityResult.objects.filter(device=device).select_related("batch__unit")[:5]
    if not rows and not results:
        return ""
    context = {"rows": rows, "results": results, "tones": QUALITY_OUTCOME_TONE}
    return render_to_string("verification/device_panel.html", context, request)


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


def quality_paths(numbers: Sequence[str]) -> dict[str, list[str]]:
    """Paths of the laboratories of QC batches, by number."""
    rows = QualityBatch.objects.filter(number__in=numbers).values_list("number", "unit__path")
    return {number: [path] for number, path in rows}


register_document(
    "quality", gettext_lazy("QC batch"), lambda number: reverse("quality_batch", args=[number]),
    quality_paths,
)  # fmt: skip


def task_stands(number: str) -> dict[str, Any]:
    """What somebody decides on who decides on a task: how far it is, with which outcomes."""
    task = VerificationTask.objects.filter(number=number).first()
    if task is None:
        return {}
    rows = task.devices.values_list("step", "outcome").annotate(n=Count("pk"))
    devices = [[step, outcome, n] for step, outcome, n in rows.order_by("step", "outcome")]
    return {"state": task.state, "devices": devices}


register_subject(
    Subject(
        "task",
        gettext_lazy("Verification task"),
        task_stands,
        lambda number: reverse("task", args=[number]),
    )
)


# -- the pages of standards and installations ----------------------------------------------------------


def standard_panel(device: Device, request: HttpRequest) -> str:
    """Records made with a standard or bench."""
    rows = records_with_standard(device)
    context = {
        "records": rows.select_related("device", "task")[:20],
        "record_count": rows.count(),
    }
    return render_to_string("verification/standard_panel.html", context, request)


def key_fact(installation: StandardInstallation) -> tuple[Any, str]:
    """Which key the bench signs with."""
    key = getattr(installation.bench, "bench_key", None) if installation.bench else None
    text = _("none: uploads need no signature")
    if key is not None:
        text = _("generation %(n)s, %(day)s") % {"n": key.generation, "day": show(key.made_at)}
    return _("Key of the bench"), text


register_standard_panel(standard_panel)
register_installation_fact(key_fact)
register_installation_action(
    lambda installation: (
        _("Give the bench a key"), reverse("bench_key", args=[installation.code])
    )
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


def guard_quality(device_ids: Sequence[int], call: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A meter that stands in an open QC batch leaves no store before it is judged."""
    text = _("%(barcode)s stands in QC batch %(no)s, which is not judged yet.")
    return [
        {
            "device_id": key,
            "barcode": barcode,
            "code": "under_quality",
            "text": text % {"barcode": barcode, "no": number},
        }
        for key, barcode, number in meters_under_quality(device_ids)
    ]


register_transition_guard(Verb.QUALIFY, guard_keys)
for verb in (Verb.ISSUE, Verb.SEND, Verb.LEND):
    register_transition_guard(verb, guard_quality)
register_figure(10, pass_rate)
