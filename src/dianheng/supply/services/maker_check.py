"""All checks of a maker's staged test data, set by set; every fault of every row at once."""

import re
from collections.abc import Sequence
from decimal import Decimal

from psycopg.types.json import Jsonb

from dianheng.assets.choices import TRANSFORMERS, ListState
from dianheng.assets.models import Lot
from dianheng.assets.services import Stage
from dianheng.assets.services.checks import LOST, Findings, StageCheck, said
from dianheng.common.files import Prepared
from dianheng.metrology.transformer_schemes import TransformerPlate
from dianheng.verification.selectors.judging import model_plate

from ..columns import (
    FARTHEST,
    ITEMS,
    LEAST_ROWS,
    MAKER_TEST_FIELDS,
    MAKER_TEST_FINDINGS,
    METER_VALUES,
    OTHER_UNITS,
    POINT_FIELDS,
    TOO_LARGE,
    TOO_SMALL,
    TRANSFORMER_VALUES,
    read_place,
)

NUMBER = r"^[+-]?[0-9]{1,9}([.][0-9]{1,20})?([eE]-[0-9]{1,2})?$"
AT_ONCE = 100_000  # rows of one statement: the digest of each fits in memory
PLACE = ("direction", "phases", "load_point", "factor", "ratio")


class MakerTestCheck(StageCheck):
    """The checks of one file, in their order: clean, devices, points, figures, repeats."""

    days: tuple[str, ...] = ()
    past_days: tuple[str, ...] = ()

    def __init__(self, stage: Stage, fields: Sequence[str], heads: Sequence[str], lot: Lot):
        super().__init__(stage, fields, MAKER_TEST_FIELDS, is_meter=False)
        self.lot, self.plate = lot, model_plate(lot.model)
        self.head = dict(zip(fields, heads, strict=True))
        self.values = [name for name in fields if name in ITEMS]
        self.place = [name for name in fields if name in POINT_FIELDS]
        # Codes and figures differ from row to row; what names a point repeats.
        self.each = [name for name in fields if name not in POINT_FIELDS]
        self.repeated = self.place

    def run(self, prepared: Prepared) -> Findings:
        """Find everything; the rows stand in `stage_fault` then."""
        self.begin(prepared)
        if self._columns():
            self._devices()
            self._points()
            self._figures()
            self._units()
            self._twice_and_known()
        self._lacking()
        return self.findings(MAKER_TEST_FINDINGS)

    def write(self, tests_id: int) -> None:
        """The results of all rows: called where nothing was found."""
        total = self._execute("select max(row_no) from stage").fetchone()[0] or 0
        columns = ", ".join(f"p.{name}" for name in PLACE)
        for start in range(0, total + 1, AT_ONCE):
            for name in self.values:
                value = f"s.{self.column[name]}"
                self._execute(
                    "insert into supply_makertestresult (tests_id, device_id, item,"  # noqa: S608  own words
                    f" {', '.join(PLACE)}, value)"
                    f" select %(tests)s, s.device_id, %(item)s, {columns},"
                    f" trim_scale(round({value}::numeric, 10))"
                    " from stage s join stage_point p on p.id = s.point_id"
                    f" where {value} <> '' and s.row_no >= %(a)s and s.row_no < %(b)s"
                    " order by s.row_no",
                    {"tests": tests_id, "item": ITEMS[name], "a": start, "b": start + AT_ONCE},
                )

    # -- columns and devices -----------------------------------------------------------------

    def _columns(self) -> bool:
        """Whether the columns are there without which nothing can be read."""
        if self.lot.model.kind in TRANSFORMERS:
            needed = [("percent",), ("burden",), TRANSFORMER_VALUES]
        else:
            needed = [("load",), ("factor",), METER_VALUES]
        missing = [
            names[0]
            for names in (("barcode", "serial_no"), *needed)
            if not set(names) & set(self.fields)
        ]
        for name in missing:
            self._fault_row(0, name, "column_missing", "")
        return not missing

    def _devices(self) -> None:
        """Which device of the lot each row is of."""
        self._execute("alter table stage add column point_id integer")
        wanted = {
            "lot": self.lot.pk,
            "code": self.lot.code,
            "maker": self.lot.model.manufacturer_id,
        }
        by_code = "barcode" in self.fields
        if by_code:
            self._execute(
                "update stage s set device_id = d.id from assets_device d"
                " where d.barcode = s.barcode and s.barcode <> '' and d.lot_id = %(lot)s",
                wanted,
            )
            self._foreign(wanted)
        if "serial_no" in self.fields:
            unnamed = "s.barcode = '' and" if by_code else ""
            self._execute(
                "update stage s set device_id = d.id from (select serial_no, min(id) as id"  # noqa: S608
                " from assets_device where lot_id = %(lot)s and serial_no <> ''"
                f" group by serial_no having count(*) = 1) d where {unnamed} d.serial_no = s.serial_no",
                wanted,
            )
            self._fault(
                "unknown_device", "serial_no",
                f"{unnamed} s.serial_no <> '' and s.device_id is null and not {said('s.serial_no')}",
                wanted, facts="jsonb_build_object('wanted', %(code)s::text)",
            )  # fmt: skip
            if by_code:
                self._fault(
                    "serial_differs", "serial_no",
                    "d.id = s.device_id and s.barcode <> '' and s.serial_no <> ''"
                    " and d.serial_no <> '' and d.serial_no <> s.serial_no",
                    facts="jsonb_build_object('wanted', d.serial_no)",
                    table="stage s, assets_device d",
                )  # fmt: skip
        codes = " and ".join(
            f"s.{name} = ''" for name in ("barcode", "serial_no") if name in self.fields
        )
        self._fault("no_code", "barcode" if by_code else "serial_no", codes)
        for name in self.each:
            column = f"s.{self.column[name]}"
            self._fault("formula", name, f"s.is_odd and {column} ~ '^='")
            if name not in ITEMS:
                self._fault("number_lost", name, f"s.is_odd and {column} ~ '{LOST}'")

    def _foreign(self, wanted: dict[str, object]) -> None:
        """Bar codes that are none of the lot's: of nobody, of another lot, of another maker."""
        self._fault(
            "unknown_device", "barcode",
            f"s.barcode <> '' and s.device_id is null and not {said('s.barcode')}"
            " and not exists (select from assets_device d where d.barcode = s.barcode)",
            wanted, facts="jsonb_build_object('wanted', %(code)s::text)",
        )  # fmt: skip
        others = (
            "stage s, assets_device d left join assets_lot l on l.id = d.lot_id,"
            " assets_devicemodel o, assets_manufacturer m"
        )
        joined = (
            "s.device_id is null and d.barcode = s.barcode and o.id = d.model_id"
            " and m.id = o.manufacturer_id"
        )
        self._fault(
            "other_lot", "barcode", f"{joined} and m.id = %(maker)s", wanted, table=others,
            facts="jsonb_build_object('wanted', %(code)s::text, 'other', coalesce(l.code, '–'))",
        )  # fmt: skip
        self._fault(
            "other_maker", "barcode", f"{joined} and m.id <> %(maker)s",
            {**wanted, "name": self.lot.model.manufacturer.name}, table=others,
            facts="jsonb_build_object('wanted', %(name)s::text, 'other', m.name)",
        )  # fmt: skip

    # -- points ------------------------------------------------------------------------------

    def _points(self) -> None:
        """What the rows say of their points, each combination looked at once."""
        columns = [self.column[name] for name in self.place]
        names = ", ".join(columns)
        self._execute(
            "drop table if exists stage_point; create temp table stage_point (id integer,"
            " direction text, phases text, load_point text, factor text, ratio text) on commit drop"
        )
        self._execute(f"select distinct {names} from stage")  # noqa: S608
        known: dict[object, int] = {}
        cells, keys, wrong = [], [], []
        for row in self.stage.cursor.fetchall():
            place, faults = read_place(self.plate, dict(zip(self.place, row, strict=True)))
            wrong += [(row, fault) for fault in faults]
            if place is not None:
                cells.append(row)
                keys.append(known.setdefault(place, len(known) + 1))
        self._execute(
            f"insert into stage_point select * from unnest(%s::integer[], {_texts(len(PLACE))})",  # noqa: S608
            [
                list(known.values()),
                *([getattr(place, name) for place in known] for name in PLACE),
            ],
        )
        fits = " and ".join(f"s.{column} = g.c{n}" for n, column in enumerate(columns))
        given = ", ".join(f"c{n}" for n in range(len(columns)))
        self._execute(
            f"update stage s set point_id = g.id from unnest(%s::integer[], {_texts(len(columns))})"  # noqa: S608
            f" as g (id, {given}) where {fits}",
            [keys, *(_column(cells, n) for n in range(len(columns)))],
        )
        for row, fault in wrong:
            facts = Jsonb({"wanted": fault.wanted})
            same = " and ".join(f"s.{column} = %(c{n})s" for n, column in enumerate(columns))
            params = {f"c{n}": cell for n, cell in enumerate(row)}
            if fault.field in self.fields:
                self._fault(
                    fault.code, fault.field, same, {**params, "facts": facts}, facts="%(facts)s"
                )
            else:  # a column that the file does not have, and that the plate leaves open
                self._execute(
                    "insert into stage_fault (row_no, field, code, value, facts)"  # noqa: S608
                    f" select s.row_no, %(f_)s, %(c_)s, '', %(facts)s from stage s where {same}",
                    {**params, "facts": facts, "f_": fault.field, "c_": fault.code},
                )

    # -- figures -----------------------------------------------------------------------------

    def _figures(self) -> None:
        """Numbers where numbers are wanted; `stage_figure` holds them."""
        for name in self.values:
            column = f"s.{self.column[name]}"
            self._execute(
                f"update stage s set {self.column[name]} = replace({column}, '−', '-')"  # noqa: S608
                f" where s.is_odd and {column} like '%%−%%'"
            )
            self._fault(
                "format", name, f"{column} <> '' and {column} !~ '^=' and {column} !~ '{NUMBER}'",
                facts="jsonb_build_object('wanted', '-0.12')",
            )  # fmt: skip
        empty = " and ".join(f"s.{self.column[name]} = ''" for name in self.values)
        self._fault("missing", self.values[0], empty)
        self._execute("drop table if exists stage_figure")
        every = " union all ".join(
            f"select row_no, '{name}' as field, {self.column[name]}::numeric as value from stage"  # noqa: S608
            f" where {self.column[name]} ~ '{NUMBER}'"
            for name in self.values
        )
        self._execute(f"create temp table stage_figure on commit drop as {every}")

    def _units(self) -> None:
        """Figures beyond what is delivered, and columns in another unit, by head and by size."""
        for name in self.values:
            unit = "′" if name == "phase_displacement" else "%"
            self._fault(
                "out_of_range", name,
                "f.row_no = s.row_no and f.field = %(name)s and abs(f.value) > %(far)s",
                {"name": name, "far": FARTHEST[name]}, table="stage s, stage_figure f",
                facts=f"jsonb_build_object('wanted', '{FARTHEST[name]} {'%%' if unit == '%' else unit}')",
            )  # fmt: skip
            if found := OTHER_UNITS.search(self.head[name]):
                self._fault_row(0, name, "wrong_unit", found[0], wanted=unit)
                continue
            if name == "phase_displacement":
                continue
            count, middle, most = self._execute(
                "select count(*), percentile_disc(0.5) within group (order by abs(value)),"
                " max(abs(value)) from stage_figure where field = %s",
                [name],
            ).fetchone()
            figure = self._class_pct()
            if count < LEAST_ROWS or figure is None:
                continue
            if middle > TOO_LARGE * figure:
                self._fault_row(0, name, "wrong_unit", f"≈ {middle}", wanted=unit)
            elif most < TOO_SMALL * figure:
                self._fault_row(0, name, "unit_small", str(TOO_SMALL * figure), wanted=unit)

    def _class_pct(self) -> Decimal | None:
        """The figure of the class in %, the widest part of a combined transformer."""
        if isinstance(self.plate, TransformerPlate):
            classes = [part.accuracy_class for part in self.plate.parts]
        else:
            classes = [self.plate.accuracy_class]
        return max(filter(None, map(_class_figure, classes)), default=None)

    # -- repeats -----------------------------------------------------------------------------

    def _twice_and_known(self) -> None:
        """A device has one figure at a point: in the file, and in all files that are taken."""
        code = "barcode" if "barcode" in self.fields else "serial_no"
        self._execute("drop table if exists stage_twice")
        found = self._execute(
            "create temp table stage_twice on commit drop as select device_id, point_id,"
            " min(row_no) as first_row from stage where point_id is not null"
            " and device_id is not null group by 1, 2 having count(*) > 1"
        )
        if found.rowcount:
            self._fault(
                "point_twice", code,
                "s.device_id = d.device_id and s.point_id = d.point_id and s.row_no > d.first_row",
                facts="jsonb_build_object('other', d.first_row)", table="stage s, stage_twice d",
            )  # fmt: skip
        same = " and ".join(f"r.{name} = p.{name}" for name in PLACE)
        self._fault(
            "known_already", code,
            f"p.id = s.point_id and r.device_id = s.device_id and {same} and r.item = any(%(items)s)"
            " and f.id = r.tests_id and f.lot_id = %(lot)s and f.state = %(taken)s",
            {
                "lot": self.lot.pk, "taken": ListState.TAKEN.value,
                "items": [ITEMS[name] for name in self.values],
            },
            facts="jsonb_build_object('other', f.number)",
            table="stage s, stage_point p, supply_makertestresult r, supply_makertestfile f",
        )  # fmt: skip

    def _lacking(self) -> None:
        """Devices of the lot of which the maker says nothing."""
        rows, named = self._execute(
            "select count(*), count(distinct device_id) from stage"
        ).fetchone()
        if not rows:
            self._fault_row(0, "", "no_rows", "")
            return
        count = self._execute(
            "select count(*) from assets_device where lot_id = %s", [self.lot.pk]
        ).fetchone()[0]
        if 0 < named < count:
            self._fault_row(0, "", "devices_lack", str(count - named), wanted=str(count))


def _texts(count: int) -> str:
    return ", ".join(["%s::text[]"] * count)


def _column(rows: Sequence[Sequence[str]], place: int) -> list[str]:
    return [row[place] for row in rows]


def _class_figure(accuracy_class: str) -> Decimal | None:
    """The % that a class is called by: that of 0.2S is 0.2; letters say none."""
    found = re.match(r"[0-9]+(?:\.[0-9]+)?", accuracy_class)
    return Decimal(found[0]) if found else None
