"""What makers state beside what the centre measured, point by point."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from dianheng.assets.choices import TRANSFORMERS, ListState
from dianheng.assets.models import Device, Lot
from dianheng.metrology.transformer_schemes import TransformerPlate
from dianheng.verification.selectors.judging import model_plate
from dianheng.verification.selectors.transformer_errors import Errors, error_key

from ..models import MakerTestResult

# The centre's figure is that of the record that counts of the device's first verification: later
# ones come after years of use. `{which}` narrows the lots `l`; units are those of lot and task.
PAIRS = """
with lot as (
    select l.id, l.code, l.model_id, o.manufacturer_id from assets_lot l
      join assets_devicemodel o on o.id = l.model_id
     where exists (select from supply_makertestfile f where f.lot_id = l.id and f.state = 'taken')
       and {which}
), first as (
    select distinct on (t.device_id) t.device_id, t.record_id, k.unit_id,
           lot.id as lot_id, lot.code as lot, lot.model_id, lot.manufacturer_id
      from lot join assets_device d on d.lot_id = lot.id
      join verification_taskdevice t on t.device_id = d.id and t.record_id is not null
      join verification_verificationtask k on k.id = t.task_id
     order by t.device_id, t.id
), pair as (
    select first.*, m.item, m.direction, m.phases, m.load_point, m.factor, m.ratio, m.id as maker_id,
           m.value as maker, r.value as centre, r.value - m.value as difference,
           (r.value - m.value) / nullif(r.limit_high, 0) * 100 as share_pct
      from first
      join supply_makertestresult m on m.device_id = first.device_id
      join supply_makertestfile f on f.id = m.tests_id and f.state = 'taken'
      join verification_testresult r on r.record_id = first.record_id and r.item = m.item
       and r.direction = m.direction and r.phases = m.phases and r.load_point = m.load_point
       and r.factor = m.factor and coalesce(r.facts ->> 'ratio', '') = m.ratio
       and r.value is not null and not r.is_derived
)
"""


SYMBOLS = {"ratio_error": "f", "phase_displacement": "δ"}


@dataclass(frozen=True)
class Stated:
    """One figure of a maker beside the centre's; % or minutes."""

    item: str
    point: str
    maker: Decimal
    centre: Decimal | None
    number: str  # of the file

    @property
    def difference(self) -> Decimal | None:
        """Centre less maker."""
        return None if self.centre is None else self.centre - self.maker

    @property
    def unit(self) -> str:
        """Of the figures."""
        return "′" if self.item == "phase_displacement" else "%"


def point_text(
    item: str, direction: str, phases: str, load_point: str, factor: str, ratio: str
) -> str:
    """A point as records name it.

    >>> point_text("basic_error", "forward_active", "A", "Ib", "0.5L", "")
    'Ib 0.5L A'
    >>> point_text("ratio_error", "CT", "ABC", "100", "rated", "200/5")
    'f CT 200/5 rated 100 %'
    """
    parts = [load_point, factor]
    if ratio:
        parts = [direction, ratio, factor, f"{load_point} %"]
        if item in SYMBOLS:
            parts.insert(0, SYMBOLS[item])
    elif direction != "forward_active":
        parts.insert(0, direction)
    return " ".join(parts if phases == "ABC" else [*parts, phases])


def device_stated(device: Device) -> list[Stated]:
    """All that makers state of a device and that counts, with the centre's first figures."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select m.item, m.direction, m.phases, m.load_point, m.factor, m.ratio, m.value, r.value,
                   f.number
              from supply_makertestresult m
              join supply_makertestfile f on f.id = m.tests_id and f.state = 'taken'
              left join lateral (select t.record_id from verification_taskdevice t
                                  where t.device_id = m.device_id and t.record_id is not null
                                  order by t.id limit 1) t on true
              left join verification_testresult r on r.record_id = t.record_id and r.item = m.item
               and r.direction = m.direction and r.phases = m.phases
               and r.load_point = m.load_point and r.factor = m.factor
               and coalesce(r.facts ->> 'ratio', '') = m.ratio and not r.is_derived
             where m.device_id = %s order by m.id
            """,
            [device.pk],
        )
        return [
            Stated(row[0], point_text(*row[:6]), row[6], row[7], row[8])
            for row in cursor.fetchall()
        ]


def maker_errors(device_ids: Iterable[int]) -> dict[int, tuple[Errors, str]]:
    """Errors of transformers as their maker states them, by point, and the number of the file."""
    found: dict[int, tuple[Errors, str]] = {}
    errors: dict[int, Errors] = defaultdict(dict)
    rows = MakerTestResult.objects.filter(
        device__in=list(device_ids), tests__state=ListState.TAKEN
    ).exclude(ratio="")
    for row in rows.select_related("tests"):
        key = error_key(row.item, row.direction, row.phases, row.factor, row.load_point, row.ratio)
        errors[row.device_id][key] = row.value
        found[row.device_id] = (errors[row.device_id], row.tests.number)
    return found


def blank_rows(lot: Lot) -> list[Sequence[str]]:
    """A maker's test data of a lot, to be filled: heads as they are known, two rows as examples."""
    device = lot.devices.order_by("barcode").first()
    code, serial = (device.barcode, device.serial_no) if device else ("", "")
    if lot.model.kind not in TRANSFORMERS:
        return [
            ("条形码", "出厂编号", "方向", "相别", "负载点", "功率因数", "误差(%)"),
            (code, serial, "正向有功", "合相", "Ib", "1.0", "0.12"),
            (code, serial, "正向有功", "合相", "0.1Ib", "1.0", "-0.05"),
        ]
    plate = model_plate(lot.model)
    assert isinstance(plate, TransformerPlate)
    part = plate.parts[0]
    heads = (
        "条形码", "出厂编号", "CT/PT", "相别", "变比", "额定百分数", "二次负荷", "比值差(%)", "相位差(′)",
    )  # fmt: skip
    place = (code, serial, part.device.value, "", part.ratios[0])
    return [heads, (*place, "100", "额定", "0.03", "1.5"), (*place, "100", "下限", "0.05", "1.1")]
