"""Whether a pack can be used: everything that is wrong with it, at once."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from dianheng.identity.registry import all_settings

from ..engine import parse
from ..errors import NoDiagram, WrongExpression
from ..expressions import fixed_text, names_in
from ..registry import Service
from .diagram import ALLOWED, Diagram, Node, read_diagram
from .forms import form_faults, text_faults
from .pack import DRAWING, PLAN, ROLES, Pack, TaskPlan, place

GATEWAYS = ("exclusiveGateway", "inclusiveGateway")
UNITS = ("own", "above", "top")
# What bpmn-js takes for an id.
PLAIN_ID = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*:)?[A-Za-z_][A-Za-z0-9_.-]*")
ALWAYS_KNOWN = {"instance"}  # number, unit and starter of the instance stand beside the forms


@dataclass(frozen=True)
class Finding:
    """One fault: a code for machines, the file and the place in it, and why in words."""

    code: str
    where: str
    text: str

    def __str__(self) -> str:
        return f"{self.code:<18} {self.where}: {self.text}"


def check(
    pack: Pack, services: Mapping[str, Service], posts: Collection[str] | None = None
) -> list[Finding]:
    """Every fault of a pack, by place.

    Args:
        services: what the program can do itself, by name.
        posts: codes of the posts that exist; None: not asked (outside a company).
    """
    try:
        diagram = read_diagram(pack.bpmn)
    except NoDiagram as error:
        return [Finding("no_diagram", DRAWING, str(error))]
    found = [
        *_texts(pack), *_ids(diagram), *_names(diagram, pack),
        *_nodes(diagram), *_events(diagram), *_ways(diagram), *_gateways(diagram, pack),
        *_tasks(diagram, pack, services), *_lanes(diagram, pack, posts), *_forms(diagram, pack),
    ]  # fmt: skip
    if not found:
        try:
            parse(pack.bpmn)
        except NoDiagram as error:
            found.append(Finding("no_diagram", DRAWING, str(error)))
    return sorted(found, key=lambda each: (each.where, each.code, each.text))


def _drawn(code: str) -> str:
    return f"{DRAWING}#{code}"


def _of_task(task: str, *keys: str) -> str:
    return place(PLAN, "tasks", task, *keys)


def _texts(pack: Pack) -> Iterator[Finding]:
    texts = [
        (("title",), pack.title, _("the pack")),
        *((("lanes", n, "title"), one.title, _("the lane “%(name)s”") % {"name": n}) for n, one in pack.lanes.items()),
        *((("tasks", n, "title"), one.title, _("the task “%(name)s”") % {"name": n}) for n, one in pack.tasks.items()),
        *((("names", n), one, f"“{n}”") for n, one in pack.names.items()),
    ]  # fmt: skip
    if pack.sheet:
        texts.append((("sheet",), pack.sheet, _("the printed sheet")))
    for keys, each, whose in texts:
        for fault in text_faults(each, whose):
            yield Finding("text", place(PLAN, *keys), fault)


def _ids(diagram: Diagram) -> Iterator[Finding]:
    """Ids that the browser's drawing takes; what it does not take is left out of the picture."""
    said: list[str] = []
    for kind, code in diagram.ids:
        # A modeller names the places after what stands there: that is said once.
        if not PLAIN_ID.fullmatch(code) and not code.startswith(tuple(f"{one}_" for one in said)):
            said.append(code)
            text = _(
                "the browser does not draw an element with this id (%(kind)s): an id is of the letters a to z, "
                "digits, “_”, “-” and “.”, and begins with a letter or “_”. Change the id in the modeller, "
                "also where it stands in pack.toml; what people read is its name, which may be Chinese"
            )
            yield Finding("id", _drawn(code), text % {"kind": kind})


def _names(diagram: Diagram, pack: Pack) -> Iterator[Finding]:
    for code in diagram.twice:
        yield Finding("twice", _drawn(code), _("more than one element has this id"))
    drawn = set(diagram.nodes) | {flow.code for flow in diagram.flows}
    for name in pack.names:
        if name not in drawn or name in pack.tasks:
            text = _("is no event, gateway or arrow of the diagram")
            yield Finding("name", place(PLAN, "names", name), text)


