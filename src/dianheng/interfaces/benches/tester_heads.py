"""What the columns of a transformer tester's table are called, and in which units they may be."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from dianheng.common.numbers import halfwidth

# Our names, and the heads that testers write: Chinese and English of our own template first.
NAMES: Mapping[str, tuple[str, ...]] = {
    "code": ("条码", "Bar code", "条形码", "资产编号", "设备条码", "互感器条码", "assetno"),
    "serial": ("出厂编号", "Serial no", "互感器编号", "试品编号", "样品编号"),
    "task": ("任务号", "Task no", "任务编号", "检定任务号"),
    "part": ("部件", "Part", "元件", "绕组类型", "互感器类型", "winding"),
    "phase": ("相别", "Phase", "相", "相序号"),
    "ratio": ("变比", "Ratio", "电流比", "电压比", "额定变比"),
    "burden": ("负荷", "Burden", "二次负荷", "负载", "二次负载"),
    "factor": ("cosφ", "Power factor", "功率因数", "负荷功率因数", "pf"),
    "percent": ("百分数", "Percent", "百分比", "额定百分数", "电流百分数", "电压百分数", "测量点",
                "i/in", "u/un", "in%", "un%", "percentrated"),
    "run": ("升降", "Run", "方向", "测量方向"),
    "at": ("检定时间", "Tested at", "检定日期", "测试时间", "测试日期", "试验时间", "试验日期", "time", "date"),
    "temperature": ("温度", "Temperature", "环境温度"),
    "humidity": ("湿度", "Humidity", "相对湿度", "环境湿度"),
    "verifier": ("检定员", "Verifier", "测试员", "试验员", "操作员"),
    "checker": ("核验员", "Checker", "校核员", "审核员"),
    "standard": ("标准器编号", "Standard", "标准器"),
    "signs": ("符号确认", "Signs confirmed"),
    "reason": ("重检原因", "Retest reason", "复检原因"),
    "appearance": ("外观", "Appearance", "外观检查"),
    "insulation_mohm": ("绝缘电阻", "Insulation resistance"),
    "insulation": ("绝缘", "Insulation", "绝缘结论"),
    "withstand_kv": ("耐压", "Withstand", "工频耐压", "试验电压"),
    "withstand_s": ("耐压时间", "Withstand time"),
    "breakdown": ("击穿", "Breakdown"),
    "polarity": ("极性", "Polarity", "极性检查"),
    "influence": ("相互影响", "Mutual influence"),
    "demagnetised": ("退磁", "Demagnetised"),
}  # fmt: skip


def _plain(head: str) -> str:
    return re.sub(r"[\s_]", "", head.lower())


HEADS = {_plain(head): name for name, heads in NAMES.items() for head in heads}
# Units that a column must name, and those it may leave out; in lower case.
NEEDED: Mapping[str, Mapping[str, Decimal]] = {
    "f": {"%": Decimal(1)},
    "δ": {
        **dict.fromkeys(("′", "'", "min", "分"), Decimal(1)),
        # A hundredth of a radian, in minutes of arc: 108 / π.
        **dict.fromkeys(("crad", "10-2rad", "×10-2rad"), Decimal("34.37746770785")),
    },
    "insulation_mohm": dict.fromkeys(("mω", "mohm"), Decimal(1)),
    "withstand_kv": {"kv": Decimal(1)},
}
MAYBE: Mapping[str, tuple[str, ...]] = {
    "burden": ("va", "v·a", "v.a"), "percent": ("%",), "temperature": ("°c", "℃"),
    "humidity": ("%", "%rh"), "withstand_s": ("s", "秒"),
}  # fmt: skip
WANTED = {"f": "%", "δ": "′ / min / crad", "insulation_mohm": "MΩ", "withstand_kv": "kV"}

_F = "f|比差|比值差|比值误差|电流误差|电压误差|ratioerror"
_D = "δ|d|角差|相位差|相位误差|phasedisplacement|delta"
_RUN = {"↑": "up", "上升": "up", "升": "up", "up": "up", "↓": "down", "下降": "down", "降": "down",
        "down": "down"}  # fmt: skip
_RUNS = "|".join(sorted(_RUN, key=len, reverse=True))
_NUMBER = r"(\d+(?:\.\d+)?)"
_PERCENT = re.compile(rf"{_NUMBER}%(?:i[nb]|un)?")
_BEFORE = re.compile(rf"(?:{_NUMBER}%?(?:i[nb]|un)?)?[-@]?(?:({_F})|({_D}))({_RUNS})?")
_AFTER = re.compile(rf"(?:({_F})|({_D}))[-@]?{_NUMBER}%?(?:i[nb]|un)?({_RUNS})?")


@dataclass(frozen=True)
class Head:
    """One column: what it holds, in which unit, and how it was written."""

    name: str  # of `NAMES`, or `f`, `δ`, or empty
    unit: str
    written: str
    percent: str = ""  # of a column that is one point
    run: str = ""

    @property
    def wrong_unit(self) -> bool:
        """Whether the unit is none that is known, or is missing where it must be named."""
        if self.name in NEEDED:
            return self.unit not in NEEDED[self.name]
        known = MAYBE.get(self.name)
        return bool(known is not None and self.unit and self.unit not in known)


def run_of(text: str) -> str:
    """`up`, `down`; empty for anything else."""
    return _RUN.get(text.strip().lower(), "")


def head_of(written: str) -> Head:
    """A column by its head.

    >>> head_of("δ 5%↓ (crad)")
    Head(name='δ', unit='crad', written='δ 5%↓ (crad)', percent='5', run='down')
    >>> head_of("比差(‰)").wrong_unit, head_of("I/In（%）").name
    (True, 'percent')
    """
    text = _plain(halfwidth(written)).replace("[", "(").replace("]", ")").replace("⁻²", "-2")
    name, sign, rest = text.rpartition("(") if text.endswith(")") else (text, "", "")
    unit = rest.removesuffix(")") if sign else ""
    if name in HEADS:
        return Head(HEADS[name], unit, written.strip())
    if _PERCENT.fullmatch(name):  # the upper of two lines of heads
        return Head("percent", "", written.strip())
    found = _AFTER.fullmatch(name)
    if found is not None:
        is_f, _is_d, percent, run = found.groups()
    elif (found := _BEFORE.fullmatch(name)) is not None:
        percent, is_f, _is_d, run = found.groups()
    else:
        return Head("", unit, written.strip())
    return Head("f" if is_f else "δ", unit, written.strip(), percent or "", _RUN.get(run or "", ""))


def is_head(cells: list[str]) -> bool:
    """Whether a line names the columns of a transformer tester's table."""
    heads = [head_of(cell) for cell in cells]
    names = {head.name for head in heads}
    return bool(names & {"code", "serial"}) and bool(names & {"f", "δ", "percent"})
