"""Chapter: what the counties' former system knew, taken over by list; one list has faults."""

import csv
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from dianheng.assets.models import RegisterFile
from dianheng.assets.services import register_check, register_take, register_upload

from .company import acting, unit
from .verified import barcode

SOURCE = "县级营销系统"
HEADS = (
    "条形码",
    "出厂编号",
    "型号",
    "生产厂家",
    "资产状态",
    "存放位置",
    "检定日期",
    "有效期至",
    "通信地址",
    "产权",
)
FIRST, COUNT = 20210400001, 48
# So many of each state, and how long ago they were verified.
STATES = (("在库合格", 14, 150), ("拆回待分拣", 22, 500), ("待报废", 12, 780))
TERM_DAYS = 8 * 365 + 1


def registers_taken_over() -> None:
    """清河's list is taken; 云山's waits for its mistakes to be mended."""
    taken = _send_in("3540010", "清河县表计台账.csv", list(_rows("清河二级表库", FIRST)))
    register_take(taken, actor=acting("zhaolei"), with_warnings=True)
    rows = list(_rows("云山二级表库", FIRST + COUNT))
    rows[3][2], rows[9][5], rows[17][6] = "DDZY5-旧", "云山旧库", "2021-13-05"
    rows[24][4], rows[31][0] = "说不清", rows[30][0]
    _send_in("3540020", "云山县表计台账.csv", rows)


def _rows(store: str, first: int) -> Iterator[list[str]]:
    states = [(state, days) for state, count, days in STATES for _n in range(count)]
    for number, (state, days) in enumerate(states):
        verified_on = timezone.localdate() - timedelta(days=days + number)
        yield [
            barcode(first + number), f"{verified_on:%y%m}{number + 1:06d}", "DDZY566-Z", "南陵", state, store,
            verified_on.isoformat(), (verified_on + timedelta(days=TERM_DAYS)).isoformat(),
            f"{first + number:012d}", "供电公司",
        ]  # fmt: skip


def _send_in(unit_code: str, name: str, rows: list[list[str]]) -> RegisterFile:
    path = Path(settings.DATA) / "demo" / name
    with path.open("w", newline="", encoding="gb18030") as file:  # as its export writes it
        csv.writer(file).writerows([HEADS, *rows])
    register = register_upload(
        source=SOURCE, unit=unit(unit_code), path=path, name=name, actor=acting("zhaolei")
    )
    return register_check(register, actor=acting("zhaolei"))
