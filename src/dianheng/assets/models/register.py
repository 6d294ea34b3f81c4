"""Registers of former systems that are taken over."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from dianheng.common.fields import CodeField, NameField

from .lists import DeviceList, ListFault


class RegisterHead(models.Model):
    """What a head means in the lists of a former system; asked once, remembered."""

    source = NameField(_("Former system"))
    head = NameField(_("Head"))  # as `common.files.plain_head` has it
    field = CodeField(_("Field"))  # key of `columns.REGISTER_FIELDS`, or "-": left out

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "head"], name="registerhead_head"),
        ]


class RegisterFile(DeviceList):
    """A list out of a former system. The same bytes for the same unit are the same list.

    `model`, `place` and `state` stand where the list has no such column or an empty cell.
    """

    number = CodeField(_("Register file"), unique=True)
    source = NameField(_("Former system"))
    unit = models.ForeignKey(
        "identity.Unit", models.PROTECT, verbose_name=_("Unit"), related_name="+"
    )
    model = models.ForeignKey(
        "assets.DeviceModel",
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("Model"),
        related_name="+",
    )
    place = models.ForeignKey(
        "assets.Place",
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("Place"),
        related_name="+",
    )

    class Meta(DeviceList.Meta):
        constraints = [
            models.UniqueConstraint(fields=["unit", "digest"], name="registerfile_digest"),
        ]


class RegisterFault(ListFault):
    """One fault of the last check of a register file."""

    file = models.ForeignKey(RegisterFile, models.CASCADE, related_name="faults", db_index=False)

    class Meta:
        indexes = [
            models.Index(fields=["file", "row_no", "id"], name="registerfault_row"),
            models.Index(fields=["file", "code", "row_no"], name="registerfault_code"),
        ]
