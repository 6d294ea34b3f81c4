"""Chapters of sizes m and l: the city's register as it came from the former system, and a year's work.

Devices come in lots with numbers that follow each other; old lots hang on walls or were taken
down, new ones lie in the stores. What a device's fate is, is drawn from its number and the
seed by PostgreSQL's own hash, so the same seed gives the same data.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from dianheng.assets.choices import DeviceKind, DeviceState, PlaceKind, Verb
from dianheng.assets.models import DeviceModel, Place
from dianheng.assets.services import (
    devices_enrol,
    devices_transition,
    lot_make,
    manufacturer_make,
    model_make,
    place_make,
    stage_open,
)
from dianheng.identity.services import system_actor, write_batch

from .company import unit
from .things import METER, maker, model, place

BLOCK = 100_000  # devices of one chapter
FIRST_SERIAL = 30_000_000_000  # apart from the numbers of the story
DEVICES_PER_AREA = 250
LOT_SIZES = (600, 1200, 2400, 4800)
TAKEN_OVER = datetime(2025, 1, 6, 8, 0)  # noqa: DTZ001  local time is given below

MAKERS = {"TS": ("天枢电气股份有限公司", "天枢"), "RY": ("瑞远电能仪表有限公司", "瑞远")}
MORE_MODELS: list[tuple[str, str, dict[str, Any]]] = [
    ("TS", "DDZY71C", {
        "kind": DeviceKind.SINGLE_PHASE_METER, "name": "单相远程费控智能电能表", "accuracy_class": "2",
        "wiring": "single_phase", "connection": "direct", "voltage_v": 220, "base_current_a": 5,
        "max_current_a": 60, "constant_imp_per_kwh": 1200, "has_relay": True,
        "type_approval_no": "2019E071-41", **METER,
    }),
    ("RY", "DTZ2605", {
        "kind": DeviceKind.THREE_PHASE_METER, "name": "三相智能电能表", "accuracy_class": "1",
        "reactive_class": "2", "wiring": "three_phase_four_wire", "connection": "via_transformer",
        "voltage_v": 220, "base_current_a": "1.5", "max_current_a": 6, "constant_imp_per_kwh": 6400,
        "constant_imp_per_kvarh": 6400, "type_approval_no": "2020E112-41", **METER,
    }),
    ("TS", "PZ30-4", {"kind": DeviceKind.METERING_BOX, "name": "四表位计量箱"}),
    ("RY", "FKXA43", {"kind": DeviceKind.TERMINAL, "name": "专变采集终端"}),
    ("TS", "DJGZ23", {"kind": DeviceKind.TERMINAL, "name": "集中器"}),
]  # fmt: skip
# Of a hundred lots so many are of this model; asset type of the bar code; years it was bought in.
LOTS = (
    (34, "DDZY71C", "01", (2017, 2021)),
    (28, "DDZY566-Z", "01", (2021, 2026)),
    (18, "DDZY1808-Z", "01", (2022, 2026)),
    (5, "DTZ2605", "01", (2018, 2024)),
    (4, "DTZY1808-Z", "01", (2022, 2026)),
    (7, "LMZ1-0.66", "02", (2016, 2026)),
    (2, "PZ30-4", "04", (2017, 2026)),
    (1, "DJGZ23", "09", (2018, 2026)),
    (1, "FKXA43", "09", (2018, 2026)),
)
# What became of a lot's devices, per mille by age: (state, places), shares for old and new lots.
FATES = (
    # state, where, old (bought before 2025), new
    (DeviceState.IN_SERVICE, "area", 930, 520),
    (DeviceState.REMOVED, "store", 30, 4),
    (DeviceState.AWAITING_SCRAP, "store", 20, 1),
    (DeviceState.SCRAPPED, "yard", 12, 0),
    (DeviceState.LOST, "area", 1, 0),
    (DeviceState.QUALIFIED, "store", 4, 330),
    (DeviceState.AWAITING_VERIFICATION, "store", 2, 120),
    (DeviceState.UNQUALIFIED, "store", 1, 25),
)
NEW_SINCE = 2025
VILLAGES = (  # two signs each
    "清泉石桥柳荫河东河西新安太平永丰长乐和平向阳红旗前进胜利双桥三岔白马青龙金鸡银杏梅园竹林松岗"
    "枫林桃源杏花莲塘荷塘龙潭凤山虎丘鹤鸣云溪月湖星河日新春晓夏蝉秋实冬青"
)
STORES = (
    "KF1-A01",
    "KF1-A02",
    "KF1-DJ",
    "KF2-QH",
    "KF2-YS",
    "KF3-CG",
    "KF3-LL",
    "KF3-DP",
    "KF3-NW",
)
STATIONS = ("354001001", "354001002", "354002001", "354002002")


def catalogue_and_areas(devices: int) -> None:
    """More makers and models, transformer areas with usage points, the scrap yard."""
    actor = system_actor("command")
    with write_batch(actor=actor, action="demo.areas"):
        for code, (name, short) in MAKERS.items():
            manufacturer_make(code=code, name=name, short_name=short, actor=actor)
        for maker_code, code, parameters in MORE_MODELS:
            model_make(manufacturer=maker(maker_code), code=code, actor=actor, **parameters)
        place_make(
            code="BFC",
            name="报废堆场",
            kind=PlaceKind.SCRAP_YARD,
            unit_id=unit("3540002").pk,
            actor=actor,
        )
        units = [unit(code).pk for code in STATIONS]
        for number in range(max(len(units), devices // DEVICES_PER_AREA)):
            turn, at = divmod(number, len(VILLAGES) // 2)
            place_make(
                code=f"TQ{number + 1:06d}", name=f"{VILLAGES[2 * at : 2 * at + 2]}{turn + 1}号台区",
                kind=PlaceKind.USAGE_POINT, unit_id=units[number % len(units)], actor=actor,
            )  # fmt: skip


@dataclass(frozen=True)
class Lot:
    """Devices bought together: numbers from `first` on, counted over all chapters."""

    first: int
    count: int
    model: DeviceModel
    asset_type: str
    bought_on: date

    @property
    def is_new(self) -> bool:
        return self.bought_on.year >= NEW_SINCE


def lots_of(first: int, count: int, seed: int) -> Iterator[Lot]:
    """The lots of a chapter; the last one is cut to what is left."""
    dice = random.Random(f"{seed}:{first}")  # noqa: S311  made data, no secret
    models = {code: model(code) for _share, code, _type, _years in LOTS}
    last = first + count
    while first < last:
        _share, code, asset_type, years = dice.choices(LOTS, [row[0] for row in LOTS])[0]
        size = min(dice.choice(LOT_SIZES), last - first)
        bought = date(dice.randint(*years), dice.randint(1, 10), dice.randint(1, 28))
        yield Lot(first, size, models[code], asset_type, bought)
        first += size


def register_block(first: int, count: int, seed: int) -> None:
    """Enter devices `first` … `first + count - 1` and let last year's work happen to them."""
    actor = system_actor("command")
    centre = unit("3540001")
    lots = list(lots_of(first, count, seed))
    taken_over = timezone.make_aware(TAKEN_OVER)
    with write_batch(actor=actor, action="demo.register"), stage_open() as stage:
        for lot in lots:
            row = lot_make(
                model=lot.model,
                tender_batch=f"{lot.bought_on:%Y-%m}",
                unit_id=centre.pk,
                actor=actor,
            )
            stage.cursor.execute(_STAGE, _stage_parameters(lot, row.pk, seed))
        devices_enrol(
            stage=stage, actor=actor, verb=Verb.ENROL, document="takeover:2025", occurred_at=taken_over,
            also=_DAYS,
        )  # fmt: skip
        for number, work in enumerate(WORK):
            stage.cursor.execute(
                "select device_id from stage join assets_device d on d.id = device_id"
                " where d.state = %s and (hashint8extended(row_no, %s) & 1023) < %s order by 1",
                [work.of, seed + 10 + number, work.share],
            )
            happened = taken_over + timedelta(days=60 * (number + 1))
            devices_transition(
                device_ids=[key for (key,) in stage.cursor.fetchall()], verb=work.verb, actor=actor,
                place_id=place(work.place).pk if work.place else None, reason=work.reason,
                occurred_at=happened, document=f"work:2025-{number + 1:02d}",
            )  # fmt: skip


