"""Processes at 10⁶ ended instances: start, claim, send, send back, the to-do page; who could do both.

Ended instances are written set by set, as a database of years would hold them: steps, forms and
notes are there, the engine's state is gone. Each figure is taken at 10³ too, to show the growth.
"""

import multiprocessing
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from statistics import median
from typing import Any

import psycopg

from bench.core import Bench, WrongResultError, case

FEW = 1_000
SHOWN = 30  # of each kind
WORKERS = 2  # processes of the program side by side
ORDERS = 40  # that each of them brings to their end
STEPS = """
insert into workflow_processinstance (number, pack_id, unit_id, title, subject, state, started_at, started_by_id, ended_at)
select 'OLD' || lpad(n::text, 9, '0'), %(pack)s, %(unit)s, '更换周转箱标签 ' || n, '', 'done', at, %(person)s,
       at + interval '3 days'
  from (select n, timestamptz '2019-01-01' + n * interval '3 minutes' as at
          from generate_series(%(first)s::int, %(last)s::int) n) s;
insert into workflow_processtask (instance_id, step, task, name, role, round, state, posts, unit_id, offered_at, due_at,
       assignee_id, claimed_at, ended_at, done_by_id, is_returned)
select i.id, t.task || i.id, t.task, t.task, t.role, 1, 'done', '{HEAD}', i.unit_id, i.started_at + t.day * interval '16 hours',
       i.started_at + (t.day + 1) * interval '16 hours', %(person)s, i.started_at + t.day * interval '17 hours',
       i.started_at + t.day * interval '20 hours', %(person)s, false
  from workflow_processinstance i
 cross join (values ('apply', 'handle', 0), ('assign', 'approve', 1), ('work', 'handle', 2), ('confirm', 'approve', 3))
       t (task, role, day)
 where i.number between 'OLD' || lpad(%(first)s::text, 9, '0') and 'OLD' || lpad(%(last)s::text, 9, '0');
insert into workflow_formentry (task_id, data, opinion, digest, person_id, seen, is_signed, at, audit_statement_id)
select t.id, '{"subject": "更换周转箱标签"}', '', md5(t.id::text), %(person)s, '', false, t.ended_at, 0
  from workflow_processtask t join workflow_processinstance i on i.id = t.instance_id
 where i.number between 'OLD' || lpad(%(first)s::text, 9, '0') and 'OLD' || lpad(%(last)s::text, 9, '0');
insert into workflow_processnote (instance_id, kind, text, facts, person_id, at, audit_statement_id)
select i.id, 'start', '', '{}', %(person)s, i.started_at, 0 from workflow_processinstance i
 where i.number between 'OLD' || lpad(%(first)s::text, 9, '0') and 'OLD' || lpad(%(last)s::text, 9, '0');
"""
APPLY = {"subject": "更换标签", "kind": "repair", "content": "货架 20 只周转箱标签磨损。"}
WORK = {"began_on": "2026-11-17", "done_on": "2026-11-18", "people": "周敏", "hours": "4", "result": "已更换。"}  # fmt: skip


@case("processes", "Steps of processes beside ended ones", tiny=20, quick=10_000, default=1_000_000)
def processes(bench: Bench) -> None:
    """The services and the page with few and with many ended instances; then the duties."""
    from django.conf import settings
    from django.test import override_settings

    from dianheng.demo.company import person
    from dianheng.identity.services import system_actor
    from dianheng.workflow.models import ProcessInstance
    from dianheng.workflow.packs.shipped import shipped_folders
    from dianheng.workflow.services import pack_load

    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    storages = {**settings.STORAGES, "staticfiles": plain}
    with bench.writing(300) as name, override_settings(ALLOWED_HOSTS=["*"], STORAGES=storages):
        folder = next(path for path in shipped_folders() if path.name == "work_order")
        pack = pack_load(folder=folder, actor=system_actor())
        ids = {"pack": pack.pk, "person": person("zhoumin").pk, "unit": person("zhoumin").unit_id}
        few = min(FEW, bench.size)
        ended = 0
        for size in sorted({few, bench.size}):
            _ended(bench, name, {**ids, "first": ended + 1, "last": size})
            ended = size
            if (
                ProcessInstance.objects.filter(state="done", number__startswith="OLD").count()
                != size
            ):
                raise WrongResultError("not all ended instances are there")
            _measure(bench, f"{size:,} ended")
            _side_by_side(bench, f"{size:,} ended")
    _duties(bench)