def _nodes(diagram: Diagram) -> Iterator[Finding]:
    for node in diagram.nodes.values():
        if node.kind == "scriptTask":
            yield Finding(
                "script", _drawn(node.code), _("a diagram runs no script; call a service")
            )
        elif node.kind not in ALLOWED:
            yield Finding(
                "not_allowed",
                _drawn(node.code),
                _("a pack holds no %(kind)s") % {"kind": node.kind},
            )
        elif node.is_triggered:
            text = _("a pack holds no sub-process that an event begins")
            yield Finding("not_allowed", _drawn(node.code), text)
        if node.is_repeated:
            text = _("is repeated by a marker; ask several people by “share”, go back by an arrow")
            yield Finding("loop", _drawn(node.code), text)
        if node.kind == "callActivity" and node.calls not in diagram.processes:
            yield Finding(
                "call",
                _drawn(node.code),
                _("calls “%(name)s”, which is not in the file") % {"name": node.calls},
            )


def _events(diagram: Diagram) -> Iterator[Finding]:
    """What is waited for comes from the clock or by a message; nothing else is known."""
    begins: dict[str, str] = {}
    for node in diagram.nodes.values():
        facts = {"kind": node.event}
        if node.kind == "startEvent":
            if node.event:
                text = _(
                    "a start event waits for nothing; [start] of pack.toml says what begins it"
                )
                yield Finding("event", _drawn(node.code), text)
            if (other := begins.setdefault(node.process, node.code)) != node.code:
                text = _("begins it a second time; “%(other)s” does already") % {"other": other}
                yield Finding("event", _drawn(node.code), text)
        elif node.kind in ("intermediateCatchEvent", "boundaryEvent"):
            if node.event not in ("timer", "message"):
                text = _("waits for “%(kind)s”; a pack waits for a timer or a message") % facts
                yield Finding("event", _drawn(node.code), text)
        elif node.kind in ("endEvent", "intermediateThrowEvent"):
            if node.event not in ("", "terminate"):
                text = _("sends “%(kind)s”, which nobody receives") % facts
                yield Finding("event", _drawn(node.code), text)
        elif node.kind == "eventBasedGateway":
            yield from _event_gateway(diagram, node)


def _event_gateway(diagram: Diagram, gateway: Node) -> Iterator[Finding]:
    after = [diagram.nodes.get(flow.target) for flow in diagram.out_of(gateway.code)]
    events = [node for node in after if node and node.kind == "intermediateCatchEvent"]
    if len(events) < 2 or len(events) < len(after):
        text = _("leads to two or more events, and to nothing else")
        yield Finding("gateway", _drawn(gateway.code), text)
    if len([node for node in events if node.event == "timer"]) > 1:
        text = _("waits for two timers; the shorter one is enough")
        yield Finding("gateway", _drawn(gateway.code), text)


def _ways(diagram: Diagram) -> Iterator[Finding]:
    """Every node is reached from a start, and from every node an end is reached."""
    nodes = diagram.nodes.values()
    reached = diagram.reached_from(n.code for n in nodes if n.kind == "startEvent")
    ending = diagram.reached_from((n.code for n in nodes if n.kind == "endEvent"), backwards=True)
    for node in nodes:
        if node.code not in reached:
            yield Finding("unreachable", _drawn(node.code), _("no way leads here"))
        elif node.kind != "endEvent" and not diagram.out_of(node.code):
            yield Finding("dead_end", _drawn(node.code), _("no way leads on"))
        elif node.code not in ending:
            yield Finding("no_end", _drawn(node.code), _("from here no end is ever reached"))


