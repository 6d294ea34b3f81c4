"""What a pack says, read from its folder and nothing decided yet."""

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from ..errors import NoPack

MAX_FORM_BYTES = 200_000
ROLES = ("handle", "approve", "read")  # what the post does at a task
LANGUAGES = ("zh", "en")
PLAN, DRAWING = "pack.toml", "process.bpmn"

Kind = TypeVar("Kind")


def place(file: str, *names: str | int) -> str:
    """Where something stands: the file, and a JSON pointer into it.

    >>> place("pack.toml", "tasks", "apply", "hours")
    'pack.toml#/tasks/apply/hours'
    """
    parts = [str(name).replace("~", "~0").replace("/", "~1") for name in names]
    return "/".join([f"{file}#" if parts else file, *parts])


@dataclass(frozen=True)
class TaskPlan:
    """What stands beside a task of the diagram.

    Attributes:
        role: handle, approve or read; the posts of handling and approving lanes differ.
        hours: working hours that the step may take; None where none is said.
        share: of the people asked, the part that must have agreed (countersigning); None: one.
        limit: setting that gives the working days from the start of the instance in which the
            step is done; empty: only its own hours count.
        apart: steps that other people do than this one; said at one of two, it counts for both.
        inputs: for a service, each input with its expression.
    """

    task: str
    role: str = "handle"
    form: str = ""
    hours: Decimal | None = None
    limit: str = ""
    share: Decimal | None = None
    apart: Sequence[str] = ()
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


def form_file(name: str) -> str:
    """The file of a form."""
    return f"forms/{name}.json"


@dataclass(frozen=True)
class FormPlan:
    """A form: its JSON Schema as it stands in the file."""

    name: str
    schema: Mapping[str, Any]

    @property
    def file(self) -> str:
        """Where it stands in the folder."""
        return form_file(self.name)


@dataclass(frozen=True)
class Pack:
    """A pack as read; `check` says whether it can be used.

    Attributes:
        names: texts of the events, gateways and arrows of the diagram that have a name.
        sheet: what its printed sheet is called; empty: 审批单.
    """

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
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    sheet: Mapping[str, str] = field(default_factory=dict)


def read_pack(folder: Path) -> Pack:
    """Read a folder.

    Raises:
        NoPack: a file is missing or cannot be read, a field is missing or of the wrong kind.
    """
    try:
        plan_bytes = (folder / PLAN).read_bytes()
        bpmn = (folder / DRAWING).read_bytes()
    except OSError as error:
        raise _wrong(Path(error.filename or folder).name, _("cannot be read")) from None
    form_bytes = {path.stem: path.read_bytes() for path in sorted(folder.glob("forms/*.json"))}
    whole = hashlib.sha256()
    for part in (
        plan_bytes,
        bpmn,
        *(x for pair in sorted(form_bytes.items()) for x in (pair[0].encode(), pair[1])),
    ):
        whole.update(len(part).to_bytes(8, "big") + part)
    plan = _Table((), _toml(plan_bytes))
    return Pack(
        code=plan.text("code"), version=plan.whole("version"), prefix=plan.text("prefix"),
        module=plan.text("module"), business_class=plan.text("class"), owner_post=plan.text("owner_post"),
        requirements=plan.texts("requirements"),
        title=plan.words("title"), purpose=plan.words("purpose", {}),
        lanes={name: _lane(name, each) for name, each in plan.tables("lanes")},
        tasks={name: _task(name, each) for name, each in plan.tables("tasks")},
        forms={name: FormPlan(name, _schema(name, body)) for name, body in form_bytes.items()},
        bpmn=bpmn, digest=whole.hexdigest(), start=_start(plan.table("start")),
        names={name: dict(each.values) for name, each in plan.tables("names")},
        sheet=plan.words("sheet", {}),
    )  # fmt: skip


def _wrong(where: str, why: str) -> NoPack:
    return NoPack(f"{where}: {why}")


def _toml(body: bytes) -> Mapping[str, Any]:
    try:
        return tomllib.loads(body.decode("utf-8"))
    except UnicodeDecodeError:
        raise _wrong(PLAN, _("is not written in UTF-8")) from None
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+), column (\d+)", str(error))
        raise _wrong(PLAN, _no("TOML", found[1], found[2]) if found else _no("TOML")) from None


