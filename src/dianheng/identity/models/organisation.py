"""Units, people, the posts they hold, who stands in for whom, what they are qualified for."""

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import check_password
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from dianheng.common.fields import CodeField, NameField

from ..choices import QualificationKind, UnitKind
from ..rules import Rights


class Unit(models.Model):
    """A node of the organisation: province › city › county › station › team, any depth.

    `path` holds the codes of all ancestors and its own, each followed by a slash, so that a
    subtree is a prefix.
    """

    code = CodeField(_("Code"), unique=True)
    name = NameField(_("Name"))
    kind = CodeField(_("Kind"), choices=UnitKind)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children"
    )
    path = CodeField(unique=True, editable=False)
    sort_key = CodeField(editable=False, default="")
    is_active = models.BooleanField(_("Active"), default=True)

    class Meta:
        ordering = ["path"]
        constraints = [
            models.CheckConstraint(condition=~Q(code__contains="/"), name="unit_code_no_slash"),
        ]
        indexes = [models.Index(fields=["parent"], name="unit_parent")]

    def __str__(self) -> str:
        return self.name


class PersonManager(BaseUserManager["Person"]):
    """Login by name."""

    def get_by_natural_key(self, username: str | None) -> "Person":
        return self.get(login=username)


class Person(AbstractBaseUser):
    """Somebody who works with the program, or on whose behalf it works (`is_system`)."""

    login = CodeField(_("Login"), unique=True)
    person_no = CodeField(_("Staff number"), unique=True)
    name = NameField(_("Name"))
    sort_key = CodeField(editable=False, default="")
    unit = models.ForeignKey(
        Unit, models.PROTECT, verbose_name=_("Unit"), null=True, related_name="people"
    )
    is_active = models.BooleanField(_("Active"), default=True)
    is_system = models.BooleanField(default=False)
    must_change_password = models.BooleanField(default=False)
    language = CodeField(_("Language"), default="zh-hans")

    last_login = None  # logins are the business of the security log
    rights: Rights  # of today; only where `selectors.person_with_rights` read the person

    USERNAME_FIELD = "login"
    REQUIRED_FIELDS = ["name"]
    objects = PersonManager()

    class Meta:
        ordering = ["sort_key", "id"]

    def __str__(self) -> str:
        return self.name

    def check_password(self, raw_password: str) -> bool:
        """Whether it is the password; never writes, since a login is no batch."""
        return check_password(raw_password, self.password)

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Rights are given by posts (`identity.services`), never by this."""
        return False

    def has_module_perms(self, app_label: str) -> bool:
        return False


class Post(models.Model):
    """A post 岗位 with the rights that its work needs."""

    code = CodeField(_("Code"), unique=True)
    name = NameField(_("Name"))
    description = models.TextField(_("Description"), blank=True)
    rights = ArrayField(CodeField(), verbose_name=_("Rights"), default=list, blank=True)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class PostHolding(models.Model):
    """Who holds which post in which unit, first and last day included."""

    person = models.ForeignKey(
        Person, models.PROTECT, verbose_name=_("Person"), related_name="holdings"
    )
    post = models.ForeignKey(Post, models.PROTECT, verbose_name=_("Post"), related_name="holdings")
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("Unit"), related_name="holdings")
    valid_from = models.DateField(_("From"))
    valid_through = models.DateField(_("Through"), null=True, blank=True)

    class Meta:
        ordering = ["-valid_from"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_through__isnull=True) | Q(valid_through__gte=F("valid_from")),
                name="postholding_period",
            ),
        ]


class Delegation(models.Model):
    """A stand-in: one person's posts exercised by another, dated, with a reason."""

    from_person = models.ForeignKey(
        Person, models.PROTECT, verbose_name=_("For"), related_name="delegations_given"
    )
    to_person = models.ForeignKey(
        Person, models.PROTECT, verbose_name=_("Stand-in"), related_name="delegations_taken"
    )
    holding = models.ForeignKey(
        PostHolding, models.PROTECT, verbose_name=_("Post"), null=True, blank=True,
        help_text=_("Empty: all posts of the person."),
    )  # fmt: skip
    valid_from = models.DateField(_("From"))
    valid_through = models.DateField(_("Through"))
    reason = models.TextField(_("Reason"))
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-valid_from", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(valid_through__gte=F("valid_from")), name="delegation_period"),
            models.CheckConstraint(condition=~Q(from_person=F("to_person")), name="delegation_two_people"),
        ]  # fmt: skip


class Qualification(models.Model):
    """A laboratory's authorisation of a person: 检定员 per project, 核验员, 授权签字人."""

    person = models.ForeignKey(
        Person, models.PROTECT, verbose_name=_("Person"), related_name="qualifications"
    )
    kind = CodeField(_("Kind"), choices=QualificationKind)
    project = CodeField(
        _("Project"), default="*", help_text=_("“*”: every project of the laboratory.")
    )
    number = CodeField(_("Number"))
    issuer = NameField(_("Issued by"))
    valid_from = models.DateField(_("From"))
    valid_through = models.DateField(_("Through"))
    withdrawn_on = models.DateField(_("Withdrawn on"), null=True, blank=True)

    class Meta:
        ordering = ["person", "kind", "-valid_from"]
        constraints = [
            models.CheckConstraint(condition=Q(valid_through__gte=F("valid_from")), name="qualification_period"),
            models.UniqueConstraint(fields=["kind", "project", "number"], name="qualification_number"),
        ]  # fmt: skip
