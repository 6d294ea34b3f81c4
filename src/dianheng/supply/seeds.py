"""Delivery files of real shape for demo, tutorial, tests and timings: right ones and wrong ones."""

import csv
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from dianheng.metrology.barcodes import BarcodeParts, barcode_scheme

HEADS_ZH = (
    "序号", "条形码", "出厂编号", "型号", "合同编号", "招标批次", "物料编码", "生产日期", "硬件版本", "软件版本",
    "通信规约", "通信地址", "通信模块类型", "模块厂家", "费控类型", "ESAM号", "密钥状态", "预置电价", "箱号",
)  # fmt: skip
HEADS_EN = (
    "No.", "Bar code", "Serial No.", "Model", "Contract No.", "Tender batch", "Material code",
    "Production date", "HW version", "SW version", "Protocol", "Comm. address", "Module type",
    "Module maker", "Prepayment", "ESAM No.", "Key state", "Price preset", "Box No.",
)  # fmt: skip
PLACE = {name: place for place, name in enumerate(HEADS_ZH)}
BOXFUL = 12


@dataclass(frozen=True)
class Goods:
    """What a maker delivers: the segment's first code and what all devices share."""

    first_code: str
    model: str
    contract_no: str
    tender_batch: str
    material_code: str = "500012345"
    price_preset: str = "JM-2026-01"
    prepayment: str = "远程费控"
    produced_from: date = date(2026, 8, 3)


