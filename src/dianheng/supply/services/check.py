"""All checks of a staged delivery, set by set; every fault of every row at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils import timezone
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
        self._missing()
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
        """Full width, blanks and invisible signs in codes; formulas and endless cells are said.

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
        for name in self.each:
            column = self.column[name]
            self._fault("formula", name, f"s.is_odd and s.{column} ~ '^='")
            self._fault(
                "number_lost", name, f"s.is_odd and s.{column} ~ '^[0-9][.0-9]*[eE][+][0-9]+$'"
            )
            self._fault("too_long", name, f"s.is_odd and length(s.{column}) > {LONGEST_CODE}")

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
            days = name == "produced_on"
            cleaned = f"supply_clean({column})"
            target = f"coalesce(supply_day({cleaned})::text, {cleaned})" if days else cleaned
            words = CHOICE_WORDS.get(name)
            params: dict[str, Any] = {}
            if words:
                target = f"coalesce(%(words)s::jsonb ->> lower({cleaned}), {cleaned})"
                params["words"] = Jsonb(dict(words))
            self._execute(
                f"create temp table stage_other on commit drop as select {column} as was, {target} as now_"  # noqa: S608
                f" from (select distinct {column} from stage_value) v where {column} <> {target}",
                params,
            )
            if self._execute("select 1 from stage_other limit 1").fetchone():
                for table in ("stage", "stage_value"):
                    self._execute(
                        f"update {table} t set {column} = o.now_ from stage_other o where t.{column} = o.was"  # noqa: S608
                    )
            self._execute("drop table stage_other")

    # -- form --------------------------------------------------------------------------------

    def _missing(self) -> None:
        wanted = [name for name in self.fields if FIELDS[name].is_expected]
        if not self.is_meter:
            wanted = [name for name in wanted if name != "comm_address"]
        pairs = ", ".join(f"('{name}', s.{self.column[name]})" for name in wanted)
        anywhere = " or ".join(f"s.{self.column[name]} = ''" for name in wanted)
        self._execute(
            "insert into stage_fault (row_no, field, code, value)"  # noqa: S608
            f" select s.row_no, v.name, 'missing', '' from stage s, lateral (values {pairs}) v (name, value)"
            f" where ({anywhere}) and v.value = ''"
        )

    def _form(self) -> None:
        wanted = "jsonb_build_object('wanted', %(wanted)s::text)"
        said = "not exists (select from stage_fault f where f.row_no = s.row_no and f.field = 'barcode')"
        if self.ordered.segments:
            self._fault(
                "format", "barcode", f"s.barcode !~ '^[0-9]{{22}}$' and s.barcode <> '' and {said}",
                {"wanted": "22 × 0-9"}, facts=wanted,
            )  # fmt: skip
            inside = " or ".join(
                f"s.barcode between '{first}0' and '{last}9'"
                for first, last in self.ordered.segments
            )
            self._fault(
                "outside_segment", "barcode", f"s.barcode ~ '^[0-9]{{22}}$' and not ({inside})"
            )
        else:
            self._fault(
                "format", "barcode", f"s.barcode !~ '^[!-~]{{4,64}}$' and s.barcode <> '' and {said}",
                {"wanted": "4–64 × A-Z 0-9"}, facts=wanted,
            )  # fmt: skip
            self._fault(
                "format_legacy",
                "barcode",
                f"s.barcode !~ '^[0-9]{{22}}$' and s.barcode ~ '^[!-~]{{4,64}}$' and {said}",
            )
        self._fault(
            "check_digit" if self.ordered.segments else "check_digit_legacy", "barcode",
            "s.barcode ~ '^[0-9]{22}$' and right(s.barcode, 1) <> assets_check_digit(left(s.barcode, 21))",
            facts="jsonb_build_object('wanted', left(s.barcode, 21) || assets_check_digit(left(s.barcode, 21)))",
        )  # fmt: skip
        if "comm_address" in self.fields and self.is_meter:
            self._fault(
                "format", "comm_address",
                "s.comm_address !~ '^[0-9]{12}$' and s.comm_address <> '' and not exists"
                " (select from stage_fault f where f.row_no = s.row_no and f.field = 'comm_address')",
                {"wanted": "12 × 0-9"}, facts=wanted,
            )  # fmt: skip
            self._fault(
                "address_differs", "comm_address",
                "s.comm_address ~ '^[0-9]{12}$' and s.barcode ~ '^[0-9]{22}$'"
                " and s.comm_address <> substr(s.barcode, 10, 12)",
                facts="jsonb_build_object('wanted', substr(s.barcode, 10, 12))",
            )  # fmt: skip

    # -- repeats -----------------------------------------------------------------------------

    def _twice(self) -> None:
        for name in ONCE_IN_FILE:
            if name not in self.fields:
                continue
            column = self.column[name]
            self._fault(
                "twice_in_file", name, f"s.{column} = d.value and s.row_no > d.first_row",
                facts="jsonb_build_object('other', d.first_row)",
                table=f"stage s, (select {column} as value, min(row_no) as first_row from stage"  # noqa: S608
                f" where {column} <> '' group by {column} having count(*) > 1) d",
            )  # fmt: skip

    def _in_register(self) -> None:
        facts = "jsonb_build_object('other', d.barcode)"
        self._fault(
            "in_register",
            "barcode",
            "d.barcode = s.barcode",
            facts=facts,
            table="stage s, assets_device d",
        )
        if "asset_no" in self.fields:
            self._fault(
                "in_register", "asset_no", "d.asset_no = s.asset_no and s.asset_no not in ('', s.barcode) and d.asset_no <> ''",
                facts=facts, table="stage s, assets_device d",
            )  # fmt: skip
        if "serial_no" in self.fields:
            # Serial numbers are a maker's own; another maker may use the same.
            self._fault(
                "in_register", "serial_no",
                "d.serial_no = s.serial_no and s.serial_no <> '' and d.serial_no <> ''"
                " and d.model_id in (select id from assets_devicemodel where manufacturer_id = %(maker)s)",
                {"maker": self.ordered.manufacturer_id}, facts=facts, table="stage s, assets_device d",
            )  # fmt: skip
        if "comm_address" in self.fields and self.is_meter:
            self._fault(
                "in_register", "comm_address",
                "m.comm_address = s.comm_address and s.comm_address <> '' and m.comm_address <> '' and d.id = m.device_id",
                facts=facts, table="stage s, assets_meter m, assets_device d",
            )  # fmt: skip

    # -- values that repeat ------------------------------------------------------------------

    def _repeated_values(self) -> None:
        today = timezone.localdate()
        for name in self.repeated:
            column = self.column[name]
            bad = f"s.{column} in (select {column} from stage_value where %s)"  # noqa: S608
            if name == "produced_on":
                self._dates(name, bad, today)
            if name in CHOICE_WORDS:
                known = sorted(set(CHOICE_WORDS[name].values()))
                self._fault("choice", name, bad % f"{column} <> all(%(known)s)", {"known": known})
            if name in COMPARED and name in self.ordered.wanted:
                spellings = self.ordered.wanted[name]
                plain = f"lower(regexp_replace({column}, '[\\s·/_-]', '', 'g'))"
                self._fault(
                    COMPARED[name], name,
                    bad % f"{column} <> '' and {plain} <> all(%(wanted)s)",
                    {"wanted": [_plain(word) for word in spellings if word], "shown": spellings[0]},
                    facts="jsonb_build_object('wanted', %(shown)s::text)",
                )  # fmt: skip
            self._fault("formula", name, bad % f"{column} ~ '^='")
            self._fault("too_long", name, bad % f"length({column}) > {LONGEST_TEXT}")

    def _dates(self, name: str, bad: str, today: date) -> None:
        column = self.column[name]
        self._fault(
            "date",
            name,
            bad % f"{column} !~ '^=' and {column} <> '' and supply_day({column}) is null",
        )
        self._fault(
            "date_future", name, bad % f"supply_day({column}) > %(today)s", {"today": today}
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


def _plain(word: str) -> str:
    import re

    return re.sub(r"[\s·/_-]", "", word).lower()


__all__ = ["Findings", "Ordered", "check_stage"]
