"""Where rows come from: a queryset, or the SQL of a selector. Both page by keyset.

Paging never counts rows from the start: the next page is what comes after the last row seen,
in the order (value, key). Rows without a value come last in either direction. So that an
index on (value, key) serves both directions, they are fetched apart: first the rows with a
value, then those without.
"""

import base64
import binascii
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import connection
from django.db.models import BooleanField, Expression, F, Model, Q, QuerySet, Value

COUNTED = 10_000  # more rows than this are said to be “over 10,000”

_COMPARE = {"is": "=", "gte": ">=", "gt": ">", "lte": "<=", "lt": "<", "equals": "="}
_LOOKUP = {"is": "exact", "equals": "exact", "contains": "contains", "starts": "startswith"}
_NAME = re.compile(r"^[a-z_][a-z0-9_]*$")


@dataclass(frozen=True)
class Condition:
    """`column op value`, for both kinds of source.

    op: in, is, gte, gt, lte, lt, contains, starts, equals, empty (value True or False).
    A ready `Q` goes in as `Condition(q=…)`, querysets only.
    """

    column: str = ""
    op: str = "is"
    value: Any = None
    q: Q | None = None

    def as_q(self) -> Q:
        """For a queryset."""
        if self.q is not None:
            return self.q
        lookup = "isnull" if self.op == "empty" else _LOOKUP.get(self.op, self.op)
        value = list(self.value) if self.op == "in" else self.value
        return Q(**{f"{self.column}__{lookup}": value})

    def as_sql(self, name: str) -> tuple[str, dict[str, Any]]:
        """For SQL: text with one named parameter."""
        column = quoted(self.column)
        if self.op == "empty":
            return f"{column} is {'' if self.value else 'not '}null", {}
        if self.op == "in":
            return f"{column}::text = any(%({name})s)", {name: [str(v) for v in self.value]}
        if self.op in ("contains", "starts"):
            escaped = re.sub(r"([\\%_])", r"\\\1", self.value)
            before = "%" if self.op == "contains" else ""
            return f"{column} like %({name})s", {name: f"{before}{escaped}%"}
        return f"{column} {_COMPARE[self.op]} %({name})s", {name: self.value}


def quoted(name: str) -> str:
    """A column name that may stand in SQL."""
    if not _NAME.match(name):
        raise ValueError(f"{name!r} is no column name")
    return f'r."{name}"'


@dataclass(frozen=True)
class Place:
    """Where a page ends: value and key of its last row."""

    has_value: bool
    value: Any
    key: Any

    def token(self) -> str:
        """For the address."""
        text = json.dumps([self.has_value, _pack(self.value), _pack(self.key)])
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, token: str) -> "Place | None":
        """The place of a token; None when it is no token of ours."""
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
            has_value, value, key = json.loads(raw)
            return cls(bool(has_value), _unpack(value), _unpack(key))
        except (binascii.Error, ValueError, TypeError, KeyError, ArithmeticError):
            return None


def _pack(value: Any) -> list[str] | None:
    if value is None:
        return None
    for letter, kind in _KINDS:
        if isinstance(value, kind):
            return [letter, value.isoformat() if hasattr(value, "isoformat") else str(value)]
    return ["s", str(value)]


def _unpack(packed: Any) -> Any:
    if packed is None:
        return None
    letter, text = packed
    if "\0" in text:
        raise ValueError("not a text of the database")
    return _READ[letter](text)


_KINDS = (("b", bool), ("i", int), ("n", Decimal), ("f", float), ("m", datetime), ("d", date))
_READ: dict[str, Any] = {
    "b": lambda text: text == "True",
    "i": int,
    "n": Decimal,
    "f": float,
    "m": datetime.fromisoformat,
    "d": date.fromisoformat,
    "s": str,
}