def delivery_rows(goods: Goods, count: int, first: int = 0) -> Iterator[list[str]]:
    """Rows as a maker writes them, from the so-manieth number of the segment on."""
    scheme = barcode_scheme("state_grid_22")
    parts = scheme.parse(goods.first_code)
    start = int(parts.serial) + first
    for number in range(count):
        serial = start + number
        code = scheme.generate(BarcodeParts(parts.unit, parts.asset_type, str(serial)))
        produced = goods.produced_from + timedelta(days=(number // 400) % 28)
        yield [
            str(first + number + 1), code, f"{produced:%y%m}{serial % 10**10:010d}", goods.model,
            goods.contract_no, goods.tender_batch, goods.material_code, produced.isoformat(),
            "V1.2", "V3.05", "DL/T 698.45", code[9:21], "HPLC", "智芯微电子", goods.prepayment,
            f"E{serial % 10**15:015d}", "私钥", goods.price_preset,
            f"ZX{goods.tender_batch.replace('-', '')[-4:]}{(first + number) // BOXFUL + 1:06d}",
        ]  # fmt: skip


Mistake = Callable[[list[list[str]], int], None]


def _set(head: str, value: str | Callable[[str], str]) -> Mistake:
    def spoil(rows: list[list[str]], place: int) -> None:
        old = rows[place][PLACE[head]]
        rows[place][PLACE[head]] = value(old) if callable(value) else value

    return spoil


def _copy(head: str) -> Mistake:
    def spoil(rows: list[list[str]], place: int) -> None:
        rows[place][PLACE[head]] = rows[place - 1][PLACE[head]]

    return spoil


# A right code of another order.
_OUTSIDE = barcode_scheme("state_grid_22").generate(BarcodeParts("41300", "01", "999000"))

# What really goes wrong, with the finding that names it: (finding, column, spoil).
MISTAKES: Sequence[tuple[str, str, Mistake]] = (
    (
        "check_digit",
        "barcode",
        _set("条形码", lambda code: code[:-1] + str((int(code[-1]) + 3) % 10)),
    ),
    ("format", "barcode", _set("条形码", lambda code: code[:-2])),
    ("number_lost", "barcode", _set("条形码", "4.13000100000045E+21")),
    ("twice_in_file", "barcode", _copy("条形码")),
    ("outside_segment", "barcode", _set("条形码", _OUTSIDE)),
    ("twice_in_file", "serial_no", _copy("出厂编号")),
    ("missing", "serial_no", _set("出厂编号", "")),
    ("wrong_model", "model", _set("型号", "DTZY341")),
    ("wrong_order", "contract_no", _set("合同编号", "HT-2025-0007")),
    ("wrong_order", "tender_batch", _set("招标批次", "2025-03")),
    ("wrong_material", "material_code", _set("物料编码", "500099999")),
    ("wrong_preset", "price_preset", _set("预置电价", "JM-2025-02")),
    ("date", "produced_on", _set("生产日期", "2026-02-30")),
    ("date_future", "produced_on", _set("生产日期", "2099-01-01")),
    ("choice", "prepayment", _set("费控类型", "半费控")),
    ("format", "comm_address", _set("通信地址", lambda address: address.lstrip("0") or "1")),
    ("formula", "esam_no", _set("ESAM号", '=HYPERLINK("http://x","E1")')),
)


def with_mistakes(rows: Iterable[Sequence[str]], share: float, seed: int) -> Iterator[list[str]]:
    """The rows, of which a share has one mistake each; the same seed, the same mistakes.

    Rows go in groups of a thousand, so that a million needs no more memory than a thousand.
    """
    dice = random.Random(seed)  # noqa: S311  made data, no secret
    group: list[list[str]] = []

    def spoiled() -> list[list[str]]:
        for place in range(1, len(group)):
            if dice.random() < share:
                _finding, _column, spoil = MISTAKES[dice.randrange(len(MISTAKES))]
                spoil(group, place)
        return group

    for row in rows:
        group.append(list(row))
        if len(group) == 1000:
            yield from spoiled()
            group = []
    yield from spoiled()


def each_mistake_once(
    rows: Iterable[Sequence[str]], start: int = 10, step: int = 7
) -> list[list[str]]:
    """The rows with every kind of mistake once: at `start`, `start + step` …"""
    given = [list(row) for row in rows]
    for number, (_finding, _column, spoil) in enumerate(MISTAKES):
        spoil(given, start + step * number)
    return given


def write_csv(
    path: Path,
    rows: Iterable[Sequence[str]],
    heads: Sequence[str] = HEADS_ZH,
    encoding: str = "utf-8-sig",
) -> Path:
    """A delivery file as CSV."""
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(heads)
        writer.writerows(rows)
    return path


def write_xlsx(
    path: Path,
    rows: Iterable[Sequence[str]],
    heads: Sequence[str] = HEADS_ZH,
    title: str = "",
    dates: bool = True,
) -> Path:
    """A delivery file as a workbook: a title above if wanted, dates as dates, codes as text."""
    import xlsxwriter

    book = xlsxwriter.Workbook(
        path, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    # The same rows are the same bytes, whenever they are written.
    book.set_properties({"created": datetime(2026, 1, 1)})  # noqa: DTZ001  a workbook has no zone
    sheet = book.add_worksheet("到货明细")
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    head = book.add_format({"bold": True, "bg_color": "#DDEBF7", "border": 1})
    line = 0
    if title:
        sheet.merge_range(0, 0, 0, len(heads) - 1, title, head)
        line = 1
    for place, name in enumerate(heads):
        sheet.set_column(place, place, max(9, min(26, len(name) * 3)))
        sheet.write_string(line, place, name, head)
    sheet.freeze_panes(line + 1, 2)
    for row in rows:
        line += 1
        for place, value in enumerate(row):
            if not value:
                continue
            if dates and place == PLACE["生产日期"] and len(value) == 10 and value[:4] < "2050":
                try:
                    sheet.write_datetime(line, place, _moment(value), day)
                    continue
                except ValueError:
                    pass
            if value.startswith("="):
                sheet.write_formula(line, place, value)
            elif place == 0:
                sheet.write_number(line, place, int(value))
            else:
                sheet.write_string(line, place, value)
    book.close()
    return path


def _moment(value: str) -> datetime:
    return datetime.fromisoformat(value)
