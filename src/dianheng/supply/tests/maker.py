"""Makers' test data by situation: rows beside what the centre measured."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from dianheng.assets.models import Lot
from dianheng.supply.models import MakerTestFile
from dianheng.supply.seeds import write_csv
from dianheng.supply.services import maker_tests_check, maker_tests_upload

from .factories import buyer

HEADS = ("条形码", "出厂编号", "相别", "负载点", "功率因数", "误差(%)")
POINTS = (("Ib", "1.0", "0.12"), ("0.1Ib", "1.0", "-0.05"), ("Imax", "0.5L", "0.20"))


def meter_rows(lot: Lot, points: Sequence[tuple[str, str, str]] = POINTS) -> list[list[str]]:
    """A row for each device of the lot at each point."""
    codes = lot.devices.order_by("barcode").values_list("barcode", "serial_no")
    return [
        [barcode, serial, "合相", load, factor, value]
        for barcode, serial in codes
        for load, factor, value in points
    ]


def maker_file(
    rows: Iterable[Sequence[str]],
    lot: Lot,
    folder: Path,
    heads: Sequence[str] = HEADS,
    name: str = "出厂检验数据.csv",
) -> MakerTestFile:
    """A CSV file with these rows, received and checked."""
    path = write_csv(folder / name, rows, heads)
    tests = maker_tests_upload(lot=lot, path=path, name=name, actor=buyer())
    return maker_tests_check(tests, actor=buyer())
