"""All checks of a staged delivery, set by set; every fault of every row at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from psycopg import sql
from psycopg.types.json import Jsonb

from dianheng.assets.choices import METERS
from dianheng.assets.services import Stage

from ..choices import DeliveryState
from ..fields import CHOICE_WORDS, FIELDS
from ..files import Prepared
from ..models import OrderLine
from ..rules import COMPARED, FINDINGS
from .fill import stage_column

# Fields whose values differ from row to row; the others repeat and are checked once per value.
EACH = ("barcode", "asset_no", "serial_no", "comm_address", "esam_no", "sim_no", "box_no")
ONCE_IN_FILE = ("barcode", "asset_no", "serial_no", "comm_address", "esam_no")
LONGEST_CODE = 64
LONGEST_TEXT = 200
SORT_MEMORY = "256MB"
MOST_VALUES = 100_000  # different ones of a column that are spelled anew
LOST = "^[0-9][.0-9]*[eE][+][0-9]+$"  # what is left of a code that was kept as a number


@dataclass(frozen=True)
class Ordered:
    """What the file must agree with."""

    line_id: int
    kind: str
    manufacturer_id: int
    quantity: int
    taken: int
    segments: tuple[tuple[str, str], ...]
    # Accepted spellings by field; the first one is shown. No entry: not compared.
    wanted: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, line: OrderLine) -> "Ordered":
        """From the order line; its row is locked."""
        maker, model, order = line.order.manufacturer, line.model, line.order
        wanted = {
            "model": (
                model.code,
                model.name,
                f"{model.code} {model.name}",
                f"{model.code}{model.name}",
            ),
            "order_no": (order.order_no, f"{order.order_no}/{line.line_no}"),
            "contract_no": (line.contract_no,),
            "tender_batch": (line.tender_batch,),
            "manufacturer": (maker.name, maker.short_name, maker.code),
            "material_code": (line.material_code,),
            "price_preset": (line.price_preset,),
        }
        taken = sum(
            line.deliveries.filter(state=DeliveryState.TAKEN).values_list("row_count", flat=True)
        )
        return cls(
            line.pk, model.kind, maker.pk, line.quantity, taken,
            tuple(line.segments.values_list("first_body", "last_body")),
            {key: spellings for key, spellings in wanted.items() if spellings[0]},
        )  # fmt: skip


@dataclass
class Findings:
    """What the check found."""

    rows: int
    faults: int = 0
    warnings: int = 0
    by_kind: list[dict[str, Any]] = field(default_factory=list)


def check_stage(
    stage: Stage, prepared: Prepared, fields: Sequence[str], ordered: Ordered
) -> Findings:
    """Find all faults of the staged rows; they stand in `stage_fault` then."""
    _Check(stage, fields, ordered).run(prepared)
    stage.cursor.execute("select count(*) from stage")
    findings = Findings(stage.cursor.fetchone()[0])
    stage.cursor.execute(
        "select code, field, count(*), count(distinct row_no) from stage_fault group by 1, 2 order by 3 desc, 1, 2"
    )
    for code, name, count, rows in stage.cursor.fetchall():
        is_warning = FINDINGS[code].is_warning
        findings.by_kind.append(
            {"code": code, "field": name, "count": count, "rows": rows, "is_warning": is_warning}
        )
        if is_warning:
            findings.warnings += count
        else:
            findings.faults += count
    return findings


class _Check:
    """The checks of one file, in their order: clean, form, repeat, register, order."""

    def __init__(self, stage: Stage, fields: Sequence[str], ordered: Ordered):
        self.stage, self.fields, self.ordered = stage, list(fields), ordered
        self.column = {name: stage_column(name) for name in fields}
        self.each = [name for name in fields if name in EACH]
        self.repeated = [name for name in fields if name not in EACH]
        self.is_meter = ordered.kind in METERS

    def run(self, prepared: Prepared) -> None:
        cursor = self.stage.cursor
        cursor.execute("select set_config('work_mem', %s, true)", [SORT_MEMORY])
        for row, widths in prepared.faults:
            self._fault_row(row, "", "row_width", widths)
        self._clean_each()
        self._clean_repeated()
        cursor.execute("analyze stage")
        self._form()
        self._twice()
        self._in_register()
        self._repeated_values()
        self._quantity()

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
        sets = ", ".join(f"{c} = supply_clean({c})" for c in columns)
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
            cleaned = f"supply_clean({column})"
            target = cleaned
            params: dict[str, Any] = {}
            if name == "produced_on":
                target = f"coalesce(supply_day({cleaned})::text, {cleaned})"
            elif words := CHOICE_WORDS.get(name):
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

    def _form(self) -> None:
        """One pass over all rows finds those with anything wrong; these are looked at singly."""
        checks = [*self._missing(), *self._odd(), *self._codes(), *self._addresses()]
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
            f"select {columns}, length(barcode) = 22 and barcode ~ '^[0-9]*$' as is_code"
            " from stage offset 0) a offset 0) b offset 0) s"
            f" where {' or '.join(f'({check.where})' for check in checks)}"
        )
        for check in checks:
            self._fault(
                check.code, check.field, check.where, facts=check.facts, table="stage_bad s"
            )

    def _missing(self) -> Iterator["_Form"]:
        for name in self.fields:
            if FIELDS[name].is_expected and (self.is_meter or name != "comm_address"):
                yield _Form("missing", name, f"s.{self.column[name]} = ''")

    def _odd(self) -> Iterator["_Form"]:
        """What spreadsheets do to codes; looked for only in rows that are not plain."""
        for name in self.each:
            column = f"s.{self.column[name]}"
            yield _Form("formula", name, f"s.is_odd and {column} ~ '^='")
            yield _Form("number_lost", name, f"s.is_odd and {column} ~ '{LOST}'")
            yield _Form("too_long", name, f"s.is_odd and length({column}) > {LONGEST_CODE}")

    def _codes(self) -> Iterator["_Form"]:
        said = _said("s.barcode")
        digit = "s.is_code and right(s.barcode, 1) <> s.digit::text"
        wanted = "jsonb_build_object('wanted', left(s.barcode, 21) || s.digit)"
        if self.ordered.segments:
            inside = " or ".join(
                f"s.barcode between '{first}0' and '{last}9'"
                for first, last in self.ordered.segments
            )
            yield _Form(
                "format",
                "barcode",
                f"not s.is_code and s.barcode <> '' and not {said}",
                _wanted("22 × 0-9"),
            )
            yield _Form("outside_segment", "barcode", f"s.is_code and not ({inside})")
            yield _Form("check_digit", "barcode", digit, wanted)
            return
        fit = "s.barcode ~ '^[!-~]*$' and length(s.barcode) between 4 and 64"
        yield _Form(
            "format", "barcode",
            f"not s.is_code and s.barcode <> '' and not ({fit}) and not {said}", _wanted("4–64 × A-Z 0-9"),
        )  # fmt: skip
        yield _Form("format_legacy", "barcode", f"not s.is_code and {fit} and not {said}")
        yield _Form("check_digit_legacy", "barcode", digit, wanted)

    def _addresses(self) -> Iterator["_Form"]:
        if "comm_address" not in self.fields or not self.is_meter:
            return
        is_address = "(length(s.comm_address) = 12 and s.comm_address ~ '^[0-9]*$')"
        yield _Form(
            "format", "comm_address",
            f"not {is_address} and s.comm_address <> '' and not {_said('s.comm_address')}", _wanted("12 × 0-9"),
        )  # fmt: skip
        yield _Form(
            "address_differs", "comm_address",
            f"s.is_code and s.comm_address <> substr(s.barcode, 10, 12) and {is_address}",
            "jsonb_build_object('wanted', substr(s.barcode, 10, 12))",
        )  # fmt: skip

    # -- repeats -----------------------------------------------------------------------------

    def _twice(self) -> None:
        for name in ONCE_IN_FILE:
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
                    "twice_in_file", name, f"s.{column} = d.value and s.row_no > d.first_row",
                    facts="jsonb_build_object('other', d.first_row)", table="stage s, stage_twice d",
                )  # fmt: skip

    def _in_register(self) -> None:
        facts = "jsonb_build_object('other', d.barcode)"
        devices = "stage s, assets_device d"
        self._fault("in_register", "barcode", "d.barcode = s.barcode", facts=facts, table=devices)
        if "asset_no" in self.fields:
            self._fault(
                "in_register", "asset_no",
                "d.asset_no = s.asset_no and s.asset_no not in ('', s.barcode) and d.asset_no <> ''",
                facts=facts, table=devices,
            )  # fmt: skip
        if "serial_no" in self.fields:
            # Serial numbers are a maker's own; another maker may use the same.
            self._fault(
                "in_register", "serial_no",
                "d.serial_no = s.serial_no and s.serial_no <> '' and d.serial_no <> '' and d.model_id in"
                " (select id from assets_devicemodel where manufacturer_id = %(maker)s)",
                {"maker": self.ordered.manufacturer_id}, facts=facts, table=devices,
            )  # fmt: skip
        if "comm_address" in self.fields and self.is_meter:
            self._fault(
                "in_register", "comm_address",
                "m.comm_address = s.comm_address and s.comm_address <> '' and m.comm_address <> ''"
                " and d.id = m.device_id",
                facts=facts, table="stage s, assets_meter m, assets_device d",
            )  # fmt: skip

    # -- values that repeat ------------------------------------------------------------------

    def _repeated_values(self) -> None:
        for name in self.repeated:
            column = self.column[name]
            if name == "produced_on":
                self._values(
                    "date",
                    name,
                    f"{column} !~ '^=' and {column} <> '' and supply_day({column}) is null",
                )
                today = {"today": timezone.localdate()}
                self._values("date_future", name, f"supply_day({column}) > %(today)s", today)
            if name in CHOICE_WORDS:
                known = {"known": sorted(set(CHOICE_WORDS[name].values()))}
                self._values("choice", name, f"{column} <> all(%(known)s)", known)
            if name in COMPARED and name in self.ordered.wanted:
                spellings = self.ordered.wanted[name]
                plain = f"lower(regexp_replace({column}, '[\\s·/_-]', '', 'g'))"
                self._values(
                    COMPARED[name], name, f"{column} <> '' and {plain} <> all(%(wanted)s)",
                    {"wanted": [_plain(word) for word in spellings if word]}, _wanted(spellings[0]),
                )  # fmt: skip
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

    # -- the order ---------------------------------------------------------------------------

    def _quantity(self) -> None:
        rows = self._execute("select count(*) from stage").fetchone()[0]
        if not rows:
            self._fault_row(0, "", "no_rows", "")
            return
        left = self.ordered.quantity - self.ordered.taken
        if rows != left:
            self._fault_row(
                0, "", "over_order" if rows > left else "short_of_order", str(rows),
                wanted=self.ordered.quantity, other=self.ordered.taken,
            )  # fmt: skip


@dataclass(frozen=True)
class _Form:
    """A check of the form of one row: finding, field, SQL condition on `s`, facts."""

    code: str
    field: str
    where: str
    facts: str = "null"


def _said(column: str) -> str:
    """Whether something better than "not of the form" is said of a cell."""
    return f"(s.is_odd and ({column} ~ '^=' or {column} ~ '{LOST}' or length({column}) > {LONGEST_CODE}))"


def _wanted(text: str) -> str:
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


def _plain(word: str) -> str:
    import re

    return re.sub(r"[\s·/_-]", "", word).lower()


__all__ = ["Findings", "Ordered", "check_stage"]