def _gateways(diagram: Diagram, pack: Pack) -> Iterator[Finding]:
    known = ALWAYS_KNOWN | set(pack.tasks) | set(diagram.messages)
    for flow in diagram.flows:
        if not flow.condition:
            continue
        try:
            unknown = names_in(flow.condition) - known
        except WrongExpression as error:
            yield Finding("condition", _drawn(flow.code), str(error))
            continue
        if unknown:
            yield Finding(
                "condition",
                _drawn(flow.code),
                _("asks for “%(name)s”, which is no task") % {"name": min(unknown)},
            )
    for node in diagram.nodes.values():
        out = diagram.out_of(node.code)
        if node.kind in GATEWAYS and len(out) > 1:
            if not node.default:
                yield Finding(
                    "gateway",
                    _drawn(node.code),
                    _("names no way that is taken when no condition holds"),
                )
            for flow in out:
                if not flow.condition and flow.code != node.default:
                    yield Finding(
                        "gateway", _drawn(flow.code), _("leaves a gateway without a condition")
                    )
        elif node.kind not in GATEWAYS:
            for flow in out:
                if flow.condition:
                    yield Finding(
                        "gateway", _drawn(flow.code), _("has a condition, but leaves no gateway")
                    )
            if node.kind not in ("parallelGateway", "eventBasedGateway") and len(out) > 1:
                yield Finding(
                    "gateway", _drawn(node.code), _("several ways leave it; a gateway says which")
                )


def _tasks(diagram: Diagram, pack: Pack, services: Mapping[str, Service]) -> Iterator[Finding]:
    drawn = {n.code: n for n in diagram.nodes.values() if n.kind in ("userTask", "serviceTask")}
    for name in pack.tasks:
        if name not in drawn:
            yield Finding("task", _of_task(name), _("stands in pack.toml, not in the diagram"))
    for name, node in drawn.items():
        plan = pack.tasks.get(name)
        if plan is None:
            yield Finding("task", _drawn(name), _("has nothing in pack.toml"))
        elif node.kind == "userTask":
            yield from _user_task(node, plan, pack)
        else:
            yield from _service_task(plan, pack, services, diagram.messages)


def _user_task(node: Node, plan: TaskPlan, pack: Pack) -> Iterator[Finding]:
    if not plan.form:
        yield Finding("form", _of_task(node.code, "form"), _("has no form"))
    elif plan.form not in pack.forms:
        text = _("its form “%(name)s” is not in forms/") % {"name": plan.form}
        yield Finding("form", _of_task(node.code, "form"), text)
    if plan.hours is None or plan.hours <= 0:
        text = _("has no time limit in working hours")
        yield Finding("time_limit", _of_task(node.code, "hours"), text)
    if plan.limit and not _is_of_days(plan.limit):
        text = _("“%(name)s” is no setting that gives working days")
        yield Finding("time_limit", _of_task(node.code, "limit"), text % {"name": plan.limit})
    if plan.role not in ROLES:
        yield Finding(
            "role",
            _of_task(node.code, "role"),
            _("“%(value)s” is none of: %(known)s")
            % {"value": plan.role, "known": ", ".join(ROLES)},
        )
    if plan.share is not None and not Decimal(0) < plan.share <= Decimal(1):
        text = _("the share of a countersigning lies above 0 and up to 1")
        yield Finding("share", _of_task(node.code, "share"), text)
    if not node.lane:
        yield Finding("lane", _drawn(node.code), _("lies in no lane: nobody's post does it"))
    elif node.lane not in pack.lanes:
        text = _("its lane “%(name)s” is not in pack.toml") % {"name": node.lane}
        yield Finding("lane", _drawn(node.code), text)
    for at, name in enumerate(plan.apart):
        if name == node.code or name not in pack.tasks or pack.tasks[name].service:
            text = _("“%(name)s” is no other step of a person")
            yield Finding("apart", _of_task(node.code, "apart", str(at)), text % {"name": name})
    if plan.service or plan.inputs:
        key = "service" if plan.service else "inputs"
        text = _("is done by a person and names a service")
        yield Finding("service", _of_task(node.code, key), text)


def _is_of_days(setting: str) -> bool:
    kind = all_settings().get(setting)
    return kind is not None and isinstance(kind.default, int) and kind.unit == "d"


