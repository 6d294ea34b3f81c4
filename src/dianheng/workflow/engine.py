"""The engine below: a BPMN process that stops at each step somebody or something has to do.

Only this module knows SpiffWorkflow. It never runs Python from a diagram: script tasks are not
known to it, conditions go through the closed evaluator. Service tasks stop like user tasks do;
whoever holds the transaction calls the service and completes the step, so that both are stored
or neither is.

    definition = parse(bpmn, calculate_timer=…)
    running = start(definition, {"instance": {...}})
    [step] = running.ready()
    running.complete(step.id, {"opinion": "agree"})
    state = running.store()                       # text, without the definition
    running = restore(definition, state)
"""

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from lxml import etree
from SpiffWorkflow import TaskState
from SpiffWorkflow.bpmn import BpmnEvent, BpmnWorkflow
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser, full_tag
from SpiffWorkflow.bpmn.parser.TaskParser import TaskParser
from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.script_engine.python_environment import BasePythonScriptEngineEnvironment
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.serializer.config import DEFAULT_CONFIG
from SpiffWorkflow.bpmn.serializer.default.workflow import BpmnWorkflowConverter
from SpiffWorkflow.bpmn.specs.defaults import ManualTask, UserTask
from SpiffWorkflow.bpmn.specs.event_definitions import MessageEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.multiple import MultipleEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimerEventDefinition
from SpiffWorkflow.exceptions import SpiffWorkflowException

from .errors import NoDiagram, StepGone
from .expressions import evaluate
from .expressions import parse as parse_expression

MAX_BYTES = 2_000_000
BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
# A timer of a diagram is no expression of ours: an ISO 8601 text, or a text that the pack's
# calendar understands.
Timer = Callable[[str], str]


@dataclass(frozen=True)
class Definition:
    """A process with the processes it calls, as the engine keeps them: plain JSON."""

    process: str
    spec: Mapping[str, Any]

    @cached_property
    def parts(self) -> Mapping[str, Any]:
        """`spec` as the engine below runs it: built once, shared by all instances, only read."""
        copy = json.loads(json.dumps(self.spec))  # the engine below writes into what it restores
        return {part: SERIALIZER.from_dict(copy[part]) for part in DEFINED}


@dataclass(frozen=True)
class Step:
    """A step that is open: what stands in the diagram, and the token that waits there."""

    id: str
    task: str  # id in the diagram
    name: str
    lane: str
    is_service: bool


