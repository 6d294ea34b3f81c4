"""What each person finds on the home page: apps register what they know of it at start."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from .errors import Text

MINE, WAITING, SOON = "mine", "waiting", "soon"


@dataclass(frozen=True)
class TodoItem:
    """One thing to do: what, where, since when.

    Args:
        label: number or name of the thing.
        url: the page on which it is done.
        text: what is wanted, in a few words.
        since: since when it waits.
        due_on: last day, included.
        is_returned: somebody sent it back; such things come first.
    """

    label: Text
    url: str
    text: Text = ""
    since: datetime | None = None
    due_on: date | None = None
    is_returned: bool = False

    @property
    def is_late(self) -> bool:
        """Past its last day."""
        return self.due_on is not None and self.due_on < timezone.localdate()

    @property
    def rank(self) -> tuple[bool, bool, date, float]:
        """Returned first, then late, then by last day, then oldest."""
        return (
            not self.is_returned,
            not self.is_late,
            self.due_on or date.max,
            self.since.timestamp() if self.since else float("inf"),
        )


@dataclass(frozen=True)
class TodoGroup:
    """Things of one kind.

    Args:
        title: the work, as the trade calls it.
        items: the first few, at most about ten.
        count: how many there are in all.
        url: the list with all of them.
        kind: MINE what I must do, WAITING what stands still because of others, SOON what is
            due soon.
    """

    title: Text
    items: Sequence[TodoItem] = ()
    count: int = 0
    url: str = ""
    kind: str = MINE

    @property
    def sorted_items(self) -> list[TodoItem]:
        return sorted(self.items, key=lambda item: item.rank)

    @property
    def more(self) -> int:
        """How many are not shown."""
        return max(0, self.count - len(self.items))


@dataclass(frozen=True)
class Recent:
    """Something the person worked on lately."""

    label: Text
    url: str
    text: Text = ""
    at: datetime | None = None


Provider = Callable[[HttpRequest], Sequence[TodoGroup]]
RecentProvider = Callable[[HttpRequest], Sequence[Recent]]
_providers: dict[Provider, bool] = {}
_recents: list[RecentProvider] = []


def register_todo(provider: Provider, *, counts: bool = True) -> None:
    """Add a source of things to do; it answers quickly and only for the person's rights.

    Args:
        provider: answers with groups.
        counts: it may answer with what I must do myself, which the bar at the top counts on
            every page; False for a source of what waits or is due soon.
    """
    _providers[provider] = counts


def first_and_count(rows: Any, shown: int = 10) -> tuple[list[Any], int]:
    """The first rows and how many there are; counted only where there are more."""
    found = list(rows[: shown + 1])
    return found[:shown], rows.count() if len(found) > shown else len(found)


def register_recent(provider: RecentProvider) -> None:
    """Add a source of things lately worked on."""
    _recents.append(provider)


def todo_of(request: HttpRequest) -> list[TodoGroup]:
    """All groups that hold anything; those with returned or late things first."""
    groups = [group for provider in _providers for group in provider(request) if group.count]

    def rank(group: TodoGroup) -> Any:
        return min((item.rank for item in group.items), default=(True, True, date.max, 0.0))

    return sorted(groups, key=rank)


def todo_count(request: HttpRequest) -> int:
    """How much the person must do."""
    found = (provider(request) for provider, counts in _providers.items() if counts)
    return sum(group.count for groups in found for group in groups if group.kind == MINE)


def recent_of(request: HttpRequest) -> list[Recent]:
    """The newest ten."""
    found = [one for provider in _recents for one in provider(request)]
    return sorted(found, key=lambda one: one.at.timestamp() if one.at else 0, reverse=True)[:10]
