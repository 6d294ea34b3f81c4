"""How many statements each hot page asks, recorded; and that more devices ask no more.

`DIANHENG_RENEW=1 pytest tests/plans/test_query_counts.py` writes the record anew; the
difference is reviewed like any other.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dianheng.assets.tests.factories import meters
from dianheng.identity.services import system_actor
from dianheng.identity.tests.factories import metering_centre, person_with
from dianheng.verification.services import task_add_devices, upload_receive
from dianheng.verification.tests.factories import (
    body_of,
    envelope_of,
    laboratory,
    load_with,
    send,
    task_with,
)
from dianheng.verification.tests.test_decision import Story
from dianheng.workflow import services
from dianheng.workflow.models import ProcessInstance
from dianheng.workflow.tests.factories import head, verifier, work_order

pytestmark = pytest.mark.django_db
RECORD = Path(__file__).with_name("query_counts.json")
FEW, MORE = 3, 9


@pytest.fixture
def recorded() -> Any:
    """Compares a count with the record, or writes it there."""
    counts = json.loads(RECORD.read_text()) if RECORD.exists() else {}

    def compare(name: str, count: int) -> None:
        if os.environ.get("DIANHENG_RENEW"):
            counts[name] = count
            RECORD.write_text(json.dumps(counts, indent=1, sort_keys=True) + "\n")
        assert counts.get(name) == count, f"{name}: {count} statements, {counts.get(name)} recorded"

    return compare


def asked(act: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as queries:
        act()
    return len(queries)


PAGES: dict[str, Callable[[Story], str]] = {
    "home": lambda story: reverse("home"),
    "shell status": lambda story: reverse("shell_status"),
    "search": lambda story: f"{reverse('find')}?q={story.barcodes[0][4:12]}",
    "scan": lambda story: f"/api/v1/scan/{story.barcodes[0]}",
    "scan page": lambda story: f"{reverse('scan')}?code={story.barcodes[0]}",
    "device": lambda story: reverse("device", args=[story.barcodes[0]]),
    "devices": lambda story: reverse("devices"),
    "places": lambda story: reverse("place_list"),
    "seals": lambda story: reverse("seals"),
    "stock": lambda story: reverse("stock"),
    "movements": lambda story: reverse("movements"),
    "documents": lambda story: reverse("documents"),
    "tasks": lambda story: reverse("tasks"),
    "task": lambda story: reverse("task", args=[story.task.number]),
    "task devices": lambda story: reverse("task_devices", args=[story.task.number]),
    "records": lambda story: reverse("records"),
    "uploads": lambda story: reverse("uploads"),
    "review": lambda story: reverse("task_review", args=[story.task.number]),
    "approve": lambda story: reverse("task_approve", args=[story.task.number]),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_what_is_recorded_however_many_devices(client, recorded, name):
    story = Story(FEW)
    client.force_login(person_with("*", login="planner", name="林计划"))
    path = PAGES[name](story)
    assert client.get(path).status_code == 200
    few = asked(lambda: client.get(path))
    _more_devices(story)
    assert asked(lambda: client.get(path)) == few
    recorded(name, few)


def _more_devices(story: Story) -> None:
    """Six more meters of the same task, tested as the first were."""
    devices = meters(MORE - FEW, first=500)
    task_add_devices(task=story.task, device_ids=[d.pk for d in devices], actor=system_actor())
    send(envelope_of(story.lab, load_with(story.task, story.lab.bench, skip=FEW)))


def test_an_upload_asks_the_same_for_three_meters_and_for_six(recorded):
    lab, task = laboratory(), task_with(MORE)
    counts = []
    for skip, size in ((0, FEW), (FEW, MORE - FEW)):
        load = load_with(task, lab.bench, size, skip=skip)
        body = body_of(envelope_of(lab, load))
        counts.append(asked(lambda: upload_receive(body=body, actor=lab.tester)))  # noqa: B023
    assert counts[0] == counts[1]
    recorded("upload", counts[0])


def test_review_and_approval_ask_the_same_for_three_devices_and_for_six(recorded):
    story = Story(MORE + 1)
    few, rest = range(FEW), range(FEW, MORE)
    for name, act in (("results_review", story.review), ("results_approve", story.approve)):
        counts = [asked(lambda: act(*few)), asked(lambda: act(*rest))]  # noqa: B023
        assert counts[0] == counts[1], name
        recorded(name, counts[0])


def test_a_step_of_a_process_asks_the_same_however_often_it_was_sent_back(recorded):
    work_order()
    one, two = verifier(), head()
    form = {"subject": "三楼表箱进水", "kind": "repair", "content": "更换表箱"}

    def start() -> ProcessInstance:
        return services.instance_start(
            code="work-order", unit=metering_centre(), title="表箱进水", actor=one
        )

    start()  # the version is read by the first of the process's life
    counts: dict[str, set[int]] = {"process start": {asked(start)}}
    order = ProcessInstance.objects.latest("pk")
    for _turn in range(3):
        acts = {
            "process claim": lambda task: services.task_claim(task=task, actor=one),
            "process send": lambda task: services.task_complete(task=task, data=form, actor=one),
            "process send back": lambda task: services.task_send_back(
                task=task, reason="内容不全", actor=two
            ),
        }
        for name, act in acts.items():
            task = order.tasks.latest("pk")
            counts.setdefault(name, set()).add(asked(lambda: act(task)))  # noqa: B023
    counts["process claim"].remove(min(counts["process claim"]))  # sent back: it has been taken up
    for name, each in counts.items():
        assert len(each) == 1, (name, each)
        recorded(name, *each)