def read_xml(body: bytes) -> Any:
    """The tree of a BPMN file, read without entities, network or document type.

    Raises:
        NoDiagram: not XML, too large, or with a document type.
    """
    if len(body) > MAX_BYTES:
        raise NoDiagram(_("is larger than %(n)s MB") % {"n": MAX_BYTES // 1_000_000})
    reader = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        tree = etree.fromstring(body, reader)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NoDiagram(_("is no well-formed XML: %(why)s") % {"why": error}) from None
    if tree.getroottree().docinfo.doctype:
        raise NoDiagram(_("a document type is not allowed in a diagram"))
    if tree.tag != f"{{{BPMN}}}definitions":
        raise NoDiagram(_("is no BPMN 2.0 file"))
    return tree


class _Parser(BpmnParser):
    """Service tasks wait, as user tasks do; scripts are not known."""

    OVERRIDE_PARSER_CLASSES = {full_tag("serviceTask"): (TaskParser, ManualTask)}
    PARSER_CLASSES = {
        tag: classes
        for tag, classes in BpmnParser.PARSER_CLASSES.items()
        if tag not in (full_tag("scriptTask"), full_tag("manualTask"), full_tag("adHocSubProcess"))
    }


class _Environment(BasePythonScriptEngineEnvironment):
    """Conditions through the closed evaluator, timers by the calendar, nothing else."""

    def __init__(self, timer: Timer):
        super().__init__()
        self.timer = timer

    def evaluate(
        self, expression: str, context: dict[str, Any], external_context: Any = None
    ) -> Any:
        text = expression.strip().strip("\"'")
        if text[:1] in ("P", "R") or text.startswith("working"):
            return self.timer(text)
        return evaluate(expression, context)

    def execute(self, script: str, context: Any, external_context: Any = None) -> Any:
        raise NoDiagram(_("a diagram runs no script; call a service"))

    def call_service(self, context: Any, **kwargs: Any) -> Any:
        raise NoDiagram("a service is called by whoever holds the transaction")


class _ScriptEngine(PythonScriptEngine):
    def evaluate(self, task: Any, expression: str, external_context: Any = None) -> Any:
        # What our evaluator says, not what the engine would wrap around it.
        return self.environment.evaluate(expression, task.data)

    def validate(self, expression: str) -> None:
        text = expression.strip().strip("\"'")
        if text[:1] not in ("P", "R") and not text.startswith("working"):
            parse_expression(expression)


class _StateOnly(BpmnWorkflowConverter):  # type: ignore[misc]
    """An instance without its definition, which is kept once for each version."""

    def to_dict(self, workflow: Any) -> dict[str, Any]:
        return {
            **super(BpmnWorkflowConverter, self).to_dict(workflow),
            "subprocesses": self.mapping_to_dict(workflow.subprocesses),
            "bpmn_events": self.registry.convert(workflow.bpmn_events),
        }


DEFINED = ("spec", "subprocess_specs")
SERIALIZER = BpmnWorkflowSerializer(
    BpmnWorkflowSerializer.configure({**DEFAULT_CONFIG, BpmnWorkflow: _StateOnly})
)
for _name in ("spiff.workflow", "spiff.task"):
    # Below this level it gathers all data of all steps for each line of a log that nobody reads.
    logging.getLogger(_name).setLevel(logging.WARNING)


def plain_timer(text: str) -> str:
    """ISO 8601 as it stands."""
    return text


def _engine(timer: Timer) -> _ScriptEngine:
    return _ScriptEngine(environment=_Environment(timer))


def parse(body: bytes) -> Definition:
    """Read a diagram: the one process that no other of the file calls, with what it calls.

    Raises:
        NoDiagram: it cannot be read or run; with the reason.
    """
    reader = _Parser()
    try:
        tree = read_xml(body)
        reader.add_bpmn_xml(tree)
        called = {each.get("calledElement") for each in tree.iter(f"{{{BPMN}}}callActivity")}
        names = [name for name in reader.get_process_ids() if name not in called]
        if len(names) != 1:
            text = _("a file has exactly one executable process that no other calls")
            raise NoDiagram(text)
        spec = reader.get_spec(names[0])
        below = reader.get_subprocess_specs(names[0])
        whole = BpmnWorkflow(spec, below, script_engine=_engine(plain_timer))
        parts = {part: SERIALIZER.to_dict(getattr(whole, part)) for part in DEFINED}
    except NoDiagram:
        raise
    except (ValidationException, SpiffWorkflowException, KeyError, ValueError) as error:
        raise NoDiagram(_("cannot be run: %(why)s") % {"why": error}) from None
    return Definition(names[0], parts)


class Running:
    """An instance in memory. Not shared between threads; stored after each step."""

    def __init__(self, definition: Definition, workflow: BpmnWorkflow, timer: Timer):
        self.definition, self.timer, self._workflow = definition, timer, workflow

    # -- what is open -------------------------------------------------------------------------

    @property
    def is_done(self) -> bool:
        """Nothing is left to do."""
        return bool(self._workflow.is_completed())

    def ready(self) -> list[Step]:
        """Steps that wait for a person or a service, in the order in which they were reached."""
        tasks = [t for t in self._workflow.get_tasks(state=TaskState.READY) if t.task_spec.manual]
        return [_step(task) for task in tasks]

    def served(self) -> list[Step]:
        """Steps that the program has done, in the order in which they were done."""
        tasks = [
            task
            for task in self._workflow.get_tasks(state=TaskState.COMPLETED)
            if task.task_spec.manual and not isinstance(task.task_spec, UserTask)
        ]
        return [_step(task) for task in sorted(tasks, key=lambda task: task.last_state_change)]

    def next_timer_at(self) -> datetime | None:
        """When the engine wants to be woken, if a timer is running."""
        moments = [
            TimerEventDefinition.get_datetime(value)
            for task, event in self._awaited()
            if isinstance(event, TimerEventDefinition)
            and isinstance(value := task._get_internal_data("event_value"), str)
        ]
        return min(moments, default=None)

    def waits_for(self) -> list[str]:
        """Names of the messages that would move it."""
        events = (event for _task, event in self._awaited())
        return sorted({each.name for each in events if isinstance(each, MessageEventDefinition)})

    # -- what moves it ------------------------------------------------------------------------

    def complete(self, step_id: str, data: Mapping[str, Any]) -> None:
        """A step is done; its data stand under the step's id of the diagram.

        Raises:
            StepGone: it is not open.
            WrongExpression: a condition behind it cannot be worked out.
        """
        task = self._open(step_id)
        name = task.task_spec.name
        task.data[name] = dict(data)
        # Tokens beside this one still carry what the step said a round ago; a join would take it.
        for beside in self._workflow.get_tasks(state=TaskState.READY | TaskState.WAITING):
            if beside is not task and name in beside.data:
                beside.data[name] = dict(data)
        task.run()
        self._advance()

    def tick(self) -> None:
        """Let timers that are due go off."""
        self._workflow.refresh_timers()
        self._advance()

    def receive(self, message: str, data: Mapping[str, Any]) -> bool:
        """Hand a message over; False when nothing waits for it."""
        if message not in self.waits_for():
            return False
        self._workflow.catch(BpmnEvent(MessageEventDefinition(message), dict(data)))
        self._advance()
        return True

    def data_of(self, step_id: str) -> dict[str, Any]:
        """What conditions and services see at an open step: forms by the step that wrote them."""
        return dict(self._open(step_id).data)

    def path(self, step_id: str) -> list[Step]:
        """Steps of persons that led to an open step, the nearest first, each once.

        Only what lies on the way of the token that arrived here: a step of a parallel branch
        could not be sent back to without leaving what follows the branches open.
        """
        found: dict[str, Step] = {}
        for task in self._ancestors(self._open(step_id)):
            if isinstance(task.task_spec, UserTask) and task.state == TaskState.COMPLETED:
                found.setdefault(task.task_spec.name, _step(task))
        return list(found.values())

    def send_back(self, to_step_id: str) -> "Running":
        """Reset to a step of the path. Whatever followed it is gone; use the answer from now on.

        The engine below keeps timers of removed steps registered, so it is stored and restored
        before anything else happens.
        """
        task = self._workflow.get_task_from_id(UUID(to_step_id))
        self._workflow.reset_from_task_id(task.id)
        fresh = restore(self.definition, self.store(), self.timer)
        fresh._advance()
        return fresh

    def store(self) -> str:
        """State as JSON text, without what the definition holds.

        Text, since the order of its parts counts: a step's data are kept as the difference to
        the step before it, and are lost when that one is restored later.
        """
        state = SERIALIZER.to_dict(self._workflow)
        return json.dumps(state, ensure_ascii=False, separators=(",", ":"))

    # -- inside -------------------------------------------------------------------------------

    def _advance(self) -> None:
        self._workflow.do_engine_steps()

    def _open(self, step_id: str) -> Any:
        for task in self._workflow.get_tasks(state=TaskState.READY):
            if str(task.id) == step_id and task.task_spec.manual:
                return task
        raise StepGone(step_id)

    def _awaited(self) -> Iterator[tuple[Any, Any]]:
        """What waits, and for which event; a gateway waits for the first of several."""
        for task in self._workflow.get_tasks(state=TaskState.WAITING):
            event = getattr(task.task_spec, "event_definition", None)
            several = event.event_definitions if isinstance(event, MultipleEventDefinition) else ()
            for each in several or (event,):
                yield task, each

    def _ancestors(self, task: Any) -> Iterator[Any]:
        while task is not None:
            above = task.parent
            if above is None and task.workflow.parent_task_id is not None:
                above = self._workflow.get_task_from_id(task.workflow.parent_task_id)
            if above is not None:
                yield above
            task = above


def start(definition: Definition, data: Mapping[str, Any], timer: Timer = plain_timer) -> Running:
    """Begin an instance with its data and bring it to its first steps."""
    spec, below = (definition.parts[part] for part in DEFINED)
    running = Running(definition, BpmnWorkflow(spec, below, script_engine=_engine(timer)), timer)
    for task in running._workflow.get_tasks(state=TaskState.READY):
        task.data.update(data)
    running._advance()
    return running


def advance_to(
    definition: Definition, data: Mapping[str, Any], task: str, timer: Timer = plain_timer
) -> Running | None:
    """Begin anew and bring it to a step by what was written at the steps before; None: no way.

    Nothing is served again: what the program answered stands in `data` as forms do.
    """
    running = start(definition, {"instance": data.get("instance", {})}, timer)
    done: set[str] = set()
    while True:
        ready = running.ready()
        if [step.task for step in ready] == [task]:
            return running
        step = next((s for s in ready if s.task in data and s.task not in done | {task}), None)
        if step is None:
            return None
        done.add(step.task)
        running.complete(step.id, data[step.task])


def restore(definition: Definition, state: str, timer: Timer = plain_timer) -> Running:
    """Take up an instance where it was stored."""
    workflow = SERIALIZER.from_dict({**json.loads(state), **definition.parts})
    workflow.script_engine = _engine(timer)
    return Running(definition, workflow, timer)


def _step(task: Any) -> Step:
    spec = task.task_spec
    return Step(
        str(task.id), spec.name, spec.bpmn_name or spec.name, spec.lane or "",
        not isinstance(spec, UserTask),
    )  # fmt: skip