class After(Expression):
    """`(column, key) > (value, key of the last row)`: one range of an index, unlike `or`."""

    output_field = BooleanField()
    conditional = True

    def __init__(self, column: str, key: str, place: Place, descending: bool):
        super().__init__(output_field=BooleanField())
        self.sign = "<" if descending else ">"
        self.parts: list[Any] = [F(column), F(key), Value(place.value), Value(place.key)]

    def get_source_expressions(self) -> list[Any]:
        return self.parts

    def set_source_expressions(self, exprs: Sequence[Any]) -> None:
        self.parts = list(exprs)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        texts, params = [], []
        for part in self.parts:
            text, more = compiler.compile(part)
            texts.append(text)
            params.extend(more)
        return f"({texts[0]}, {texts[1]}) {self.sign} ({texts[2]}, {texts[3]})", tuple(params)


@dataclass(frozen=True)
class SqlRows:
    """The SQL of a selector as the rows of a list.

    Args:
        sql: a select with named parameters (`%(unit)s`); its column names are used by
            columns, filters and sort. No order, no limit.
        params: the parameters.
        key: the column that is unique.
    """

    sql: str
    params: Mapping[str, Any] = field(default_factory=dict)
    key: str = "id"
    conditions: tuple[Condition, ...] = ()

    def where(self, *conditions: Condition) -> "SqlRows":
        """The same rows, narrowed."""
        return replace(self, conditions=(*self.conditions, *conditions))


Rows = QuerySet[Any] | SqlRows


class Source(ABC):
    """Pages, counts and walks over rows, whatever they come from."""

    @abstractmethod
    def narrowed(self, conditions: Sequence[Condition]) -> "Source":
        """The same rows under more conditions."""

    @abstractmethod
    def part(
        self, sort: str, descending: bool, place: Place | None, with_value: bool, size: int
    ) -> list[Any]:
        """At most `size` rows after the place, of those with or without a value."""

    @abstractmethod
    def end(self, row: Any, with_value: bool) -> Place:
        """The place of a row."""

    @abstractmethod
    def count(self) -> int:
        """How many, at most COUNTED + 1."""

    @abstractmethod
    def keys(self, at_most: int) -> list[Any]:
        """Keys of the rows, in the order of the key."""

    def page(
        self, sort: str, descending: bool, place: Place | None, size: int
    ) -> tuple[list[Any], Place | None]:
        """The rows of a page, and where the next one begins (None: this was the last)."""
        rows: list[Any] = []
        ends: list[Place] = []
        for with_value in (True, False):
            if place is not None and place.has_value and not with_value:
                place = None  # the part with values is through
            if place is not None and not place.has_value and with_value:
                continue
            found = self.part(sort, descending, place, with_value, size + 1 - len(rows))
            rows += found
            ends += [self.end(row, with_value) for row in found]
            if len(rows) > size:
                return rows[:size], ends[size - 1]
        return rows, None

    def walk(self, sort: str, descending: bool, size: int = 2000) -> Iterator[Any]:
        """All rows in order, a bounded number in memory."""
        place: Place | None = None
        while True:
            rows, place = self.page(sort, descending, place, size)
            yield from rows
            if place is None:
                return


def may_lack_value(model: type[Model], path: str) -> bool:
    """Whether rows can be without a value in a column; an annotation may always."""
    if path == "pk":
        return False
    for part in path.split("__"):
        try:
            field = model._meta.get_field(part)
        except FieldDoesNotExist:
            return True
        if field.null or not field.concrete:
            return True
        model = field.related_model
    return False


