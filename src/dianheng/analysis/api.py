"""The centre's figures against the makers', by machine; mounted under `/api/v1/`."""

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema
from pydantic import Field

from dianheng.common.errors import BadInput
from dianheng.common.lists.sources import source_of
from dianheng.identity.services import actor_of, require

from .selectors import BY, MakerAsked, devices_compared, maker_differences, point_of

VIEW = "analysis.view"
router = Router(tags=["analysis"])


class Wanted(Schema):
    """What is compared; an empty field does not narrow."""

    by: str = Field("lot", description=f"One of {', '.join(BY)}.")
    item: str = Field(
        "basic_error", description="`basic_error`, `ratio_error` or `phase_displacement`."
    )
    lot: str = ""
    model: str = ""
    maker: str = ""
    point: str = Field("", description="`key` of an answer by `point`.")


class GroupOut(Schema):
    """Centre less maker, in % (minutes for `phase_displacement`) and in % of the limit."""

    key: str
    name: str
    devices: int
    points: int
    mean: float
    deviation: float
    share_pct: float | None
    correlation: float | None
    centre_spread: float
    maker_spread: float
    outside: int
    judged: int
    largest: float
    is_apart: bool
    is_too_even: bool


class GroupsOut(Schema):
    """Groups, those apart first; the band within which both agree, in % of the limit."""

    band_pct: str
    groups: list[GroupOut]


class DeviceOut(Schema):
    """A device by its largest difference."""

    barcode: str
    lot: str
    points: int
    mean: str
    largest: str
    point: str
    maker: str
    centre: str
    outside: int


def _asked(request: HttpRequest, wanted: Wanted) -> MakerAsked:
    require(actor_of(request), VIEW)
    narrow = {name: value for name in BY if (value := getattr(wanted, name))}
    if any(not value.isdecimal() for name, value in narrow.items() if name != "point"):
        raise BadInput(_("Narrow by the keys of an answer."))
    paths = tuple(request.rights.paths(VIEW))  # type: ignore[attr-defined]
    return MakerAsked(wanted.by, wanted.item, narrow, paths)


@router.get("maker-differences", response=GroupsOut)
def groups(request: HttpRequest, wanted: Query[Wanted]) -> GroupsOut:
    """What the centre measured less what the makers state, grouped."""
    found = maker_differences(_asked(request, wanted))
    return GroupsOut(
        band_pct=f"{found.band_pct:f}",
        groups=[
            GroupOut(
                key=one.key, name=one.name, devices=one.devices, points=one.points, mean=one.mean,
                deviation=one.deviation, share_pct=one.share, correlation=one.correlation,
                centre_spread=one.centre_spread, maker_spread=one.maker_spread,
                outside=one.outside, judged=one.judged, largest=one.largest,
                is_apart=one.is_apart, is_too_even=one.is_too_even,
            )
            for one in found.groups
        ],
    )  # fmt: skip


@router.get("maker-differences/devices", response=list[DeviceOut])
def devices(
    request: HttpRequest, wanted: Query[Wanted], limit: int = Query(100, ge=1, le=1000)
) -> list[DeviceOut]:
    """Devices, the largest difference first."""
    asked = _asked(request, wanted)
    rows, _next = source_of(devices_compared(asked)).page("largest", True, None, limit)
    return [
        DeviceOut(
            barcode=row.barcode, lot=row.lot, points=row.points, mean=f"{row.mean:.6f}",
            largest=f"{row.largest:f}", point=point_of(asked.item, row.point),
            maker=f"{row.maker:f}", centre=f"{row.centre:.6f}", outside=row.outside,
        )
        for row in rows
    ]  # fmt: skip