@dataclass(frozen=True)
class Work:
    """What happened last year to a share (of 1,024) of the devices in a state."""

    verb: str
    of: str
    share: int
    place: str = ""
    reason: str = ""


WORK = (
    Work(Verb.REMOVE, DeviceState.IN_SERVICE, 40, "KF2-QH", "到期轮换"),
    Work(Verb.SORT_REUSE, DeviceState.REMOVED, 300, "KF1-DJ"),
    Work(Verb.CONDEMN, DeviceState.REMOVED, 500, "KF1-BH", "超过使用年限"),
    Work(Verb.SCRAP, DeviceState.AWAITING_SCRAP, 700, "BFC"),
    Work(Verb.MOVE, DeviceState.QUALIFIED, 100, "KF1-A02"),
    Work(Verb.LOSE, DeviceState.IN_SERVICE, 1, reason="现场未见表计"),
)
# Days of the first verification and what follows from it: SQL over the stage.
_VERIFIED = (
    "case when kind in ('metering_box', 'terminal') or state in ('awaiting_verification', 'unqualified')"
    " then null else purchased_on::date + 60 + (hashint8extended(row_no, 3) & 31)::int end"
)
_MONTHS = (
    "case kind when 'single_phase_meter' then 96 when 'three_phase_meter' then 72 else 120 end"
)
_DAYS = {
    "verified_on": _VERIFIED,
    "valid_through": f"(({_VERIFIED}) + make_interval(months => {_MONTHS}))::date - 1",
    "stocked_on": f"case when state = 'qualified' then ({_VERIFIED}) + 5 end",
}


