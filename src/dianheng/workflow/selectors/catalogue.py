"""The utility's catalogue of business items, with which of its packs are in force."""

from django.db.models import Case, CharField, Exists, OuterRef, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _

from ..models import CatalogueItem, PackInForce

HAS_PACK = {"force": _("Pack in force"), "none": _("No pack")}


def catalogue_items() -> QuerySet[CatalogueItem]:
    """Every item; `has_pack` says whether a process is in force for it."""
    in_force = PackInForce.objects.filter(code=OuterRef("pack"))
    return CatalogueItem.objects.annotate(
        has_pack=Case(
            When(Exists(in_force), then=Value("force")), default=Value("none"),
            output_field=CharField(),
        )
    )  # fmt: skip


def catalogue_counts() -> dict[str, int]:
    """Modules, classes, items, sub-items, and sub-items with a pack in force."""
    rows = list(
        catalogue_items().values_list("module", "business_class", "item", "code", "has_pack")
    )
    return {
        "modules": len({row[0] for row in rows}), "classes": len({row[:2] for row in rows}),
        "items": len({row[:3] for row in rows}), "sub_items": len(rows),
        "in_force": sum(row[4] == "force" for row in rows),
    }  # fmt: skip