def _schema(name: str, body: bytes) -> Mapping[str, Any]:
    file = form_file(name)
    if len(body) > MAX_FORM_BYTES:
        raise _wrong(file, _("is larger than %(n)s kB") % {"n": MAX_FORM_BYTES // 1000})
    try:
        schema = json.loads(body)
    except json.JSONDecodeError as error:
        raise _wrong(file, _no("JSON", error.lineno, error.colno)) from None
    except (ValueError, RecursionError):
        raise _wrong(file, _no("JSON")) from None
    if not isinstance(schema, dict):
        raise _wrong(file, _("is no JSON object"))
    return schema


def _no(kind: str, line: object = None, column: object = None) -> str:
    if line is None:
        return _("is no %(kind)s that can be read") % {"kind": kind}
    facts = {"kind": kind, "line": line, "column": column}
    return _("line %(line)s, column %(column)s: this is no %(kind)s") % facts


@dataclass(frozen=True)
class _Table:
    """A table of pack.toml with the place where it stands."""

    at: tuple[str, ...]
    values: Mapping[str, Any]

    def wrong(self, key: str, why: str) -> NoPack:
        return _wrong(place(PLAN, *self.at, key), why)

    def get(self, key: str, kind: type[Kind], what: str, absent: Kind | None = None) -> Kind:
        value = self.values.get(key, absent)
        if value is None:
            raise self.wrong(key, _("is missing"))
        if not isinstance(value, kind) or isinstance(value, bool):
            raise self.wrong(key, _("is no %(what)s") % {"what": what})
        return value

    def text(self, key: str, absent: str | None = None) -> str:
        value = self.get(key, str, _("text"), absent).strip()
        if absent is None and not value:
            raise self.wrong(key, _("is empty"))
        return value

    def whole(self, key: str, absent: int | None = None) -> int:
        return self.get(key, int, _("whole number"), absent)

    def decimal(self, key: str) -> Decimal | None:
        try:
            value = None if key not in self.values else Decimal(str(self.values[key]))
        except InvalidOperation:
            value = Decimal("NaN")
        if value is not None and not value.is_finite():
            raise self.wrong(key, _("is no %(what)s") % {"what": _("number")})
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        return tuple(map(str, self.get(key, list, _("list"), [])))

    def words(self, key: str, absent: Mapping[str, str] | None = None) -> dict[str, str]:
        return dict(self.get(key, dict, _("table"), absent))  # type: ignore[arg-type]

    def table(self, key: str) -> "_Table":
        return _Table((*self.at, key), self.get(key, dict, _("table"), {}))

    def tables(self, key: str) -> "list[tuple[str, _Table]]":
        found = self.table(key)
        return [(name, found.table(name)) for name in found.values]

    def only(self, *known: str) -> None:
        for key in sorted(set(self.values) - set(known)):
            raise self.wrong(key, _("is not known; known are: %(known)s") % {"known": ", ".join(known)})  # fmt: skip


def _start(each: _Table) -> StartPlan:
    each.only("message", "monthly", "hour")
    monthly = each.whole("monthly") if "monthly" in each.values else None
    plan = StartPlan(each.text("message", ""), monthly, each.whole("hour", 8))
    if monthly is not None and not 1 <= monthly <= 28:
        raise each.wrong("monthly", _("is a day from 1 to 28"))
    if not 0 <= plan.hour <= 23:
        raise each.wrong("hour", _("lies from 0 to 23"))
    return plan


def _lane(name: str, each: _Table) -> Lane:
    each.only("posts", "unit", "title")
    return Lane(name, each.texts("posts"), each.text("unit", "own"), each.words("title", {}))


def _task(name: str, each: _Table) -> TaskPlan:
    each.only(
        "role", "form", "hours", "limit", "share", "apart", "service", "undo", "inputs", "title"
    )
    return TaskPlan(
        task=name, role=each.text("role", "handle"), form=each.text("form", ""),
        hours=each.decimal("hours"), share=each.decimal("share"), limit=each.text("limit", ""),
        apart=each.texts("apart"),
        service=each.text("service", ""), undo=each.text("undo", ""),
        inputs={key: str(value) for key, value in each.table("inputs").values.items()},
        title=each.words("title", {}),
    )  # fmt: skip
