"""What goes wrong around a process: a pack that is gone, a stopped worker, a clock that moved."""

import shutil
import time
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from SpiffWorkflow.bpmn.specs.event_definitions import timer

from dianheng.common.errors import Refusal, Refused
from dianheng.identity.models import Person
from dianheng.identity.services import system_actor
from dianheng.identity.tests.factories import metering_centre
from dianheng.workflow import registry, services
from dianheng.workflow.models import ProcessInstance
from dianheng.workflow.registry import Service, register_service

from .diagrams import diagram, process
from .factories import pack_of, verifier
from .test_constructs import FIRST, INNER, OUTER, SOME

pytestmark = pytest.mark.django_db
HEAD = """
code = "{code}"
version = 1
prefix = "{prefix}"
module = "metering"
class = "test"
owner_post = "HEAD"
title = {{ zh = "试验", en = "Trial" }}
[lanes.handler]
posts = ["VERIFIER"]
title = {{ zh = "经办", en = "Handling" }}
[lanes.checker]
posts = ["VERIFIER"]
title = {{ zh = "复核", en = "Checking" }}
"""
TASK = '[tasks.{0}]\nform = "ask"\nhours = 8\ntitle = {{ zh = "{0}", en = "{0}" }}\n'
ASK = """{"type": "object", "properties": {
 "technical": {"type": "string", "format": "text", "label": {"zh": "技术", "en": "Technical"}},
 "money": {"type": "string", "format": "text", "label": {"zh": "财务", "en": "Money"}}}}"""
SERVED = """
    start begin
    user ask 申请 @handler
    service first 一
    service second 二
    user look 查看 @handler
    end done
    flow begin ask
    flow ask first
    flow first second
    flow second look
    flow look done
"""
DELAYED = """
    start begin
    user ask 申请 @handler
    timer wait after=PT8H
    service book 记账
    user look 查看 @handler
    end done
    flow begin ask
    flow ask wait
    flow wait book
    flow book look
    flow look done
"""


def load(folder, text, *, code="trial", prefix="SY", more="", **inside):
    """A trial pack in force; each task of a person has the one form."""
    lines = "\n".join([text, *inside.values()]).splitlines()
    names = [line.split()[1] for line in lines if line.strip().startswith("user ")]
    plan = HEAD.format(code=code, prefix=prefix) + "".join(map(TASK.format, names)) + more
    body = diagram(process("trial", text, **inside), messages=("paid",))
    return services.pack_load(
        folder=pack_of(folder, body, plan, {"ask": ASK}), actor=system_actor()
    )


def begin(code="trial", title="试验"):
    return services.instance_start(code=code, unit=metering_centre(), title=title, actor=verifier())


def task(instance, name):
    return instance.tasks.filter(task=name).latest("pk")


def done(instance, *names, **data):
    for name in names:
        services.task_complete(task=task(instance, name), data=data, actor=verifier())


def back(instance, name, to):
    services.task_send_back(task=task(instance, name), to=to, reason="重做", actor=verifier())


def open_tasks(instance):
    return sorted(t.task for t in instance.tasks.all() if t.is_open)