def _ended(bench: Bench, name: str, facts: dict[str, Any]) -> None:
    """Ended instances, set by set; triggers are left out, since nothing of the audit is measured."""
    url = bench.databases.cluster.server.superuser_url(name)
    with psycopg.connect(url, autocommit=True) as link:
        link.execute("set session_replication_role = replica")
        with link.cursor() as cursor:
            for statement in STEPS.split(";\n"):
                if statement.strip():
                    cursor.execute(statement, facts)
        link.execute("set session_replication_role = origin")
        link.execute(
            "vacuum (analyze) workflow_processinstance, workflow_processtask, workflow_formentry, workflow_processnote"
        )


def _measure(bench: Bench, where: str) -> None:
    from django.test import Client

    from dianheng.demo.company import acting, person, unit
    from dianheng.workflow.selectors import tasks_of_box
    from dianheng.workflow.services import (
        instance_start,
        task_claim,
        task_complete,
        task_send_back,
    )

    count = 2 if bench.is_tiny else SHOWN
    applicant, head = (replace(acting(login), via="page") for login in ("zhoumin", "liujing"))
    taken: dict[str, list[float]] = {}

    def timed(what: str, act: Callable[[], Any]) -> Any:
        began = time.perf_counter()
        answer = act()
        taken.setdefault(what, []).append(time.perf_counter() - began)
        return answer

    place = unit("3540001")
    with bench.used() as usage:
        for n in range(count):
            one = timed(
                "start",
                lambda n=n: instance_start(
                    code="work-order", unit=place, title=f"更换标签 {n}", actor=applicant
                ),
            )
            timed("claim", lambda one=one: task_claim(task=one.tasks.get(), actor=applicant))
            timed(
                "send",
                lambda one=one: task_complete(task=one.tasks.get(), data=APPLY, actor=applicant),
            )
            timed(
                "send back",
                lambda one=one: task_send_back(
                    task=one.tasks.latest("pk"), reason="内容不全", to="apply", actor=head
                ),
            )
            for who, data in _forms(applicant, head):
                timed(
                    "send",
                    lambda one=one, who=who, data=data: task_complete(
                        task=one.tasks.latest("pk"), data=data, actor=who
                    ),
                )
            one.refresh_from_db()
            if one.state != "done":
                raise WrongResultError(f"{one.number} has not ended: {one.state}")
    for what, at_most in (("start", 15), ("claim", 50), ("send", 50), ("send back", 50)):
        bench.figure(f"{what}, {where}", median(taken[what]) * 1000, "ms", at_most=at_most)
    rate = len(taken["send"]) / sum(taken["send"])
    bench.figure(f"steps sent by one process, {where}", rate, "steps/s")
    bench.figure(f"CPU of a whole order, {where}", usage.cpu_s / count * 1000, "ms")
    client = Client()
    client.force_login(person("liujing"))
    pages = []
    for box in ("mine", "offered", "done") * (1 if bench.is_tiny else 5):
        began = time.perf_counter()
        answer = client.get(f"/work/?box={box}")
        pages.append(time.perf_counter() - began)
        if answer.status_code != 200:
            raise WrongResultError(f"/work/?box={box}: {answer.status_code}")
    bench.figure(f"to-do page, {where}", median(pages) * 1000, "ms", at_most=100)
    if tasks_of_box(person("liujing").pk, "done").count() < count:
        raise WrongResultError("what was done is not shown")


