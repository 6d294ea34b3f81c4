"""The diagram as a graph: what stands in it and what leads where."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..engine import BPMN, read_xml

NODES = (
    "startEvent", "endEvent", "userTask", "serviceTask", "scriptTask", "task", "manualTask",
    "sendTask", "receiveTask", "businessRuleTask", "callActivity", "subProcess",
    "exclusiveGateway", "inclusiveGateway", "parallelGateway", "eventBasedGateway",
    "complexGateway", "boundaryEvent", "intermediateCatchEvent", "intermediateThrowEvent",
    "transaction", "adHocSubProcess",
)  # fmt: skip
# What the engine runs and a pack may hold.
ALLOWED = frozenset(NODES) - {
    "scriptTask", "task", "manualTask", "sendTask", "receiveTask", "businessRuleTask",
    "complexGateway", "transaction", "adHocSubProcess",
}  # fmt: skip


@dataclass(frozen=True)
class Flow:
    """An arrow, with its condition where it has one."""

    code: str
    source: str
    target: str
    condition: str


@dataclass(frozen=True)
class Node:
    """What an arrow leads to."""

    code: str
    kind: str
    name: str
    lane: str
    default: str  # the flow that is taken when no condition holds
    process: str
    attached_to: str = ""
    calls: str = ""
    timer: str | None = None
    event: str = ""  # what it waits for or sends: timer, message, signal, …
    is_repeated: bool = False
    is_triggered: bool = False  # a sub-process that an event begins


@dataclass(frozen=True)
class Diagram:
    """Nodes and flows of all processes of a file."""

    nodes: Mapping[str, Node]
    flows: Sequence[Flow]
    processes: Sequence[str]
    messages: Sequence[str] = ()  # names; what comes with one stands under its name
    twice: Sequence[str] = ()  # ids that more than one element has
    ids: Sequence[tuple[str, str]] = ()  # kind and id of all that the browser draws by it

    def out_of(self, code: str) -> list[Flow]:
        """Arrows that leave a node."""
        return [flow for flow in self.flows if flow.source == code]

    def reached_from(self, starts: Iterable[str], *, backwards: bool = False) -> set[str]:
        """Everything that can be reached along the arrows, boundary events with their task."""
        steps: dict[str, set[str]] = {}
        for flow in self.flows:
            source, target = (flow.target, flow.source) if backwards else (flow.source, flow.target)
            steps.setdefault(source, set()).add(target)
        for node in self.nodes.values():
            if node.attached_to:
                source, target = node.attached_to, node.code
                if backwards:
                    source, target = target, source
                steps.setdefault(source, set()).add(target)
        open_ = list(starts)
        found = set(open_)
        while open_:
            for nearby in steps.get(open_.pop(), ()):
                if nearby not in found:
                    found.add(nearby)
                    open_.append(nearby)
        return found


def read_diagram(body: bytes) -> Diagram:
    """The graph of a BPMN file.

    Raises:
        NoDiagram: it is none.
    """
    tree = read_xml(body)
    lanes = {
        (ref.text or "").strip(): lane.get("name") or lane.get("id") or ""
        for lane in tree.iter(_tag("lane"))
        for ref in lane.findall(_tag("flowNodeRef"))
    }
    nodes: dict[str, Node] = {}
    flows: list[Flow] = []
    processes = [each.get("id", "") for each in tree.iter(_tag("process"))]
    for element in tree.iter():
        if not isinstance(element.tag, str) or not element.tag.startswith(f"{{{BPMN}}}"):
            continue
        kind = element.tag.rpartition("}")[2]
        code = element.get("id", "")
        if kind == "sequenceFlow":
            condition = element.find(_tag("conditionExpression"))
            text = "" if condition is None else (condition.text or "").strip()
            flows.append(
                Flow(code, element.get("sourceRef", ""), element.get("targetRef", ""), text)
            )
        elif kind in NODES:
            above = element.getparent()
            lane = lanes.get(code, "")
            if not lane and above is not None:  # inside a sub-process: the lane it lies in
                lane = lanes.get(above.get("id", ""), "")
            nodes[code] = Node(
                code, kind, (element.get("name") or code).strip(), lane, element.get("default", ""),
                above.get("id", "") if above is not None else "", element.get("attachedToRef", ""),
                element.get("calledElement", ""), _timer(element), _event(element),
                any(str(each.tag).endswith("LoopCharacteristics") for each in element),
                element.get("triggeredByEvent") == "true",
            )  # fmt: skip
    messages = [each.get("name", "") for each in tree.iter(_tag("message"))]
    named = [
        (each.tag.rpartition("}")[2], each.get("id"))
        for each in tree.iter("{*}*")
        if each.get("id")
    ]
    counts = Counter(code for _kind, code in named)
    twice = [code for code, n in counts.items() if n > 1]
    # A file without coordinates gets them from `layout`, and its lanes plain ids with them.
    is_drawn = tree.find("{*}BPMNDiagram") is not None
    ids = [(kind, code) for kind, code in named if kind != "lane" or is_drawn]
    return Diagram(nodes, flows, processes, messages, twice, ids)


def _tag(name: str) -> str:
    return f"{{{BPMN}}}{name}"


def _event(element: Any) -> str:
    tags = [str(each.tag).rpartition("}")[2] for each in element]
    kinds = [tag for tag in tags if tag.endswith("EventDefinition")]
    return kinds[0].removesuffix("EventDefinition") if kinds else ""


def _timer(element: Any) -> str | None:
    found = element.find(_tag("timerEventDefinition"))
    if found is None:
        return None
    return " ".join((each.text or "").strip() for each in found)
