"""Services that a pack may call: declared by the apps that have them, at start."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest

from dianheng.common.errors import Text

if TYPE_CHECKING:
    from .models import ProcessInstance


@dataclass(frozen=True)
class Service:
    """A step that the program does itself.

    `call` gets the inputs by name, the actor and a request key; it runs in the transaction of
    the step, so that it takes effect exactly once. What it answers stands under the step's id.

    Attributes:
        optional: inputs that a pack may leave out.
        fixed: inputs that stand in the pack as a text, so that the checks can read them.
        reads: it changes nothing: sending back over it takes nothing back.
        knows_caller: `call` also gets `caller`, the instance whose step it is.
    """

    name: str
    title: Text
    inputs: Sequence[str]
    call: Callable[..., Mapping[str, Any]]
    optional: Sequence[str] = ()
    fixed: Sequence[str] = ()
    reads: bool = False
    knows_caller: bool = False


@dataclass(frozen=True)
class Subject:
    """A kind of thing that a process can be about, as the ledger names it: `lot`, `device`.

    `facts` gets what stands behind the colon and answers what an approver decides on, as JSON;
    when it changes, an approval of what was shown before is refused. `url` is its page, `title`
    what people call such a thing. `ended` is told of every process about it that ends or is withdrawn, in that transaction.
    """

    kind: str
    title: Text
    facts: Callable[[str], Mapping[str, Any]]
    url: Callable[[str], str]
    ended: "Callable[[str, ProcessInstance], None] | None" = None


_subjects: dict[str, Subject] = {}


def register_subject(*subjects: Subject) -> None:
    """Declare kinds of things that processes are about."""
    _subjects.update({subject.kind: subject for subject in subjects})


def subject_facts(name: str) -> Mapping[str, Any]:
    """Where a thing stands now; empty for kinds that nobody declared."""
    kind, _colon, key = name.partition(":")
    return _subjects[kind].facts(key) if kind in _subjects else {}


def subject_url(name: str) -> str:
    """Page of a thing; empty for kinds that nobody declared."""
    kind, _colon, key = name.partition(":")
    return _subjects[kind].url(key) if kind in _subjects else ""


def subject_said(name: str) -> str:
    """A thing as people call it: “Lot JH-1”; of kinds that nobody declared the bare name."""
    kind, _colon, key = name.partition(":")
    return f"{_subjects[kind].title} {key}" if kind in _subjects else name


def subject_ended(instance: "ProcessInstance") -> None:
    """Tell whoever declared it that a process about this thing has ended."""
    kind, _colon, key = instance.subject.partition(":")
    if kind in _subjects and (ended := _subjects[kind].ended) is not None:
        ended(key, instance)


_services: dict[str, Service] = {}


def register_service(*services: Service) -> None:
    """Declare services `app.verb`."""
    _services.update({service.name: service for service in services})


def all_services() -> dict[str, Service]:
    """Every service by name."""
    return dict(sorted(_services.items()))


Options = Callable[[], Sequence[tuple[str, str]]]
_options: dict[str, Options] = {}


def register_options(name: str, options: Options) -> None:
    """Declare what a field of the format `listed` offers: code and what it is called, of each."""
    _options[name] = options


def all_options() -> dict[str, Options]:
    """Every list that a field can offer, by name."""
    return dict(sorted(_options.items()))


Paper = Callable[["ProcessInstance"], tuple[Text, str] | None]
_papers: dict[str, Paper] = {}


def register_paper(name: str, paper: Paper) -> None:
    """Declare a paper of instances: what it is called there, and its address; None: it has none."""
    _papers[name] = paper


def papers_of(instance: "ProcessInstance") -> list[tuple[Text, str]]:
    """Name and address of each paper of an instance."""
    return [found for paper in _papers.values() if (found := paper(instance))]


Panel = Callable[["ProcessInstance", HttpRequest], str]
_panels: list[Panel] = []


def register_panel(panel: Panel) -> None:
    """Add a section to the page of every instance: HTML, or an empty text."""
    _panels.append(panel)


def panels_of(instance: "ProcessInstance", request: HttpRequest) -> list[str]:
    """The sections of an instance's page."""
    return [html for panel in _panels if (html := panel(instance, request))]


Beside = Callable[["ProcessInstance"], Any]
_beside: dict[str, Beside] = {}


def register_beside(name: str, facts: Beside) -> None:
    """Declare what an approver decides on beside forms and subject, as JSON; empty: nothing.

    When it changes, an approval of what was shown before is refused.
    """
    _beside[name] = facts


def beside_facts(instance: "ProcessInstance") -> dict[str, Any]:
    """All of it that is there, by name."""
    return {name: found for name, facts in _beside.items() if (found := facts(instance))}


FileTimes = Callable[["ProcessInstance"], Sequence[datetime]]
_file_times: list[FileTimes] = []


def register_file_times(times: FileTimes) -> None:
    """Declare when files were put to an instance, for steps that need a paper of their own."""
    _file_times.append(times)


def files_put_at(instance: "ProcessInstance") -> list[datetime]:
    """When files were put to an instance."""
    return [at for times in _file_times for at in times(instance)]
