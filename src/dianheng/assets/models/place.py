"""Places as one tree, and how many devices are where."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dianheng.common.fields import CodeField, NameField

from ..choices import DeviceState, PlaceKind


class Place(models.Model):
    """Where devices can be: stores › shelves › boxes that nest, benches, persons, suppliers.

    `path` holds the keys of all ancestors and its own, so that what stands in it is a prefix.
    """

    code = CodeField(_("Code"), unique=True)
    name = NameField(_("Name"))
    kind = CodeField(_("Kind"), choices=PlaceKind)
    unit = models.ForeignKey(
        "identity.Unit", models.PROTECT, verbose_name=_("Unit"), related_name="places"
    )
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("Stands in"),
        related_name="children",
    )
    path = CodeField(editable=False, default="")
    level = models.SmallIntegerField(_("Level of store"), null=True, blank=True)  # 1 to 3
    capacity = models.IntegerField(_("Capacity, devices"), null=True, blank=True)
    person = models.ForeignKey(
        "identity.Person", models.PROTECT, null=True, blank=True, related_name="places"
    )
    sort_key = CodeField(editable=False, default="")
    is_active = models.BooleanField(_("Active"), default=True)

    class Meta:
        ordering = ["sort_key", "id"]
        indexes = [
            models.Index(fields=["sort_key", "id"], name="place_name"),
            models.Index(fields=["path"], name="place_path"),
            models.Index(fields=["unit", "kind"], name="place_unit"),
            models.Index(fields=["parent"], name="place_parent"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(capacity__isnull=True) | Q(capacity__gt=0), name="place_capacity"),
            models.UniqueConstraint(fields=["person"], condition=Q(kind="person"), name="place_of_person"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name


class Stock(models.Model):
    """Devices per place, model and state, kept by a trigger on the register (sql/assets.sql).

    Several rows may stand for one key: each write adds its differences, so that no writer
    waits for another, and `stock_fold` merges them. Read sums only.
    """

    place = models.ForeignKey(Place, models.DO_NOTHING, db_constraint=False, related_name="+")
    model = models.ForeignKey(
        "assets.DeviceModel", models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    state = CodeField(choices=DeviceState)
    amount = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["place", "model", "state"], name="stock_key")]
