"""What a list can be narrowed by. A filter turns words of the address into conditions."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from ..errors import Text
from ..numbers import halfwidth
from .sources import Condition


class NotUnderstood(ValueError):  # noqa: N818  shown as words above the list
    """The address holds a value that this filter does not know."""


@dataclass(frozen=True)
class Chip:
    """One filter in force, in words, with the parameters that it stands for."""

    label: Text
    text: str
    names: tuple[str, ...]
    value: str | None = None  # of several values of the same name, only this one


@dataclass(frozen=True)
class Filter(ABC):
    """A condition on one field.

    Args:
        key: name in the address.
        label: what is narrowed.
        field: field path (queryset, `model__maker`) or column name (SQL); the key when empty.
    """

    key: str
    label: Text
    field: str = ""

    kind = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Parameters of the address that belong to this filter."""
        return (self.key,)

    @property
    def column(self) -> str:
        return self.field or self.key

    @abstractmethod
    def read(self, data: QueryDict, scope: Any) -> tuple[list[Condition], list[Chip]]:
        """Conditions and chips for what the address says; NotUnderstood in words."""


@dataclass(frozen=True)
class Choice(Filter):
    """One or more of a fixed list; `options` is `SomeState.choices` or a function of the scope.

    `where` replaces the plain comparison: a function of the chosen values that answers
    conditions.
    """

    options: Any = ()
    where: Callable[[list[str]], Sequence[Condition]] | None = None
    is_single: bool = False

    kind = "choice"

    def choices(self, scope: Any) -> list[tuple[str, Text]]:
        """Value and label of each option; groups are flattened."""
        given = self.options(scope) if callable(self.options) else self.options
        flat: list[tuple[str, Text]] = []
        for value, label in given:
            if isinstance(label, list | tuple):
                flat.extend((str(v), lb) for v, lb in label)
            else:
                flat.append((str(value), label))
        return flat

    def read(self, data: QueryDict, scope: Any) -> tuple[list[Condition], list[Chip]]:
        chosen = [value for value in data.getlist(self.key) if value]
        if not chosen:
            return [], []
        labels = dict(self.choices(scope))
        unknown = [value for value in chosen if value not in labels]
        if unknown:
            raise NotUnderstood(", ".join(unknown))
        chips = [Chip(self.label, str(labels[v]), self.names, v) for v in chosen]
        if self.where is not None:
            return list(self.where(chosen)), chips
        return [Condition(self.column, "in", tuple(chosen))], chips


@dataclass(frozen=True)
class Contains(Filter):
    """A piece of text; `how` is contains, starts or equals, as given or with plain digits and signs."""

    how: str = "contains"

    kind = "text"

    def read(self, data: QueryDict, scope: Any) -> tuple[list[Condition], list[Chip]]:
        given = data.get(self.key, "").strip()
        text = halfwidth(given)
        if not text:
            return [], []
        chips = [Chip(self.label, given, self.names)]
        if self.how == "equals" and text != given:  # a name may hold full-width signs
            return [Condition(self.column, "in", (given, text))], chips
        return [Condition(self.column, self.how, text)], chips


@dataclass(frozen=True)
class Days(Filter):
    """From day to day, both included: `<key>_from`, `<key>_to`; `t`, `t-30`, `t+7` are relative.

    `of_moment` says that the field is a moment: the days are those of the organisation's zone.
    """

    of_moment: bool = False

    kind = "days"

    @property
    def names(self) -> tuple[str, ...]:
        return (f"{self.key}_from", f"{self.key}_to")

    def read(self, data: QueryDict, scope: Any) -> tuple[list[Condition], list[Chip]]:
        conditions, words = [], []
        for name, op, sign in zip(self.names, ("gte", "lte"), ("≥", "≤"), strict=True):
            given = data.get(name, "").strip()
            if not given:
                continue
            day = read_day(given)
            words.append(f"{sign} {day.isoformat()}")
            if self.of_moment:
                edge = day if op == "gte" else day + timedelta(days=1)
                at = timezone.make_aware(datetime.combine(edge, time()))
                conditions.append(Condition(self.column, "gte" if op == "gte" else "lt", at))
            else:
                conditions.append(Condition(self.column, op, day))
        return conditions, [Chip(self.label, " ".join(words), self.names)] if words else []


@dataclass(frozen=True)
class Numbers(Filter):
    """From number to number, both included: `<key>_from`, `<key>_to`."""

    kind = "numbers"

    @property
    def names(self) -> tuple[str, ...]:
        return (f"{self.key}_from", f"{self.key}_to")

    def read(self, data: QueryDict, scope: Any) -> tuple[list[Condition], list[Chip]]:
        conditions, words = [], []
        for name, op, sign in zip(self.names, ("gte", "lte"), ("≥", "≤"), strict=True):
            given = halfwidth(data.get(name, "")).strip()
            if not given:
                continue
            try:
                number = Decimal(given)
            except InvalidOperation:
                raise NotUnderstood(given) from None
            if not number.is_finite():
                raise NotUnderstood(given)
            words.append(f"{sign} {number}")
            conditions.append(Condition(self.column, op, number))
        return conditions, [Chip(self.label, " ".join(words), self.names)] if words else []


@dataclass(frozen=True)
class Flag(Filter):
    """Yes or no. For “is there one”: `op="empty"` asks whether the field holds nothing.

    `yes` and `no` replace the plain comparison by conditions of their own.
    """

    yes: Sequence[Condition] | None = None
    no: Sequence[Condition] | None = None

    kind = "flag"

    def read(self, data: QueryDict, scope: Any) -> tuple[list[Condition], list[Chip]]:
        given = data.get(self.key, "")
        if not given:
            return [], []
        if given not in ("1", "0"):
            raise NotUnderstood(given)
        chip = Chip(self.label, _("yes") if given == "1" else _("no"), self.names)
        own = self.yes if given == "1" else self.no
        if own is not None:
            return list(own), [chip]
        return [Condition(self.column, "is", given == "1")], [chip]


_RELATIVE = re.compile(r"^t(?:([+-])(\d{1,5}))?$", re.IGNORECASE)


_MOMENT = re.compile(r"(\d{4}\D\d{1,2}\D\d{1,2}日?)(?:[ T]*(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?)?")


def read_moment(given: str) -> datetime:
    """A moment as people and spreadsheets write it, the organisation's where no zone is told.

    2026-11-22T09:30+08:00, 2026/11/22 09:30:00.123, 2026/1/5 9:30:15, 2026年11月22日 9:30, a day.

    Raises:
        NotUnderstood: it is none of these.
    """
    text = halfwidth(given).strip()
    try:
        found = datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        parts = _MOMENT.fullmatch(text)
        if parts is None:
            raise NotUnderstood(given) from None
        day, *clock = parts.groups()
        try:
            found = datetime.combine(read_day(day), time(*(int(part or 0) for part in clock)))
        except ValueError:
            raise NotUnderstood(given) from None
    return timezone.make_aware(found) if timezone.is_naive(found) else found


def read_day(given: str) -> date:
    """A day as people type it: 2026-11-22, 2026/11/22, 20261122, `t` today, `t-30`.

    Raises:
        NotUnderstood: it is none of these.
    """
    text = halfwidth(given).strip().replace("年", "-").replace("月", "-").rstrip("日")
    relative = _RELATIVE.match(text)
    if relative:
        days = int(relative[2] or 0)
        return timezone.localdate() + timedelta(days=-days if relative[1] == "-" else days)
    for form in ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007
        except ValueError:
            continue
    raise NotUnderstood(given)
