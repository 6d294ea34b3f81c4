"""What is tested on which kind of meter."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import Connection, DeviceKind
from dianheng.common.fields import CodeField, NameField


class TestScheme(models.Model):
    """A scheme for meters alike in kind, class, connection and functions; see its versions.

    `key` says exactly which plates it fits (`rules.scheme_key`): the proposal for a model is
    the scheme with the model's key.
    """

    __test__ = False  # not a test case

    code = CodeField(_("Code"), unique=True)
    name = NameField(_("Name"))
    unit = models.ForeignKey(
        "identity.Unit", models.PROTECT, verbose_name=_("Laboratory"), related_name="+"
    )
    kind = CodeField(_("Kind"), choices=DeviceKind)
    accuracy_class = CodeField(_("Active class"))
    connection = CodeField(_("Connection"), choices=Connection)
    stage = CodeField(_("Stage"))  # first, subsequent
    purpose = CodeField(_("For"))  # every device, or the sample of a lot
    key = CodeField()
    is_active = models.BooleanField(_("Active"), default=True)

    class Meta:
        ordering = ["code"]
        indexes = [models.Index(fields=["key"], name="testscheme_key")]

    def __str__(self) -> str:
        return self.name


class TestSchemeVersion(models.Model):
    """One version of a scheme; never changed, an edit makes the next one.

    `content` holds items, load points and reading rules (`schemes.content_of`).
    """

    __test__ = False

    scheme = models.ForeignKey(TestScheme, models.PROTECT, related_name="versions")
    version = models.IntegerField()
    standard = CodeField()
    edition = CodeField()
    acceptance_edition = CodeField()
    content = models.JSONField()
    digest = CodeField()
    is_generated = models.BooleanField()  # as the tables give it, or edited
    reason = models.TextField(default="", blank=True)
    made_by = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["scheme", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["scheme", "version"], name="testschemeversion_once"),
        ]

    def __str__(self) -> str:
        return f"{self.scheme.name} v{self.version}"