@pytest.fixture
def clock(monkeypatch):
    """`clock(days=2)`: everybody's clock shows so much more than it should."""
    real, at = timezone.now, {"shift": timedelta(0)}

    class Moved(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(tz) + at["shift"]

    monkeypatch.setattr(timezone, "now", lambda: real() + at["shift"])
    monkeypatch.setattr(timer, "datetime", Moved)

    def move(to: datetime | None = None, **shift: float) -> None:
        at["shift"] = timezone.make_aware(to) - real() if to else timedelta(**shift)

    return move


@pytest.fixture
def served(monkeypatch):
    """Services of the trial packs; what they did. One refuses while `no NAME` stands in it."""
    calls: list[Any] = []

    def serve(name):
        def call(actor, request_key):
            if f"no {name}" in calls:
                raise Refused(Refusal("closed", "closed"))
            calls.append(name)
            return {}

        return call

    monkeypatch.setattr(registry, "_services", dict(registry._services))
    for name in ("book", "first", "second", "undo_first", "undo_second"):
        register_service(Service(f"test.{name}", name, (), serve(name)))
    return calls


def service(name, undo=""):
    more = f'undo = "test.{undo}"\n' if undo else ""
    return f'[tasks.{name}]\nservice = "test.{name}"\n{more}title = {{ zh = "{name}", en = "{name}" }}\n'


# -- constructs, with their instances in the database ----------------------------------------------


def test_some_ways_are_closed_together_when_one_is_sent_back(tmp_path):
    load(tmp_path, SOME)
    one = begin()
    done(one, "fill", technical="yes", money="yes")
    assert open_tasks(one) == ["money", "technical"]
    back(one, "technical", "fill")
    assert open_tasks(one) == ["fill"] and task(one, "money").state == "sent_back"
    done(one, "fill", money="yes")
    assert open_tasks(one) == ["money"]
    done(one, "money", "leader")
    one.refresh_from_db()
    assert one.state == "done"


def test_the_message_comes_first_by_number(tmp_path):
    load(tmp_path, FIRST)
    one = begin()
    done(one, "ask")
    one.refresh_from_db()
    assert one.timer_at is not None and open_tasks(one) == []
    paid = {"message": "paid", "data": {"sum": "1"}, "actor": system_actor()}
    assert services.message_receive(number=one.number, **paid) == [one]
    one.refresh_from_db()
    assert one.timer_at is None and open_tasks(one) == ["close"]
    assert services.message_receive(number=one.number, **paid) == []
    done(one, "close")
    back(one, "keep", "ask")
    done(one, "ask")
    assert services.message_receive(number=one.number, **paid) == [one]


def test_the_timer_comes_first_by_the_tick(tmp_path, clock):
    load(tmp_path, FIRST)
    one = begin()
    done(one, "ask")
    assert services.timers_tick() == 0
    clock(hours=9)
    assert (services.timers_tick(), open_tasks(one)) == (1, ["chase"])
    assert services.timers_tick() == 0


def test_a_step_of_a_sub_process_is_offered_to_its_lane_and_sent_back_out_of_it(tmp_path, clock):
    load(tmp_path, OUTER, check=INNER)
    one = begin()
    done(one, "fill", "look", "one")
    assert task(one, "two").posts == ["VERIFIER"]
    back(one, "two", "fill")
    assert open_tasks(one) == ["fill"]
    one.refresh_from_db()
    assert one.timer_at is None
    done(one, "fill")
    clock(hours=9)
    assert services.timers_tick() == 1
    assert open_tasks(one) == ["chase"] and task(one, "look").state == "closed"


# -- a pack that is gone ---------------------------------------------------------------------------


def test_a_pack_whose_folder_is_gone_runs_to_its_end(tmp_path, client):
    folder = tmp_path / "pack"
    load(folder, OUTER, check=INNER)
    one = begin()
    done(one, "fill")
    shutil.rmtree(folder)
    done(one, "look", "one")
    back(one, "two", "look")
    done(one, "look", "one", "two", "sign")
    client.force_login(Person.objects.get(pk=verifier().person_id))
    for url in (
        reverse("process", args=[one.number]),
        reverse("pack", args=["trial"]),
        reverse("pack_diagram", args=["trial"]),
    ):
        assert client.get(url).status_code == 200
    done(one, "leader")
    one.refresh_from_db()
    assert one.state == "done" and begin().number.endswith("2")


def test_a_service_that_the_program_has_no_more_leaves_the_step_open(tmp_path, served):
    load(tmp_path, DELAYED.replace("timer wait after=PT8H", "service first 一").replace("wait", "first"),
         more=service("book") + service("first"))  # fmt: skip
    one = begin()
    del registry._services["test.book"]
    with pytest.raises(Refused) as caught:
        done(one, "ask")
    assert caught.value.refusal.code == "no_service" and "test.book" in str(
        caught.value.refusal.text
    )
    assert open_tasks(one) == ["ask"]


# -- a worker that stood still ---------------------------------------------------------------------


def test_timers_due_long_ago_go_off_once_after_a_stop(tmp_path, served, clock):
    clock(days=-40)
    load(tmp_path, DELAYED, more=service("book"))
    waiting = [begin(title=f"第{n}件") for n in range(3)]
    for one in waiting:
        done(one, "ask")
    clock()
    assert (services.timers_tick(), services.timers_tick()) == (3, 0)
    assert served == ["book"] * 3
    for one in waiting:
        assert open_tasks(one) == ["look"]
        step = task(one, "look")
        assert step.due_at > step.offered_at >= timezone.now() - timedelta(minutes=5), (
            "the time of the step begins when it is offered, not when the timer was due"
        )


def test_one_timer_that_cannot_go_off_holds_up_no_other(tmp_path, served, clock):
    load(tmp_path / "a", DELAYED, more=service("book"))
    load(tmp_path / "b", FIRST, code="other", prefix="QT")
    stuck, free = begin(), begin("other")
    done(stuck, "ask")
    done(free, "ask")
    clock(hours=9)
    served.append("no book")  # it refuses from now on
    assert services.timers_tick() == 1
    assert (open_tasks(stuck), open_tasks(free)) == ([], ["chase"])
    served.clear()
    assert services.timers_tick() == 1 and open_tasks(stuck) == ["look"]


def test_a_month_that_a_stopped_worker_missed_is_begun_late(tmp_path, clock):
    load(tmp_path, SERVED.replace("service", "user").replace("一", "一 @handler").replace("二", "二 @handler"),
         more="[start]\nmonthly = 28\nhour = 8\n")  # fmt: skip
    clock(to=datetime(2027, 2, 3, 9))
    services.pack_switch(code="trial", unit=metering_centre(), is_on=True, actor=system_actor())
    assert services.starts_tick() == 0, "what was never begun before is not begun late"
    clock(to=datetime(2027, 2, 28, 9))
    assert (services.starts_tick(), services.starts_tick()) == (1, 0)
    clock(to=datetime(2027, 4, 2, 9))
    assert (services.starts_tick(), services.starts_tick()) == (1, 0)
    clock(to=datetime(2027, 3, 29, 9))
    assert services.starts_tick() == 0, "a clock that was set back begins nothing twice"
    clock(to=datetime(2027, 4, 28, 9))
    assert services.starts_tick() == 1
    titles = ProcessInstance.objects.order_by("pk").values_list("title", flat=True)
    assert list(titles) == ["试验 2027-02", "试验 2027-03", "试验 2027-04"]


# -- a clock that was set back ---------------------------------------------------------------------


def test_a_clock_set_back_fires_nothing_early_and_stops_nobody(tmp_path, served, clock):
    load(tmp_path, DELAYED, more=service("book"))
    one = begin()
    done(one, "ask")
    clock(days=-2)
    assert services.timers_tick() == 0 and open_tasks(one) == []
    other = begin(title="第二件")
    assert other.number > one.number
    clock(hours=9)
    assert (services.timers_tick(), services.timers_tick()) == (1, 0)
    done(one, "look")
    one.refresh_from_db()
    assert one.state == "done" and served == ["book"]


def test_what_the_program_did_is_undone_in_order_though_the_clock_was_set_back(
    tmp_path, served, clock, monkeypatch
):
    text = SERVED.replace("service second 二", "user between 中间 @handler\n    service second 二")
    text = text.replace("flow first second", "flow first between\n    flow between second")
    load(tmp_path, text, more=service("first", "undo_first") + service("second", "undo_second"))
    one = begin()
    done(one, "ask")
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() - 7200)
    done(one, "between")
    back(one, "look", "ask")
    assert served == ["first", "second", "undo_second", "undo_first"]
