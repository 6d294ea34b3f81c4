"""Where transformers stand that a tester's table names, and at which points they are measured."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q

from dianheng.assets.choices import TRANSFORMERS, DeviceKind
from dianheng.assets.models import Device
from dianheng.metrology.quantities import plain_text
from dianheng.metrology.transformer_schemes import (
    TransformerPlate,
    TransformerScheme,
    burden_power_factor,
)

from ..choices import LoadState
from ..models import BenchLoad, LoadPosition
from ..subjects import plate_for, scheme_for
from .transformer_loads import point_facts


@dataclass(frozen=True)
class PlacePoint:
    """A point as the upload format writes it, with the burden to set."""

    part: str
    phase: str
    ratio: str
    burden: str
    percent: str
    burden_va: str
    factor: str

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """What makes two points the same."""
        return (self.part, self.phase, self.ratio, self.burden, self.percent)


@dataclass(frozen=True)
class Place:
    """A transformer on its load."""

    device: Device
    task_no: str
    position: int | None  # None: of a test before
    points: tuple[PlacePoint, ...]


def transformer_scheme_of(load: BenchLoad) -> TransformerScheme | None:
    """The scheme of a load; None where the load is not of transformers."""
    scheme = scheme_for(load.task.scheme_version)
    return scheme if isinstance(scheme, TransformerScheme) else None


def points_of_load(load: BenchLoad) -> tuple[PlacePoint, ...]:
    """The points of a load's scheme; none where the load is not of transformers."""
    plate, scheme = plate_for(load.task.model), transformer_scheme_of(load)
    if scheme is None or not isinstance(plate, TransformerPlate):
        return ()
    found = []
    for point in scheme.points:
        facts = point_facts(point, plate, scheme)
        found.append(
            PlacePoint(
                facts["part"], facts["phase"], facts["ratio"], facts["burden"],
                facts["percent_rated"], facts["burden_va"],
                plain_text(burden_power_factor(scheme.rules, plate.part(point.device))),
            )
        )  # fmt: skip
    return tuple(found)


def places_on(bench_no: str, codes: Collection[str]) -> dict[str, list[Place]]:
    """By bar code, asset number or maker's number: the transformers that stand on a bench.

    Args:
        bench_no: bar code or asset number of the bench.
        codes: as a file names them; a maker's number may be that of several devices.
    """
    wanted = [code for code in codes if code]
    device = "task_device__device__"
    benches = Device.objects.filter(kind=DeviceKind.BENCH).filter(
        Q(barcode=bench_no) | Q(asset_no=bench_no)
    )
    puts = (
        LoadPosition.objects.filter(load__bench__in=list(benches.values_list("pk", flat=True)))
        .filter(
            Q(**{f"{device}barcode__in": wanted})
            | Q(**{f"{device}asset_no__in": wanted})
            | Q(**{f"{device}serial_no__in": wanted}),
            **{f"{device}kind__in": TRANSFORMERS},
        )
        .exclude(load__state=LoadState.CANCELLED)
        .select_related(
            "task_device__device", "load__task__model", "load__task__scheme_version__scheme"
        )
        .order_by("pk")
    )
    newest = {put.task_device.device_id: put for put in puts}
    points: dict[int, tuple[PlacePoint, ...]] = {}
    found: dict[str, list[Place]] = defaultdict(list)
    for put in newest.values():
        thing = put.task_device.device
        if put.load.task_id not in points:
            points[put.load.task_id] = points_of_load(put.load)
        place = Place(
            thing, put.load.task.number,
            put.position if put.attempt > put.task_device.attempts else None,
            points[put.load.task_id],
        )  # fmt: skip
        for code in {thing.barcode, thing.asset_no, thing.serial_no} & set(wanted):
            found[code].append(place)
    return found
