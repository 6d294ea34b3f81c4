"""How many devices are where; flat in cost, correct at any moment."""

from collections.abc import Sequence

from django.db.models import Q, QuerySet, Sum

from ..models import DeviceModel, Place, Stock


def stock_in_subtree(place: Place) -> QuerySet[Stock]:
    """Sums per model and state of a place and all in it: dicts model_id, state, total."""
    return (
        Stock.objects.filter(place__path__startswith=place.path)
        .values("model_id", "state")
        .annotate(total=Sum("amount"))
        .exclude(total=0)
        .order_by("model_id", "state")
    )


def stock_by_state(unit_ids: list[int]) -> dict[str, int]:
    """Devices per state in the places of some units."""
    rows = (
        Stock.objects.filter(place__unit_id__in=unit_ids)
        .values("state")
        .annotate(total=Sum("amount"))
    )
    return {row["state"]: row["total"] for row in rows if row["total"]}


def model_stock(model: DeviceModel, paths: Sequence[str]) -> list[tuple[str, int]]:
    """Devices of a model by state, in places of the units under some roots."""
    under = Q(pk__in=[])
    for path in paths:
        under |= Q(place__unit__path__startswith=path)
    rows = Stock.objects.filter(under, model=model).values("state").annotate(total=Sum("amount"))
    return [(row["state"], row["total"]) for row in rows.order_by("state") if row["total"]]