class QuerySource(Source):
    """Over a queryset of models or of `values()`."""

    def __init__(self, rows: QuerySet[Any]):
        self.rows = rows

    def narrowed(self, conditions: Sequence[Condition]) -> "QuerySource":
        rows = self.rows
        for condition in conditions:
            rows = rows.filter(condition.as_q())
        return QuerySource(rows)

    def part(
        self, sort: str, descending: bool, place: Place | None, with_value: bool, size: int
    ) -> list[Any]:
        may_lack = may_lack_value(self.rows.model, sort)
        if not may_lack and not with_value:
            return []
        sign = "-" if descending else ""
        rows = self.rows.annotate(list_value=F(sort), list_key=F("pk"))
        if may_lack:
            rows = rows.filter(**{f"{sort}__isnull": not with_value})
        if place is not None and with_value:
            rows = rows.filter(After(sort, "pk", place, descending))
        elif place is not None:
            rows = rows.filter(**{f"pk__{'lt' if descending else 'gt'}": place.key})
        order = [f"{sign}{sort}"] if with_value else []
        return list(rows.order_by(*order, f"{sign}pk")[:size])

    def end(self, row: Any, with_value: bool) -> Place:
        value, key = (
            (row["list_value"], row["list_key"])
            if isinstance(row, Mapping)
            else (row.list_value, row.list_key)
        )
        return Place(with_value, value, key)

    def count(self) -> int:
        return int(self.rows.order_by().values("pk")[: COUNTED + 1].count())

    def keys(self, at_most: int) -> list[Any]:
        return list(self.rows.order_by("pk").values_list("pk", flat=True)[:at_most])


class SqlSource(Source):
    """Over the SQL of a selector."""

    def __init__(self, rows: SqlRows):
        self.rows = rows

    def narrowed(self, conditions: Sequence[Condition]) -> "SqlSource":
        return SqlSource(self.rows.where(*conditions))

    def _query(self, what: str, tail: str, params: Mapping[str, Any], more: Sequence[str]) -> Any:
        texts, values = list(more), dict(self.rows.params) | dict(params)
        for number, condition in enumerate(self.rows.conditions):
            text, own = condition.as_sql(f"list_{number}")
            texts.append(text)
            values.update(own)
        where = f" where {' and '.join(texts)}" if texts else ""
        cursor = connection.cursor()
        cursor.execute(f"select {what} from ({self.rows.sql}) r{where}{tail}", values)  # noqa: S608
        return cursor

    def part(
        self, sort: str, descending: bool, place: Place | None, with_value: bool, size: int
    ) -> list[Any]:
        sort = self.rows.key if sort == "pk" else sort
        column, key = quoted(sort), quoted(self.rows.key)
        direction, sign = ("desc", "<") if descending else ("asc", ">")
        texts = [f"{column} is {'not ' if with_value else ''}null"]
        values: dict[str, Any] = {"list_size": size}
        if place is not None:
            values |= {"list_value": place.value, "list_key": place.key}
            texts.append(
                f"({column}, {key}) {sign} (%(list_value)s, %(list_key)s)"
                if with_value
                else f"{key} {sign} %(list_key)s"
            )
        order = f"{column} {direction}, {key} {direction}" if with_value else f"{key} {direction}"
        with self._query("*", f" order by {order} limit %(list_size)s", values, texts) as cursor:
            names = [column[0] for column in cursor.description]
            rows = [
                SimpleNamespace(**dict(zip(names, row, strict=True))) for row in cursor.fetchall()
            ]
        for row in rows:
            row.pk = getattr(row, self.rows.key)
            row.list_value = getattr(row, sort)
        return rows

    def end(self, row: Any, with_value: bool) -> Place:
        return Place(with_value, row.list_value, row.pk)

    def count(self) -> int:
        with self._query("1", " limit %(list_size)s", {"list_size": COUNTED + 1}, ()) as cursor:
            return int(cursor.rowcount)

    def keys(self, at_most: int) -> list[Any]:
        key = quoted(self.rows.key)
        with self._query(
            key, f" order by {key} limit %(list_size)s", {"list_size": at_most}, ()
        ) as cursor:
            return [row[0] for row in cursor.fetchall()]


def source_of(rows: Rows) -> Source:
    """The reader for these rows."""
    return SqlSource(rows) if isinstance(rows, SqlRows) else QuerySource(rows)
