"""A list of devices on its way into the register, whoever sent it: what every kind of list has."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from dianheng.common.fields import CodeField, NameField

from ..choices import ListState


class DeviceList(models.Model):
    """A file stored as received, checked as a whole, taken as a whole or not at all.

    A kind of list adds whose it is, and by that and the digest the same file is known again.
    Its faults are the kind's `ListFault`, related as `faults`.
    """

    number = CodeField(_("File"), unique=True)
    name = NameField(_("File"))
    file = models.ForeignKey("documents.StoredFile", models.PROTECT, related_name="+")
    digest = CodeField(_("SHA-256"))  # of the file, for the constraint of the kind
    size = models.BigIntegerField(_("Size, bytes"))
    state = CodeField(_("State"), choices=ListState, default=ListState.RECEIVED)
    kind = CodeField(_("Form"), default="")  # xlsx, csv
    encoding = CodeField(_("Encoding"), default="", blank=True)
    head_row = models.IntegerField(_("Row of the heads"), default=0)
    columns = models.JSONField(_("Columns"), default=list)  # [{head, field, samples}]
    row_count = models.IntegerField(_("Devices"), null=True)
    fault_count = models.IntegerField(_("Faults"), default=0)
    warning_count = models.IntegerField(_("Remarks"), default=0)
    findings = models.JSONField(_("Findings"), default=list)  # [{code, field, count, is_warning}]
    reason = models.TextField(_("Reason"), blank=True, default="")
    job = models.ForeignKey("common.Job", models.SET_NULL, null=True, related_name="+")
    uploaded_at = models.DateTimeField(pgettext_lazy("file", "Received"), db_default=Now())
    uploaded_by = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    checked_at = models.DateTimeField(_("Checked"), null=True)
    taken_at = models.DateTimeField(_("Taken"), null=True)
    taken_by = models.ForeignKey("identity.Person", models.PROTECT, null=True, related_name="+")

    class Meta:
        abstract = True
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.number

    @property
    def is_over(self) -> bool:
        """Whether nothing is done with it any more."""
        return self.state in (ListState.TAKEN, ListState.REFUSED)


class ListFault(models.Model):
    """One fault of the last check. Bookkeeping: each check writes them anew from the file."""

    row_no = models.BigIntegerField(_("Row"))  # of the file; 0: the file as a whole
    field = CodeField(_("Column"))
    code = CodeField(_("Code"))
    value = models.TextField(_("Value"), default="")
    facts = models.JSONField(null=True)

    class Meta:
        abstract = True