def _forms(applicant: Any, head: Any) -> list[tuple[Any, dict[str, str]]]:
    """What brings an order to its end, in turn: whose form, and what is written on it."""
    agreed = (head, {"opinion": "agree"})
    return [(applicant, APPLY), agreed, (applicant, WORK), agreed]


def _side_by_side(bench: Bench, where: str) -> None:
    """Processes of the program send forms at the same time, each of orders of its own."""
    from django.db import connections

    from dianheng.demo.company import acting, unit
    from dianheng.workflow.models import FormEntry
    from dianheng.workflow.services import instance_start, task_complete

    orders = 2 if bench.is_tiny else ORDERS
    applicant, head = (replace(acting(login), via="page") for login in ("zhoumin", "liujing"))
    place, title = unit("3540001"), f"同时办理 {where}"
    forms = _forms(applicant, head)
    connections.close_all()  # a child has a connection of its own
    context = multiprocessing.get_context("fork")
    ready, told = context.Barrier(WORKERS), context.SimpleQueue()

    def work() -> None:
        begun = [
            instance_start(code="work-order", unit=place, title=title, actor=applicant)
            for _n in range(orders)
        ]
        ready.wait(timeout=120)
        since = time.perf_counter()  # one clock for all processes
        for one in begun:
            for who, data in forms:
                task_complete(task=one.tasks.latest("pk"), data=data, actor=who)
        told.put((since, time.perf_counter()))
        connections.close_all()

    workers = [context.Process(target=work) for _n in range(WORKERS)]
    with bench.used() as usage:
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    if any(worker.exitcode for worker in workers):
        raise WrongResultError("a process that sent forms did not come to its end")
    sent = FormEntry.objects.filter(
        task__instance__title=title, task__state="done", task__instance__state="done"
    ).count()
    if sent != WORKERS * orders * len(forms):
        raise WrongResultError(f"{sent} forms are there")
    since, until = zip(*(told.get() for _worker in workers), strict=True)
    rate = sent / (max(until) - min(since))
    bench.figure(
        f"steps sent by {WORKERS} processes, {where}", rate, "steps/s", at_least=100
    )  # fmt: skip
    cpu_ms = usage.cpu_s / sent * 1000
    bench.figure(f"CPU of a step sent, a fourth of the start in it, {where}", cpu_ms, "ms")


def _duties(bench: Bench) -> None:
    """5,000 people, 300 posts, 200 packs; each pack has a post that handles and one that approves.

    Two ways are planted: one through two posts, one through a stand-in; no other may be found.
    """
    from dianheng.workflow.duties import Holding, Part, paths_to_both

    people, posts, packs = (60, 20, 10) if bench.is_tiny else (5_000, 300, 200)
    units = [f"/CITY/U{n:03d}/" for n in range(100)]
    parts = []
    for n in range(packs):
        handles, approves = f"P{2 * n % posts:03d}", f"P{(2 * n + 1) % posts:03d}"
        parts += [
            Part(f"pack{n}", "do", "handle", handles),
            Part(f"pack{n}", "decide", "approve", approves),
        ]
    since = date(2020, 1, 1)
    held = [
        # Everybody has two posts of one kind, over one unit.
        Holding(n, f"P{(2 * k + n % 2) % posts:03d}", units[n % len(units)], since)
        for n in range(people)
        for k in (n, n + 1)
    ]
    held.append(Holding(0, f"P{1 % posts:03d}", units[0], since))
    held.append(Holding(2, "P005", units[2], since, for_id=7))
    with bench.used() as usage:
        found = paths_to_both(held, parts, units, on=date(2026, 11, 30))
    kinds = sorted({(path.person_id, path.kind) for path in found})
    if kinds != [(0, "own"), (2, "stand_in")]:
        raise WrongResultError(f"other ways than the planted ones: {kinds}")
    bench.figure(
        f"who could handle and approve: {people:,} people, {posts} posts, {packs} packs",
        usage.wall_s, "s", at_most=10,
    )  # fmt: skip
