"""Files and photos of processes."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from dianheng.common.fields import CodeField, NameField


class ProcessFile(models.Model):
    """A file or photo that somebody put to a process, with what it shows; evidence."""

    instance = models.ForeignKey("workflow.ProcessInstance", models.PROTECT, related_name="+")
    file = models.ForeignKey("documents.StoredFile", models.PROTECT, related_name="+")
    name = NameField(_("Name"))
    media_type = CodeField()
    text = models.TextField(_("Remark"), default="", blank=True)
    person = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    acting_for = models.ForeignKey("identity.Person", models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["instance", "file"], name="processfile_once")
        ]

    @property
    def is_picture(self) -> bool:
        """It can be shown on a page."""
        return self.media_type.startswith("image/")
