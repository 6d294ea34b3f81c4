"""Diagrams for tests, from a few lines of text."""

from dianheng.workflow.engine import SERIALIZER

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="d" targetNamespace="urn:dianheng">'
)
KINDS = {
    "start": "startEvent", "end": "endEvent", "user": "userTask", "service": "serviceTask",
    "script": "scriptTask", "xor": "exclusiveGateway", "or": "inclusiveGateway",
    "and": "parallelGateway", "call": "callActivity", "task": "task", "first": "eventBasedGateway",
}  # fmt: skip


def process(name: str, text: str, **inside: str) -> str:
    """A process of lines; a node before the flows that use it.

    `inside` holds the lines of its sub-processes by their code.

    user fill 填写 @handler
    xor choice default=f2
    call sub of=other
    timer late on=approve after=PT1H keeps
    message told name=paid
    start begin name=ordered
    sub check @handler
    flow fill choice
    flow choice approve if=fill.big == 'yes'
    """
    lanes: dict[str, list[str]] = {}
    body = _lines(text, lanes, inside)
    lane_set = "".join(
        f'<lane id="{lane}" name="{lane}">'
        + "".join(f"<flowNodeRef>{n}</flowNodeRef>" for n in ids)
        + "</lane>"
        for lane, ids in lanes.items()
    )
    lane_set = f'<laneSet id="ls_{name}">{lane_set}</laneSet>' if lane_set else ""
    return f'<process id="{name}" isExecutable="true">{lane_set}{body}</process>'


def _lines(text: str, lanes: dict[str, list[str]], inside: dict[str, str]) -> str:
    nodes, flows = [], []
    for line in filter(None, map(str.strip, text.splitlines())):
        kind, *words = line.split()
        if kind == "flow":
            source, target, *rest = words
            condition = " ".join(rest).removeprefix("if=")
            inner = (
                f'<conditionExpression xsi:type="tFormalExpression"><![CDATA[{condition}]]></conditionExpression>'
                if condition
                else ""
            )
            flows.append(
                f'<sequenceFlow id="{source}_{target}" sourceRef="{source}" targetRef="{target}">{inner}</sequenceFlow>'
            )
            continue
        code, *rest = words
        lane = next((w[1:] for w in rest if w.startswith("@")), "")
        values = dict(w.split("=", 1) for w in rest if "=" in w)
        label = next((w for w in rest if "=" not in w and w[0] != "@" and w != "keeps"), code)
        if lane:
            lanes.setdefault(lane, []).append(code)
        if kind == "timer":
            cancels = str("keeps" not in rest).lower()
            event = f'<timerEventDefinition id="t{code}"><timeDuration xsi:type="tFormalExpression">{values["after"].replace("_", " ")}</timeDuration></timerEventDefinition>'
            nodes.append(
                f'<boundaryEvent id="{code}" attachedToRef="{values["on"]}" cancelActivity="{cancels}">{event}</boundaryEvent>'
                if "on" in values
                else f'<intermediateCatchEvent id="{code}">{event}</intermediateCatchEvent>'
            )
        elif kind == "message":
            nodes.append(
                f'<intermediateCatchEvent id="{code}"><messageEventDefinition id="m{code}" messageRef="msg_{values["name"]}"/></intermediateCatchEvent>'
            )
        elif kind == "start" and "name" in values:
            nodes.append(
                f'<startEvent id="{code}"><messageEventDefinition id="m{code}" messageRef="msg_{values["name"]}"/></startEvent>'
            )
        elif kind == "sub":
            nodes.append(
                f'<subProcess id="{code}" name="{label}">{_lines(inside[code], lanes, inside)}</subProcess>'
            )
        else:
            extra = f' default="{values["default"]}"' if "default" in values else ""
            extra += f' calledElement="{values["of"]}"' if "of" in values else ""
            body = "<script>x = 1</script>" if kind == "script" else ""
            nodes.append(f'<{KINDS[kind]} id="{code}" name="{label}"{extra}>{body}</{KINDS[kind]}>')
    return "".join(nodes) + "".join(flows)


def diagram(*processes: str, messages: tuple[str, ...] = ()) -> bytes:
    """A BPMN file of processes and the messages they know."""
    told = "".join(f'<message id="msg_{name}" name="{name}"/>' for name in messages)
    return (HEAD + told + "".join(processes) + "</definitions>").encode()


# Handed in, looked at, decided; sent back by the gateway when it is refused.
SIMPLE = """
    start begin
    user fill 填写 @handler
    user approve 审批 @leader
    xor choice default=choice_done
    end done
    flow begin fill
    flow fill approve
    flow approve choice
    flow choice fill if=approve.opinion == 'reject'
    flow choice done
"""
# Two departments at once, then a leader; a timer beside the leader's step.
PARALLEL = """
    start begin
    user fill 填写 @handler
    and split
    user technical 技术 @technical
    user asset 资产 @asset
    and join
    user leader 领导 @leader
    timer late on=leader after=PT8H keeps
    user urge 催办 @handler
    end urged
    service book 记账
    end done
    flow begin fill
    flow fill split
    flow split technical
    flow split asset
    flow technical join
    flow asset join
    flow join leader
    flow late urge
    flow urge urged
    flow leader book
    flow book done
"""
# A called process in the middle.
CALLED = """
    start begin
    user fill 填写 @handler
    call check 复核 of=below
    user leader 领导 @leader
    end done
    flow begin fill
    flow fill check
    flow check leader
    flow leader done
"""
BELOW = """
    start b_begin
    user look 查看 @checker
    user sign 签字 @checker
    end b_done
    flow b_begin look
    flow look sign
    flow sign b_done
"""


def assert_untouched(*definitions):
    """What all instances of a definition run on is as it was parsed."""
    for one in definitions:
        assert {part: SERIALIZER.to_dict(kept) for part, kept in one.parts.items()} == one.spec