def _stage_parameters(lot: Lot, lot_id: int, seed: int) -> dict[str, Any]:
    shares = [new if lot.is_new else old for _state, _where, old, new in FATES]
    return {
        "first": lot.first, "last": lot.first + lot.count - 1, "seed": seed, "serial": FIRST_SERIAL,
        "prefix": f"35400{lot.asset_type}", "month": f"{lot.bought_on:%y%m}", "kind": lot.model.kind,
        "model": lot.model.pk, "lot": lot_id, "purchased": lot.bought_on.isoformat(),
        "produced": (lot.bought_on - timedelta(days=40)).isoformat(),
        "is_meter": lot.model.kind in (DeviceKind.SINGLE_PHASE_METER, DeviceKind.THREE_PHASE_METER),
        "approval": lot.model.type_approval_no, "protocol": lot.model.protocol, "ratio": lot.model.ratio,
        "bounds": [sum(shares[:n]) for n in range(len(shares))],
        "states": [str(state) for state, _where, _old, _new in FATES],
        "areas": _places(PlaceKind.USAGE_POINT), "area_units": _places(PlaceKind.USAGE_POINT, "unit_id"),
        "stores": [place(code).pk for code in STORES],
        "store_units": [place(code).unit_id for code in STORES],
        "yards": [place("BFC").pk], "yard_units": [place("BFC").unit_id],
        "wheres": [where for _state, where, _old, _new in FATES],
    }  # fmt: skip


def _places(kind: str, column: str = "pk") -> Sequence[int]:
    return list(Place.objects.filter(kind=kind).order_by("code").values_list(column, flat=True))


_STAGE = """
insert into stage (row_no, barcode, serial_no, kind, model_id, lot_id, unit_id, place_id, state,
    purchased_on, produced_on, type_approval_no, protocol, comm_address, prepayment, key_state, ratio)
select n, body || assets_check_digit(body), %(month)s || lpad((n %% 100000000)::text, 8, '0'), %(kind)s,
       %(model)s, %(lot)s, units[1 + spot %% cardinality(units)], places[1 + spot %% cardinality(places)],
       state, %(purchased)s, %(produced)s, %(approval)s, %(protocol)s,
       case when %(is_meter)s then right(body, 12) else '' end,
       case when %(is_meter)s then 'remote' else '' end, case when %(is_meter)s then 'formal' else '' end,
       %(ratio)s
  from (
    select n, %(prefix)s || lpad((%(serial)s + n)::text, 14, '0') as body,
           (hashint8extended(n, %(seed)s + 1) & 2147483647) as spot, (%(states)s::text[])[fate] as state,
           case (%(wheres)s::text[])[fate] when 'area' then %(areas)s::bigint[]
                when 'store' then %(stores)s::bigint[] else %(yards)s::bigint[] end as places,
           case (%(wheres)s::text[])[fate] when 'area' then %(area_units)s::bigint[]
                when 'store' then %(store_units)s::bigint[] else %(yard_units)s::bigint[] end as units
      from (
        select n, width_bucket((hashint8extended(n, %(seed)s) & 2147483647) %% 1000, %(bounds)s::bigint[]) as fate
          from generate_series(%(first)s::bigint, %(last)s::bigint) n
      ) fated
  ) rows_ order by n
"""
