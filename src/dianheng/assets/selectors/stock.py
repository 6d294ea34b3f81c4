"""How many devices are where; flat in cost, correct at any moment."""

from django.db.models import QuerySet, Sum

from ..models import Place, Stock


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
