"""A whole task is reviewed and approved: the page with all that decides, then both signatures."""

import json
import re
from typing import Any

from bench.cases.bench_load import enrolled, task_of_24_points
from bench.core import Bench, Seconds, Way, case

ROWS = """
select t.id from verification_taskdevice t join assets_device d on d.id = t.device_id
  join verification_testrecord r on r.id = t.record_id join verification_verdict v on v.id = t.verdict_id
 where t.task_id = %s and t.step = 'tested' and t.is_open order by t.seq
"""


@case("review", "Review and approval of a task", tiny=4, quick=300, default=3_000)
def review(bench: Bench) -> None:
    """The page beside the statement that reads its rows; review and approval of all at once."""
    from django.db import connection
    from django.test import Client, override_settings

    from dianheng.demo import things
    from dianheng.demo.company import acting, person
    from dianheng.verification.rules import signing_digest
    from dianheng.verification.selectors.tasks import signed_lines, to_decide
    from dianheng.verification.services import results_approve, results_review

    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    storages = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": plain,
    }
    with bench.writing(300), override_settings(ALLOWED_HOSTS=["*"], STORAGES=storages):
        things.laboratory()
        task = _tested(bench.size)
        client = Client()
        client.force_login(person("wangfang"))
        address = f"/tasks/{task.number}/review/"

        def page(_state: object) -> int:
            shown = client.get(address).content.decode()
            return max(map(int, re.findall(r"\d+", shown.split("big-count")[1].split("</p>")[0])))

        def by_hand(_state: object) -> int:
            with connection.cursor() as cursor:
                cursor.execute(ROWS, [task.pk])
                return len(cursor.fetchall())

        bench.race(
            f"review page of {bench.size:,} devices",
            product=Way("page", page),
            limits=[Way("keys of its rows", by_hand)],
            wanted=[Seconds(0.5)],
        )
        keys = [row.pk for row in to_decide(task, "tested")]
        digest = signing_digest(signed_lines(list(to_decide(task, "tested"))))
        call: dict[str, Any] = {"task": task, "seen_digest": digest}
        with bench.used() as reviewed:
            results_review(agreed=keys, actor=acting("wangfang"), **call)
        with bench.used() as approved:
            results_approve(
                task_device_ids=keys,
                password="bench-only",  # noqa: S106  of the made register
                actor=acting("chenqiang"),
                **call,
            )
        bench.figure("review of all at once", reviewed.wall_s, "s", at_most=5)
        bench.figure("review of all at once: CPU", reviewed.cpu_s, "s")
        bench.figure("approval of all at once", approved.wall_s, "s", at_most=10)
        bench.figure("approval of all at once: CPU", approved.cpu_s, "s")
        papers = f"/tasks/{task.number}/certificates/"

        def papers_page(_state: object) -> int:
            shown = client.get(papers).content.decode()
            assert 'name="line"' in shown
            more = re.search(r'<p class="muted" data-more>\D*(\d+)', shown)
            return shown.count('name="line"') + (int(more[1]) if more else 0)

        bench.race(
            f"certificates of a task of {bench.size:,} devices",
            product=Way("page", papers_page),
            limits=[Way("count of its devices", lambda _state: _approved(task))],
            wanted=[Seconds(0.1)],
        )


def _approved(task: Any) -> int:
    """Devices that passed; none has a paper yet."""
    from dianheng.verification.models import ApprovalLine

    return ApprovalLine.objects.filter(
        approval__task=task, outcome__in=["passed", "failed"]
    ).count()


def _tested(devices: int) -> Any:
    """A task whose devices were all tested, without faults, and wear their seals."""
    from django.utils import timezone

    from dianheng.demo.company import acting
    from dianheng.verification.selectors.loads import load_sheet
    from dianheng.verification.services import loads_fill, task_add_devices, upload_receive

    task, tester, measure = task_of_24_points()
    held = [d.pk for d in enrolled(500, devices)]
    task_add_devices(task=task, device_ids=held, actor=acting("gaoyan"))
    seal = 1
    for load in loads_fill(task=task, benches=[measure.device], actor=tester):
        sheet = load_sheet(load)
        seals = {}
        for place in sheet["positions"]:
            numbers = (f"BF26{seal:08d}", f"BF26{seal + 1:08d}")
            seals[place["asset_no"]] = list(
                zip(numbers, ("COVER_LEFT", "COVER_RIGHT"), strict=True)
            )
            seal += 2
        sent = measure.bench.run(sheet, started_at=timezone.now(), seals=seals)
        upload_receive(body=json.dumps(sent, ensure_ascii=False).encode(), actor=tester)
    return task
