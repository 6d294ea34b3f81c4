"""Papers of the office: the sheet of a process with every opinion, lists of the archive."""

from dataclasses import dataclass
from datetime import date, datetime

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
    heading: str = ""  # what the pack calls it; empty: 审批单
    subject: str
    unit: str
    started_by: str
    started_at: datetime
    state: str
    about: str = ""
    forms: tuple[FilledForm, ...] = ()
    steps: tuple[StepLine, ...] = ()
    files: tuple[FileLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveLine:
    """A piece of the archive in a catalogue or index; the words are those of the page."""

    number: str
    doc_no: str = ""
    responsible: str
    title: str
    dated_on: date
    secrecy: str = ""
    sheets: int | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveList(Paper):
    """归档文件目录, 卷内文件目录, 案卷脊背 or 卷内备考表; the kind of paper says which.

    `title` is that of the volume; a catalogue has none. `situation` are the remarks.
    """

    fonds: str
    category: str
    year: str
    retention: str
    secrecy: str = ""
    title: str = ""
    shelf: str = ""
    lines: tuple[ArchiveLine, ...] = ()
    situation: str = ""
    made_by: str = ""
    made_on: date | None = None
    checked_by: str = ""
    checked_on: date | None = None