def _service_task(
    plan: TaskPlan, pack: Pack, services: Mapping[str, Service], messages: Collection[str]
) -> Iterator[Finding]:
    for key, name in (("service", plan.service), ("undo", plan.undo)):
        if name and name not in services:
            text = _("there is no service “%(name)s”") % {"name": name}
            yield Finding("service", _of_task(plan.task, key), text)
    if plan.undo in services:
        # A counter-service gets what the service got, and what it answered if it asks for it.
        given = set(plan.inputs) | {"answer"}
        yield from _wanted(plan, "undo", services[plan.undo], given)
    if not plan.service:
        yield Finding("service", _of_task(plan.task, "service"), _("names no service"))
    elif plan.service in services:
        service, given = services[plan.service], set(plan.inputs)
        yield from _wanted(plan, "inputs", service, given)
        for name in sorted(given - set(service.inputs) - set(service.optional)):
            yield Finding(
                "inputs",
                _of_task(plan.task, "inputs", name),
                _("“%(service)s” takes no “%(name)s”") % {"service": plan.service, "name": name},
            )
        for name in service.fixed:
            if name in given and fixed_text(plan.inputs[name]) is None:
                text = _("“%(name)s” is a text in quotes, so that it can be checked who does what")
                yield Finding("inputs", _of_task(plan.task, "inputs", name), text % {"name": name})
    known = ALWAYS_KNOWN | set(pack.tasks) | set(messages)
    for name, text in plan.inputs.items():
        try:
            unknown = names_in(text) - known
        except WrongExpression as error:
            yield Finding("inputs", _of_task(plan.task, "inputs", name), str(error))
            continue
        if unknown:
            yield Finding(
                "inputs",
                _of_task(plan.task, "inputs", name),
                _("“%(input)s” asks for “%(name)s”, which is no task")
                % {"input": name, "name": min(unknown)},
            )


def _wanted(
    plan: TaskPlan, key: str, service: Service, given: Collection[str]
) -> Iterator[Finding]:
    for name in sorted(set(service.inputs) - set(given)):
        yield Finding(
            "inputs",
            _of_task(plan.task, key),
            _("“%(service)s” wants “%(name)s”") % {"service": service.name, "name": name},
        )


def _lanes(diagram: Diagram, pack: Pack, posts: Collection[str] | None) -> Iterator[Finding]:
    roles: dict[str, dict[str, Node]] = {}  # post -> role -> a step where it does so
    for node in diagram.nodes.values():
        plan = pack.tasks.get(node.code)
        if node.kind != "userTask" or plan is None or node.lane not in pack.lanes:
            continue
        for post in pack.lanes[node.lane].posts:
            roles.setdefault(post, {}).setdefault(plan.role, node)
    for post, done in sorted(roles.items()):
        if {"handle", "approve"} <= set(done):
            text = _("post %(post)s handles at “%(handle)s” and approves at “%(approve)s”")
            facts = {"post": post} | {role: node.code for role, node in done.items()}
            where = place(PLAN, "lanes", done["approve"].lane, "posts")
            yield Finding("same_post", where, text % facts)
    for name, lane in pack.lanes.items():
        if not lane.posts:
            yield Finding("lane", place(PLAN, "lanes", name, "posts"), _("names no post"))
        if lane.unit not in UNITS:
            facts = {"value": lane.unit, "known": ", ".join(UNITS)}
            text = _("its unit “%(value)s” is none of: %(known)s") % facts
            yield Finding("lane", place(PLAN, "lanes", name, "unit"), text)
        for at, post in enumerate(lane.posts):
            if posts is not None and post not in posts:
                text = _("there is no post “%(name)s”") % {"name": post}
                yield Finding("post", place(PLAN, "lanes", name, "posts", at), text)


def _forms(diagram: Diagram, pack: Pack) -> Iterator[Finding]:
    known = ALWAYS_KNOWN | set(pack.tasks) | set(diagram.messages)
    used = {task.form for task in pack.tasks.values()}
    for name, form in pack.forms.items():
        for keys, fault in form_faults(form):
            yield Finding("form", place(form.file, *keys), fault)
        if name not in used:
            yield Finding("form", form.file, _("no task uses it"))
        prefill = form.schema.get("prefill")
        for field, text in prefill.items() if isinstance(prefill, dict) else ():
            try:
                unknown = names_in(str(text)) - known
            except WrongExpression as error:
                yield Finding("form", place(form.file, "prefill", field), str(error))
                continue
            if unknown:
                facts = {"input": field, "name": min(unknown)}
                why = _("“%(input)s” asks for “%(name)s”, which is no task") % facts
                yield Finding("form", place(form.file, "prefill", field), why)
