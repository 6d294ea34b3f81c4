"""Papers of the office: the sheet of a process with every opinion."""

from dataclasses import dataclass
from datetime import datetime

from .common import Paper


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledForm:
    """A form as it was sent: a heading, its fields, its tables.

    Each table is a heading, the names of its columns, and its rows as texts.
    """

    heading: str
    fields: tuple[tuple[str, str], ...] = ()
    tables: tuple[tuple[str, tuple[str, ...], tuple[tuple[str, ...], ...]], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """One step: who did it, for whom, in which post, when, with which opinion.

    `digest` is that of what was decided on, where the step was signed.
    """

    step: str
    name: str
    post: str = ""
    on_behalf_of: str = ""
    at: datetime
    opinion: str = ""
    text: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLine:
    """A file or photo that was put to the matter, by whom and when; `digest` is its SHA-256."""

    name: str
    size: str
    by: str
    at: datetime
    digest: str
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalSheet(Paper):
    """审批单: what was asked for, and every opinion with name, post and time."""

    process: str
    subject: str
    unit: str
    started_by: str
    started_at: datetime
    state: str
    about: str = ""
    forms: tuple[FilledForm, ...] = ()
    steps: tuple[StepLine, ...] = ()
    files: tuple[FileLine, ...] = ()
