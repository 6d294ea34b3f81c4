"""What the centre measured less what the maker states: by lot, model, maker, point; device by device."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import TRANSFORMERS, ListState
from dianheng.assets.models import DeviceModel, Lot, Manufacturer
from dianheng.common.errors import BadInput, Text
from dianheng.common.lists import SqlRows
from dianheng.identity.selectors import setting
from dianheng.supply.selectors.maker_tests import PAIRS, point_text

from ..rules import Group, is_too_even, lots_apart
from .error_groups import AT_MOST, STEP_PCT, visible_units

ITEMS: Mapping[str, Text] = {
    "basic_error": _("Error, %"),
    "ratio_error": _("Ratio error, %"),
    "phase_displacement": _("Phase displacement, ′"),
}
BY: Mapping[str, tuple[Text, str]] = {
    "lot": (_("Lot"), "lot_id"),
    "model": (_("Model"), "model_id"),
    "maker": (_("Maker"), "manufacturer_id"),
    "point": (_("Point"), "concat_ws('/', direction, phases, load_point, factor, ratio)"),
}


@dataclass(frozen=True)
class MakerAsked:
    """What is asked: grouped by what, of which item, narrowed to a maker, model, lot, point.

    Attributes:
        narrow: keys by the names of `BY`.
    """

    by: str = "lot"
    item: str = "basic_error"
    narrow: Mapping[str, str] = field(default_factory=dict)
    paths: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """For an address: `lot:12;point:forward_active/ABC/Ib/1.0/`."""
        return ";".join(f"{name}:{key}" for name, key in self.narrow.items()) or "-"

    def within(self, by: str, key: str) -> "MakerAsked":
        """The same, narrowed once more."""
        return MakerAsked(self.by, self.item, {**self.narrow, by: key}, self.paths)


@dataclass(frozen=True)
class MakerGroup:
    """Differences of a group: centre less maker, in the unit of the item and in % of the limit.

    `correlation` and both spreads are those of the devices about the mean of their lot at the
    point, without devices that differ by more than the limit somewhere; `outside` of `judged` points lie beyond the agreed band.
    """

    key: str
    name: str
    devices: int
    points: int
    mean: float
    deviation: float
    share: float | None
    correlation: float | None
    centre_spread: float
    maker_spread: float
    outside: int
    judged: int
    largest: float
    is_apart: bool = False

    @property
    def outside_pct(self) -> float | None:
        """The part of the points outside the band."""
        return self.outside / self.judged * 100 if self.judged else None

    @property
    def is_too_even(self) -> bool:
        """Whether the maker's figures hardly differ where the centre's do."""
        return is_too_even(self.devices, self.correlation, self.maker_spread, self.centre_spread)


@dataclass(frozen=True)
class MakerFound:
    """Groups, the agreed band in % of the limit, and how differences are distributed."""

    groups: list[MakerGroup] = field(default_factory=list)
    band_pct: Decimal = Decimal(0)
    steps: dict[int, int] = field(default_factory=dict)
    more: int = 0


def narrowing(text: str) -> dict[str, str]:
    """What `MakerAsked.text` says; what it does not know is left out."""
    pairs = (part.partition(":") for part in text.split(";"))
    return {name: key for name, _colon, key in pairs if name in BY and key}


def makers_stated(paths: Sequence[str]) -> list[tuple[int, str]]:
    """Makers of whose lots test data are taken."""
    rows = Manufacturer.objects.filter(models__lots__in=_lots_stated(paths)).distinct()
    return [(one.pk, str(one)) for one in rows]


def lots_stated(paths: Sequence[str], maker: str = "") -> list[tuple[int, str]]:
    """Lots of which test data are taken, the newest first."""
    rows = _lots_stated(paths)
    if maker.isdecimal():
        rows = rows.filter(model__manufacturer_id=int(maker))
    return list(rows.order_by("-pk").values_list("pk", "code"))


def items_stated(paths: Sequence[str], narrow: Mapping[str, str]) -> list[str]:
    """What makers state: errors of meters, both errors of transformers."""
    rows = _lots_stated(paths)
    for name, column in (("lot", "pk"), ("model", "model"), ("maker", "model__manufacturer")):
        if narrow.get(name, "").isdecimal():
            rows = rows.filter(**{column: int(narrow[name])})
    kinds = set(rows.values_list("model__kind", flat=True))
    meters = ["basic_error"] if kinds - set(TRANSFORMERS) else []
    return meters + (["ratio_error", "phase_displacement"] if kinds & set(TRANSFORMERS) else [])


def _lots_stated(paths: Sequence[str]) -> Any:
    return Lot.objects.filter(
        maker_tests__state=ListState.TAKEN, unit__in=visible_units(paths)
    ).distinct()


def _pairs(asked: MakerAsked) -> tuple[str, dict[str, Any]]:
    """The query of the pairs that are asked, named `asked`, and its parameters."""
    units = visible_units(asked.paths)
    params: dict[str, Any] = {"units": units, "item": asked.item}
    lots, points = ["l.unit_id = any(%(units)s)"], ["unit_id = any(%(units)s)", "item = %(item)s"]
    for name, key in asked.narrow.items():
        if name == "point":
            points.append(f"{BY['point'][1]} = %(point)s")
            params["point"] = key
            continue
        column = {"lot": "l.id", "model": "l.model_id", "maker": "o.manufacturer_id"}[name]
        lots.append(f"{column} = %({name})s")
        params[name] = int(key) if key.isdecimal() and len(key) < 19 else -1
    query = PAIRS.format(which=" and ".join(lots))
    return f"{query}, asked as (select * from pair where {' and '.join(points)})", params


def maker_differences(asked: MakerAsked) -> MakerFound:
    """Compare the makers' figures with the centre's.

    Raises:
        BadInput: no such grouping or item.
    """
    if asked.by not in BY or asked.item not in ITEMS:
        raise BadInput(_("Choose by what differences are grouped, and of which error."))
    band = band_pct()
    query, params = _pairs(asked)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"""
            create temp table maker_pair on commit drop as {query}
            select {BY[asked.by][1]}::text as key, device_id, lot_id, manufacturer_id,
                   difference::float8 as difference, share_pct::float8 as share,
                   -- What errs by a whole limit is a fault, and would drown how the others lie.
                   (case when is_near then centre - avg(centre) filter (where is_near) over w
                     end)::float8 as centre,
                   (case when is_near then maker - avg(maker) filter (where is_near) over w
                     end)::float8 as maker
              from (select *, coalesce(max(abs(share_pct)) over (partition by device_id) <= 100,
                                       true) as is_near
                      from asked) a
            window w as (partition by lot_id, direction, phases, load_point, factor, ratio)
            """,
            params,
        )
        cursor.execute(
            """
            select key, count(distinct device_id), count(*), avg(difference),
                   coalesce(stddev_samp(difference), 0), avg(share), corr(centre, maker),
                   coalesce(stddev_pop(centre), 0), coalesce(stddev_pop(maker), 0),
                   count(*) filter (where abs(share) > %(band)s), count(share), max(abs(difference))
              from maker_pair group by key order by key
            """,
            {"band": band},
        )
        rows = cursor.fetchall()
        apart = _lots_apart(cursor) if asked.by == "lot" else set()
        cursor.execute(
            f"select floor(share / {STEP_PCT})::int * {STEP_PCT}, count(*) from maker_pair"
            " where abs(share) <= 200 group by 1 order by 1"
        )
        steps = dict(cursor.fetchall())
        cursor.execute("drop table maker_pair")
    names = _names(asked, [row[0] for row in rows])
    groups = [
        MakerGroup(key, names.get(key, key), *rest, is_apart=key in apart) for key, *rest in rows
    ]
    groups.sort(key=lambda one: (not one.is_apart, -abs(one.share or 0.0)))
    return MakerFound(groups[:AT_MOST], band, steps, max(0, len(groups) - AT_MOST))


def _lots_apart(cursor: Any) -> set[str]:
    """Lots that lie apart among those of their maker; devices count, not their points."""
    cursor.execute(
        """
        with device as (select key, manufacturer_id, device_id, avg(share) as share from maker_pair
                         where share is not null group by 1, 2, 3)
        select manufacturer_id, key, count(*), avg(share), coalesce(stddev_samp(share), 0)
          from device group by 1, 2
        """
    )
    lots: dict[int, list[Group]] = defaultdict(list)
    for maker, *group in cursor.fetchall():
        lots[maker].append(Group(*group))
    return {key for groups in lots.values() for key in lots_apart(groups)}


def _names(asked: MakerAsked, keys: Sequence[str]) -> dict[str, str]:
    if asked.by == "point":
        return {key: point_of(asked.item, key) for key in keys}
    model: Any = {"lot": Lot, "model": DeviceModel, "maker": Manufacturer}[asked.by]
    return {str(one.pk): str(one) for one in model.objects.filter(pk__in=map(int, keys))}


def point_of(item: str, key: str) -> str:
    """A point by its key, as records name it."""
    direction, phases, load, factor, ratio = [*key.split("/", 4), "", "", "", "", ""][:5]
    return point_text(item, direction, phases, load, factor, ratio)


def points_stated(asked: MakerAsked) -> list[tuple[str, str]]:
    """Points at which both measured, by key and name, for the choice."""
    query, params = _pairs(
        MakerAsked(
            "point",
            asked.item,
            {n: k for n, k in asked.narrow.items() if n != "point"},
            asked.paths,
        )
    )
    with connection.cursor() as cursor:
        cursor.execute(f"{query} select distinct {BY['point'][1]} from asked", params)
        keys = sorted(row[0] for row in cursor.fetchall())
    return [(key, point_of(asked.item, key)) for key in keys]


def band_pct() -> Decimal:
    """The agreed band in % of the limit."""
    return Decimal(setting("analysis.maker_band")) * 100


def devices_compared(asked: MakerAsked) -> SqlRows:
    """The devices behind a group, to be ordered by their largest difference."""
    query, params = _pairs(asked)
    by_size = "order by abs(a.difference) desc"
    return SqlRows(
        f"""
        {query}
        select a.device_id as id, d.barcode, a.lot, count(*) as points,
               avg(a.difference) as mean, max(abs(a.difference)) as largest,
               (array_agg({BY["point"][1]} {by_size}))[1] as point,
               (array_agg(a.maker {by_size}))[1] as maker,
               (array_agg(a.centre {by_size}))[1] as centre,
               max(abs(a.share_pct)) as share,
               count(*) filter (where abs(a.share_pct) > %(band)s) as outside
          from asked a join assets_device d on d.id = a.device_id
         group by 1, 2, 3
        """,
        {**params, "band": band_pct()},
    )
