"""Makers' test data beside what the laboratory found: lots that agree, one that is shifted, one
whose figures are too good, and a lot of transformers.
"""

import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from statistics import fmean

from django.conf import settings

from dianheng.assets.models import Lot
from dianheng.common.excel import write_workbook
from dianheng.supply.services import maker_tests_check, maker_tests_take, maker_tests_upload
from dianheng.verification.models import TestResult

from .company import acting

METER_HEADS = ("条形码", "出厂编号", "方向", "相别", "负载点", "功率因数", "误差(%)")
TRANSFORMER_HEADS = (
    "条形码", "出厂编号", "CT/PT", "相别", "变比", "额定百分数", "二次负荷", "比值差(%)", "相位差(′)",
)  # fmt: skip
DIRECTIONS = {
    "forward_active": "正向有功", "reverse_active": "反向有功",
    "forward_reactive": "正向无功", "reverse_reactive": "反向无功",
}  # fmt: skip
BURDENS = {"rated": "额定", "lower": "下限"}
SHIFT = 0.22  # %: the maker's bench reads too low
NOISE = {
    "basic_error": 0.03,
    "ratio_error": 0.006,
    "phase_displacement": 0.25,
}  # of the maker's bench
# Found here, mean of the lot at the point → stated.
State = Callable[[float, float], float]


def the_makers_data(*, seed: int) -> None:
    """What came with the lots of former months; the maker's figures of faulty devices are good."""
    dice = random.Random(seed)  # noqa: S311  made data, no secret
    lots = Lot.objects.filter(model__code="DDZY566-Z", devices__tasks__record__isnull=False)
    found = list(lots.distinct().order_by("pk"))
    former = next(
        lot for lot in found if lot.tender_batch == "2026-02" and lot.devices.count() > 99
    )
    monthly = [lot for lot in found if lot.pk != former.pk][:5]
    for lot in monthly[:-1]:
        _send(lot, dice, _agrees)
    _send(monthly[-1], dice, lambda here, mean: _agrees(here, mean) - SHIFT)
    _send(former, dice, lambda _here, mean: mean * 0.2, noise=0.2)
    _send(Lot.objects.get(model__code="LMZ1-0.66", tender_batch="2026-03"), dice, _agrees)


def _agrees(here: float, mean: float) -> float:
    """What is found elsewhere too; far off the lot nobody would deliver."""
    return here if abs(here - mean) < 0.3 + abs(mean) else mean


def _send(lot: Lot, dice: random.Random, state: State, noise: float = 1.0) -> None:
    """Written as the maker would, sent in, checked and taken by the buyer."""
    folder = Path(settings.DATA) / "demo"
    folder.mkdir(exist_ok=True)
    path = folder / f"出厂检验数据 {lot.code}.xlsx"
    is_transformer = bool(lot.model.ratio)
    heads = TRANSFORMER_HEADS if is_transformer else METER_HEADS
    results = _results(
        lot, *(("ratio_error", "phase_displacement") if is_transformer else ("basic_error",))
    )
    stated = [
        value + dice.gauss(0, NOISE[row.item] * noise)
        for row, value in zip(results, _stated(results, state), strict=True)
    ]
    rows = (_transformer_rows if is_transformer else _meter_rows)(results, stated)
    with path.open("wb") as file:
        write_workbook(file, "出厂检验数据", heads, rows)
    buyer = acting("zhaolei")
    tests = maker_tests_upload(lot=lot, path=path, name=path.name, actor=buyer)
    tests = maker_tests_check(tests, actor=buyer)
    maker_tests_take(tests, with_warnings=True, actor=buyer)


def _results(lot: Lot, *items: str) -> list[TestResult]:
    """What was found of the devices of a lot at their first verification."""
    records: dict[int, int] = {}
    for device, record in (
        lot.devices.filter(tasks__record__isnull=False)
        .order_by("tasks__pk")
        .values_list("pk", "tasks__record")
    ):
        records.setdefault(device, record)
    return list(
        TestResult.objects.filter(
            record__in=records.values(), item__in=items, is_derived=False, value__isnull=False
        )
        .select_related("record__device")
        .order_by("record__device__barcode", "seq")
    )


def _stated(results: list[TestResult], state: State) -> Iterator[float]:
    """A figure for each result."""
    points: dict[tuple[str, ...], list[float]] = {}
    for row in results:
        points.setdefault(_point(row), []).append(float(row.value or 0))
    means = {point: fmean(values) for point, values in points.items()}
    for row in results:
        yield state(float(row.value or 0), means[_point(row)])


def _point(row: TestResult) -> tuple[str, ...]:
    return (row.item, row.direction, row.phases, row.load_point, row.factor)


def _phases(row: TestResult) -> str:
    return "合相" if row.phases == "ABC" else f"{row.phases}相"


def _meter_rows(results: list[TestResult], stated: list[float]) -> Iterator[list[str]]:
    for row, value in zip(results, stated, strict=True):
        device = row.record.device
        yield [
            device.barcode, device.serial_no, DIRECTIONS[row.direction], _phases(row),
            row.load_point, row.factor, f"{Decimal(value):.2f}",
        ]  # fmt: skip


def _transformer_rows(results: list[TestResult], stated: list[float]) -> Iterator[list[str]]:
    rows: dict[tuple[str, ...], list[str]] = {}
    for row, value in zip(results, stated, strict=True):
        device, ratio = row.record.device, str((row.facts or {}).get("ratio", ""))
        place = (device.barcode, row.direction, row.phases, ratio, row.load_point, row.factor)
        cells = rows.setdefault(
            place,
            [
                device.barcode, device.serial_no, row.direction, _phases(row), ratio,
                row.load_point, BURDENS[row.factor], "", "",
            ],
        )  # fmt: skip
        is_ratio = row.item == "ratio_error"
        cells[7 if is_ratio else 8] = f"{Decimal(value):.{3 if is_ratio else 1}f}"
    yield from rows.values()
