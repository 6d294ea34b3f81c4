"""What a pack says, read from its folder and nothing decided yet."""

import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from ..errors import NoPack

MAX_FORM_BYTES = 200_000
ROLES = ("handle", "approve", "read")  # what the post does at a task
LANGUAGES = ("zh", "en")


@dataclass(frozen=True)
class TaskPlan:
    """What stands beside a task of the diagram.

    Attributes:
        role: handle, approve or read; the posts of handling and approving lanes differ.
        hours: working hours that the step may take; None where none is said.
        share: of the people asked, the part that must have agreed (countersigning); None: one.
        limit: setting that gives the working days from the start of the instance in which the
            step is done; empty: only its own hours count.
        inputs: for a service, each input with its expression.
    """

    task: str
    role: str = "handle"
    form: str = ""
    hours: Decimal | None = None
    limit: str = ""
    share: Decimal | None = None
    service: str = ""
    undo: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    title: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Lane:
    """Who works in a lane: posts, and in which unit seen from the instance's unit."""

    name: str
    posts: Sequence[str]
    unit: str = "own"  # own, above, top
    title: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class StartPlan:
    """What begins an instance beside a person.

    Attributes:
        message: name of a message that begins one.
        monthly: day of the month on which one begins in each unit where the process is switched
            on by name, at `hour` of the organisation's day; None: it does not.
    """

    message: str = ""
    monthly: int | None = None
    hour: int = 8


@dataclass(frozen=True)
class FormPlan:
    """A form: its JSON Schema as it stands in the file."""

    name: str
    schema: Mapping[str, Any]


@dataclass(frozen=True)
class Pack:
    """A pack as read; `check` says whether it can be used."""

    code: str
    version: int
    prefix: str  # of the numbers of its instances
    module: str
    business_class: str
    owner_post: str
    requirements: Sequence[str]
    title: Mapping[str, str]
    purpose: Mapping[str, str]
    lanes: Mapping[str, Lane]
    tasks: Mapping[str, TaskPlan]
    forms: Mapping[str, FormPlan]
    bpmn: bytes
    digest: str
    start: StartPlan = StartPlan()


def read_pack(folder: Path) -> Pack:
    """Read a folder.

    Raises:
        NoPack: a file is missing or cannot be read, a field is missing or of the wrong kind.
    """
    try:
        plan_bytes = (folder / "pack.toml").read_bytes()
        bpmn = (folder / "process.bpmn").read_bytes()
    except OSError as error:
        raise NoPack(f"{Path(error.filename or folder).name} cannot be read") from None
    form_bytes = {path.stem: path.read_bytes() for path in sorted(folder.glob("forms/*.json"))}
    whole = hashlib.sha256()
    for part in (
        plan_bytes,
        bpmn,
        *(x for pair in sorted(form_bytes.items()) for x in (pair[0].encode(), pair[1])),
    ):
        whole.update(len(part).to_bytes(8, "big") + part)
    try:
        plan = tomllib.loads(plan_bytes.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise NoPack(f"pack.toml: {error}") from None
    try:
        return Pack(
            code=_text(plan, "code"), version=int(plan["version"]), prefix=_text(plan, "prefix"),
            module=_text(plan, "module"),
            business_class=_text(plan, "class"), owner_post=_text(plan, "owner_post"),
            requirements=tuple(map(str, plan.get("requirements", ()))),
            title=dict(plan["title"]), purpose=dict(plan.get("purpose", {})),
            lanes={name: _lane(name, each) for name, each in plan.get("lanes", {}).items()},
            tasks={name: _task(name, each) for name, each in plan.get("tasks", {}).items()},
            forms={name: FormPlan(name, _schema(name, body)) for name, body in form_bytes.items()},
            bpmn=bpmn, digest=whole.hexdigest(), start=_start(plan.get("start", {})),
        )  # fmt: skip
    except KeyError as error:
        raise NoPack(f"pack.toml has no {error.args[0]}") from None
    except (TypeError, AttributeError, ValueError, ArithmeticError) as error:
        raise NoPack(f"pack.toml: {error}") from None


def _text(plan: Mapping[str, Any], key: str) -> str:
    if not isinstance(plan[key], str) or not plan[key].strip():
        raise ValueError(f"{key} is empty or no text")
    return str(plan[key]).strip()


def _start(each: Mapping[str, Any]) -> StartPlan:
    if unknown := set(each) - {"message", "monthly", "hour"}:
        raise ValueError(f"start says something unknown: {', '.join(sorted(unknown))}")
    monthly = each.get("monthly")
    plan = StartPlan(
        str(each.get("message", "")),
        None if monthly is None else int(monthly),
        int(each.get("hour", 8)),
    )
    if plan.monthly is not None and not 1 <= plan.monthly <= 28:
        raise ValueError("start: monthly is a day from 1 to 28")
    if not 0 <= plan.hour <= 23:
        raise ValueError("start: hour lies from 0 to 23")
    return plan


def _lane(name: str, each: Mapping[str, Any]) -> Lane:
    return Lane(
        name,
        tuple(map(str, each.get("posts", ()))),
        str(each.get("unit", "own")),
        dict(each.get("title", {})),
    )


def _task(name: str, each: Mapping[str, Any]) -> TaskPlan:
    unknown = set(each) - {
        "role",
        "form",
        "hours",
        "limit",
        "share",
        "service",
        "undo",
        "inputs",
        "title",
    }
    if unknown:
        raise ValueError(f"task {name} says something unknown: {', '.join(sorted(unknown))}")
    return TaskPlan(
        task=name, role=str(each.get("role", "handle")), form=str(each.get("form", "")),
        hours=_decimal(each.get("hours")), share=_decimal(each.get("share")),
        limit=str(each.get("limit", "")), service=str(each.get("service", "")), undo=str(each.get("undo", "")),
        inputs={key: str(value) for key, value in each.get("inputs", {}).items()},
        title=dict(each.get("title", {})),
    )  # fmt: skip


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _schema(name: str, body: bytes) -> Mapping[str, Any]:
    if len(body) > MAX_FORM_BYTES:
        raise ValueError(f"form {name} is larger than {MAX_FORM_BYTES // 1000} kB")
    try:
        schema = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"form {name}: {error}") from None
    if not isinstance(schema, dict):
        raise ValueError(f"form {name} is no object")
    return schema
