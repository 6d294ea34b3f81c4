"""Checks of staged rows, set by set, that every list of devices needs: clean, form, repeats."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.utils import timezone
from psycopg import sql
from psycopg.types.json import Jsonb

from dianheng.common.files import Field, Prepared
from dianheng.common.files.findings import FindingKind
from dianheng.metrology.barcodes import added_schemes, scheme_of

from ..columns import CHOICE_WORDS
from .enrol import Stage

# Fields whose values differ from row to row; the others repeat and are checked once per value.
EACH = ("barcode", "asset_no", "serial_no", "comm_address", "esam_no", "sim_no", "box_no")
ONCE_IN_FILE = ("barcode", "asset_no", "serial_no", "comm_address", "esam_no")
LONGEST_CODE = 64
LONGEST_TEXT = 200
SORT_MEMORY = "256MB"
CODES_AT_ONCE = 20_000
MOST_VALUES = 100_000  # different ones of a column that are spelled anew
LOST = "^[0-9][.0-9]*[eE][+][0-9]+$"  # what is left of a code that was kept as a number


@dataclass
class Findings:
    """What a check found."""

    rows: int
    faults: int = 0
    warnings: int = 0
    by_kind: list[dict[str, Any]] = field(default_factory=list)


def stage_column(known: Mapping[str, Field], name: str) -> str:
    """Column of the stage; those compared or looked up begin with x_, left out: none."""
    if name not in known:
        return ""
    return name if known[name].goes_into_register else f"x_{name}"


class StageCheck:
    """The checks of one list; a kind of list adds its own.

    Args:
        fields: the fields that the list has, in the order of its columns.
        known: all fields of this kind of list, by key.
        is_meter: whether all rows are meters, so that addresses are owed.
    """

    past_days: tuple[str, ...] = ("produced_on", "purchased_on", "verified_on")
    days: tuple[str, ...] = (*past_days, "valid_through")
    words: Mapping[str, Mapping[str, str]] = CHOICE_WORDS

    def __init__(
        self,
        stage: Stage,
        fields: Sequence[str],
        known: Mapping[str, Field],
        is_meter: bool,
    ):
        self.stage, self.fields, self.known = stage, list(fields), known
        self.column = {name: stage_column(known, name) for name in fields}
        self.is_meter = is_meter
        self.each = [name for name in fields if name in EACH]
        self.repeated = [name for name in fields if name not in EACH]

    def begin(self, prepared: Prepared) -> None:
        """Note rows that do not fit the head, clean all cells."""
        self._execute("select set_config('work_mem', %s, true)", [SORT_MEMORY])
        for row, widths in prepared.faults:
            self._fault_row(row, "", "row_width", widths)
        self._clean_each()
        self._clean_repeated()
        # Only what is joined: each column costs a sort of its sample.
        self._execute(f"analyze stage ({', '.join(self.column[name] for name in self.each)})")

    def findings(self, kinds: Mapping[str, FindingKind]) -> Findings:
        """What was found, counted; the rows stand in `stage_fault`."""
        found = Findings(self._execute("select count(*) from stage").fetchone()[0])
        self._execute(
            "select code, field, count(*), count(distinct row_no) from stage_fault"
            " group by 1, 2 order by 3 desc, 1, 2"
        )
        for code, name, count, rows in self.stage.cursor.fetchall():
            is_warning = kinds[code].is_warning
            found.by_kind.append(
                {
                    "code": code,
                    "field": name,
                    "count": count,
                    "rows": rows,
                    "is_warning": is_warning,
                }
            )
            if is_warning:
                found.warnings += count
            else:
                found.faults += count
        return found

    # -- writing findings --------------------------------------------------------------------

    def _execute(self, statement: str, params: Any = None) -> Any:
        self.stage.cursor.execute(statement, params)
        return self.stage.cursor

    def _fault(
        self,
        code: str,
        name: str,
        where: str,
        params: Any = None,
        *,
        facts: str = "null",
        table: str = "stage s",
    ) -> None:
        """A finding for each row that fulfils a condition; `facts` is an SQL expression."""
        self._execute(
            "insert into stage_fault (row_no, field, code, value, facts)"  # noqa: S608  own words only
            f" select s.row_no, %(f_)s, %(c_)s, left(s.{self.column[name]}, {LONGEST_TEXT}), {facts}"
            f" from {table} where {where}",
            {"f_": name, "c_": code, **(params or {})},
        )

    def _fault_row(self, row: int, name: str, code: str, value: str, **facts: Any) -> None:
        self._execute(
            "insert into stage_fault (row_no, field, code, value, facts) values (%s, %s, %s, %s, %s)",
            [row, name, code, value, Jsonb(facts) if facts else None],
        )

    # -- cleaning ----------------------------------------------------------------------------

    def _clean_each(self) -> None:
        """Full width, blanks and invisible signs in codes.

        One look at all codes of a row finds the few rows that are not plain.
        """
        columns = [self.column[name] for name in self.each]
        together = f"concat_ws('|', {', '.join(columns)})"
        sets = ", ".join(f"{c} = assets_clean({c})" for c in columns)
        self._execute(
            f"update stage set {sets}, is_odd = true"  # noqa: S608
            f" where {together} ~ '[^!-~]|[|]''|^''|[|]=|^=|[eE][+]'"
            f" or greatest({', '.join(f'length({c})' for c in columns)}) > {LONGEST_CODE}"
        )

    def _clean_repeated(self) -> None:
        """The values of the other columns, each once: `stage_value` holds their combinations."""
        columns = [self.column[name] for name in self.repeated]
        self._execute("drop table if exists stage_value")
        if not columns:
            return
        names = ", ".join(columns)
        self._execute(
            f"create temp table stage_value on commit drop as select {names} from stage group by {names}"  # noqa: S608
        )
        for name, column in zip(self.repeated, columns, strict=True):
            cleaned = f"assets_clean({column})"
            target = cleaned
            params: dict[str, Any] = {}
            if name in self.days:
                target = f"coalesce(assets_day({cleaned})::text, {cleaned})"
            elif words := self.words.get(name):
                target = f"coalesce(%(words)s::jsonb ->> lower({cleaned}), {cleaned})"
                params["words"] = Jsonb(dict(words))
            self._execute(
                f"select distinct {column} as was, {target} as now_ from stage_value",  # noqa: S608
                params or None,
            )
            self._replace(column, self.stage.cursor.fetchmany(MOST_VALUES))

    def _replace(self, column: str, values: list[tuple[str, str]]) -> None:
        """Put other spellings in the place of those in the file.

        Where the whole column has one value, the column is made anew with it as its default:
        that costs nothing, an update would write every row once more.
        """
        if len(values) == 1 and values[0][0] != values[0][1]:
            for table in ("stage", "stage_value"):
                self._execute(
                    sql.SQL(
                        "alter table {t} drop column {c},"
                        ' add column {c} text collate "C" not null default {v}'
                    ).format(
                        t=sql.Identifier(table),
                        c=sql.Identifier(column),
                        v=sql.Literal(values[0][1]),
                    )
                )
            return
        other = {was: now for was, now in values if was != now}
        if not other:
            return
        for table in ("stage", "stage_value"):
            self._execute(
                f"update {table} t set {column} = o.now_"  # noqa: S608
                " from unnest(%(was)s::text[], %(now)s::text[]) o (was, now_)"
                f" where t.{column} = o.was",
                {"was": list(other), "now": list(other.values())},
            )

    # -- form --------------------------------------------------------------------------------

    def _form(self, *codes: "Form") -> None:
        """One pass over all rows finds those with anything wrong; these are looked at singly."""
        checks = [*self._missing(), *self._odd(), *codes, *self._addresses()]
        columns = ", ".join(
            dict.fromkeys(["row_no", "is_odd", "barcode", *(self.column[c.field] for c in checks)])
        )
        self._execute("drop table if exists stage_bad")
        self._execute(
            # The inner queries are kept apart, so that each part is worked out once a row.
            "create temp table stage_bad on commit drop as select * from ("  # noqa: S608
            f"select *, case when is_code then {CHECK_DIGIT} end as digit from ("
            "select *, case when is_code then left(barcode, 11)::bigint end as head,"
            " case when is_code then substr(barcode, 12, 10)::bigint end as tail from ("
            f"select {columns}, length(barcode) = 22 and barcode ~ '^[0-9]*$' as is_code,"
            " null::text as scheme, null::text as remark"
            " from stage offset 0) a offset 0) b offset 0) s"
            f" where {' or '.join(f'({check.where})' for check in checks)}"
        )
        self._other_schemes()
        for check in checks:
            self._fault(
                check.code, check.field, check.where, facts=check.facts, table="stage_bad s"
            )

    def _other_schemes(self) -> None:
        """Which codes that are none of 22 digits belong to a scheme that the company added.

        The scheme itself looks at each of them once; the 22-digit scheme is known to the database.
        """
        schemes = added_schemes()
        if not schemes:
            return
        self._execute("drop table if exists stage_scheme")
        self._execute(
            'create temp table stage_scheme (code text collate "C", scheme text, remark text)'
            " on commit drop"
        )
        with connection.chunked_cursor() as codes:
            codes.execute(
                "select distinct s.barcode from stage_bad s"  # noqa: S608  own words only
                f" where s.barcode <> '' and (not s.is_code or {WRONG_DIGIT})"
            )
            while rows := codes.fetchmany(CODES_AT_ONCE):
                known = [
                    (code, found[0], ", ".join(found[1].problems))
                    for (code,) in rows
                    if (found := scheme_of(code, schemes)) is not None
                ]
                self._execute(
                    "insert into stage_scheme select * from unnest(%s::text[], %s::text[], %s::text[])",
                    [list(column) for column in zip(*known, strict=True)] or [[], [], []],
                )
        self._execute(
            "update stage_bad s set scheme = o.scheme, remark = o.remark"
            " from stage_scheme o where o.code = s.barcode"
        )

    def _missing(self) -> Iterator["Form"]:
        for name in self.fields:
            if self.known[name].is_expected and (self.is_meter or name != "comm_address"):
                yield Form("missing", name, f"s.{self.column[name]} = ''")

    def _odd(self) -> Iterator["Form"]:
        """What spreadsheets do to codes; looked for only in rows that are not plain."""
        for name in self.each:
            column = f"s.{self.column[name]}"
            yield Form("formula", name, f"s.is_odd and {column} ~ '^='")
            yield Form("number_lost", name, f"s.is_odd and {column} ~ '{LOST}'")
            yield Form("too_long", name, f"s.is_odd and length({column}) > {LONGEST_CODE}")

    def _legacy_codes(self) -> Iterator["Form"]:
        """Codes of no known scheme are said, not refused."""
        is_said = said("s.barcode")
        is_none = "s.scheme is null and not s.is_code"
        fit = "s.barcode ~ '^[!-~]*$' and length(s.barcode) between 4 and 64"
        yield Form(
            "format", "barcode",
            f"{is_none} and s.barcode <> '' and not ({fit}) and not {is_said}", wanted("4–64 × A-Z 0-9"),
        )  # fmt: skip
        yield Form("format_legacy", "barcode", f"{is_none} and {fit} and not {is_said}")
        yield Form(
            "check_digit_legacy", "barcode", f"s.scheme is null and {WRONG_DIGIT}", WANTED_DIGIT
        )
        yield Form(
            "scheme_remark", "barcode", "s.remark <> ''",
            "jsonb_build_object('wanted', s.scheme, 'other', s.remark)",
        )  # fmt: skip

    def _addresses(self) -> Iterator["Form"]:
        if "comm_address" not in self.fields or not self.is_meter:
            return
        is_address = "(length(s.comm_address) = 12 and s.comm_address ~ '^[0-9]*$')"
        yield Form(
            "format", "comm_address",
            f"not {is_address} and s.comm_address <> '' and not {said('s.comm_address')}", wanted("12 × 0-9"),
        )  # fmt: skip
        yield Form(
            "address_differs", "comm_address",
            "s.is_code and s.scheme is null and s.comm_address <> substr(s.barcode, 10, 12)"
            f" and {is_address}",
            "jsonb_build_object('wanted', substr(s.barcode, 10, 12))",
        )  # fmt: skip

    # -- repeats -----------------------------------------------------------------------------

    def _twice(self, names: Sequence[str] = ONCE_IN_FILE, code: str = "twice_in_file") -> None:
        for name in names:
            if name not in self.fields:
                continue
            column = self.column[name]
            self._execute("drop table if exists stage_twice")
            found = self._execute(
                "create temp table stage_twice on commit drop as"  # noqa: S608
                f" select {column} as value, min(row_no) as first_row from stage"
                f" where {column} <> '' group by {column} having count(*) > 1"
            )
            if found.rowcount:
                self._fault(
                    code, name, f"s.{column} = d.value and s.row_no > d.first_row",
                    facts="jsonb_build_object('other', d.first_row)", table="stage s, stage_twice d",
                )  # fmt: skip

    # -- values that repeat ------------------------------------------------------------------

    def _repeated_values(self) -> None:
        for name in self.repeated:
            column = self.column[name]
            if name in self.days:
                self._values(
                    "date",
                    name,
                    f"{column} !~ '^=' and {column} <> '' and assets_day({column}) is null",
                )
            if name in self.past_days:
                today = {"today": timezone.localdate()}
                self._values("date_future", name, f"assets_day({column}) > %(today)s", today)
            if name in self.words:
                known = {"known": sorted(set(self.words[name].values()))}
                self._values("choice", name, f"{column} <> all(%(known)s)", known)
            self._values("formula", name, f"{column} ~ '^='")
            self._values("too_long", name, f"length({column}) > {LONGEST_TEXT}")

    def _values(
        self,
        code: str,
        name: str,
        where: str,
        params: Mapping[str, Any] | None = None,
        facts: str = "null",
    ) -> None:
        """A condition on the values of a column: rows are looked at only when one fulfils it."""
        column = self.column[name]
        self._execute("drop table if exists stage_wrong")
        found = self._execute(
            f"create temp table stage_wrong on commit drop as select distinct {column} as value"  # noqa: S608
            f" from stage_value where {where}",
            params,
        )
        if found.rowcount:
            self._fault(
                code, name, f"s.{column} = w.value", facts=facts, table="stage s, stage_wrong w"
            )


@dataclass(frozen=True)
class Form:
    """A check of the form of one row: finding, field, SQL condition on `s`, facts."""

    code: str
    field: str
    where: str
    facts: str = "null"


def said(column: str) -> str:
    """Whether something better than "not of the form" is said of a cell."""
    return f"(s.is_odd and ({column} ~ '^=' or {column} ~ '{LOST}' or length({column}) > {LONGEST_CODE}))"


def wanted(text: str) -> str:
    quoted = text.replace("'", "''").replace("%", "%%")
    return f"jsonb_build_object('wanted', '{quoted}'::text)"


def _digit_sum(value: str, count: int) -> str:
    """SQL for the sum of the last digits of a number, from the right weighted 3, 1, 3, 1 …"""
    digits = [f"({value} / {10**place} % 10)" for place in range(count)]
    return " + ".join(d if place % 2 else f"3 * {d}" for place, d in enumerate(digits))


# The same as assets_check_digit (a test holds them together), by whole numbers instead of
# letters: 0.4 s instead of 4 s for 10⁶ codes. `tail` are the last 10 digits of the body, `head`
# the 11 before; 10 is even, so the weights of both begin with 3.
CHECK_DIGIT = f"(10 - ({_digit_sum('tail', 10)} + {_digit_sum('head', 11)}) % 10) % 10"
WRONG_DIGIT = "s.is_code and right(s.barcode, 1) <> s.digit::text"
WANTED_DIGIT = "jsonb_build_object('wanted', left(s.barcode, 21) || s.digit)"


__all__ = [
    "WANTED_DIGIT",
    "WRONG_DIGIT",
    "Findings",
    "Form",
    "StageCheck",
    "said",
    "stage_column",
    "wanted",
]
