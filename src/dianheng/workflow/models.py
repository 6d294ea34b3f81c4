"""Packs in their versions, instances, tasks of people, what was written on their forms."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from dianheng.common.fields import CodeField, NameField

from .choices import (
    OPEN_STATES,
    InstanceState,
    NoteKind,
    RemarkKind,
    RemarkOutcome,
    Role,
    TaskState,
)


class PackVersion(models.Model):
    """A pack as it was loaded; written once. An instance stays on the version it began with.

    `plan` holds lanes, tasks and forms as `packs.Pack` has them; `spec` the engine's definition.
    """

    code = CodeField(_("Process"))
    version = models.IntegerField(_("Version"))
    module = CodeField(_("Module"))
    business_class = CodeField(_("Business class"))
    owner_post = CodeField(_("Post that answers for it"))
    title_zh = NameField(_("Name in Chinese"))
    title_en = NameField(_("Name in English"))
    plan = models.JSONField()
    bpmn = models.TextField()
    process = CodeField()
    spec = models.JSONField()
    digest = CodeField(_("Digest"))
    loaded_at = models.DateTimeField(_("Loaded"))
    loaded_by = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")

    class Meta:
        ordering = ["code", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="packversion_once"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.version}"


class PackInForce(models.Model):
    """Which version of a process new instances begin with."""

    code = CodeField(_("Process"), unique=True)
    version = models.ForeignKey(PackVersion, models.PROTECT, related_name="+")


class PackSwitch(models.Model):
    """A process switched on or off for a unit and all below it; the nearest one counts."""

    code = CodeField(_("Process"))
    unit = models.ForeignKey("identity.Unit", models.PROTECT, related_name="+")
    is_on = models.BooleanField(_("Switched on"))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["code", "unit"], name="packswitch_once")]


class LanePosts(models.Model):
    """The company's own posts for a lane, in the place of those that the pack proposes."""

    code = CodeField(_("Process"))
    lane = NameField(_("Lane"))
    posts = ArrayField(CodeField(), verbose_name=_("Posts"))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["code", "lane"], name="laneposts_once")]


class ProcessInstance(models.Model):
    """One run of a process: for a batch or a document, never one per device."""

    number = CodeField(_("Number"), unique=True)
    pack = models.ForeignKey(PackVersion, models.PROTECT, related_name="instances")
    unit = models.ForeignKey(
        "identity.Unit", models.PROTECT, verbose_name=_("Unit"), related_name="+"
    )
    title = NameField(_("Subject"))
    subject = CodeField(_("About"), default="", blank=True)  # as the ledger names it: lot:…
    state = CodeField(_("State"), choices=InstanceState, default=InstanceState.RUNNING)
    started_at = models.DateTimeField(_("Started"))
    started_by = models.ForeignKey(
        "identity.Person", models.PROTECT, verbose_name=_("Started by"), related_name="+"
    )
    ended_at = models.DateTimeField(_("Ended"), null=True)
    timer_at = models.DateTimeField(null=True)
    known: list["ProcessTask"]  # its tasks as `selectors.tasks_known` has read them

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["unit", "state", "-id"], name="instance_unit"),
            models.Index(fields=["started_by", "-id"], name="instance_starter"),
            models.Index(fields=["subject"], name="instance_subject", condition=~Q(subject="")),
            BrinIndex(fields=["started_at"], name="instance_started_at"),
            models.Index(fields=["timer_at"], name="instance_timer", condition=Q(timer_at__isnull=False)),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.number

    @property
    def document(self) -> str:
        """How exceptions of separation and the ledger name it."""
        return f"process:{self.number}"


class EngineState(models.Model):
    """Where the engine stands in a running instance; gone when it has ended."""

    instance = models.OneToOneField(
        ProcessInstance, models.CASCADE, primary_key=True, related_name="engine"
    )
    state = models.TextField()  # JSON whose order counts: jsonb would not keep it


class ProcessTask(models.Model):
    """A step that a person does: offered to posts, claimed by one, done."""

    instance = models.ForeignKey(
        ProcessInstance, models.PROTECT, related_name="tasks", db_index=False
    )
    step = CodeField()  # the engine's token
    task = CodeField(_("Process step"))  # id in the diagram
    name = NameField(_("Process step"))
    role = CodeField(_("Role"), choices=Role)
    round = models.SmallIntegerField(_("Round"), default=1)
    state = CodeField(_("State"), choices=TaskState, default=TaskState.OPEN)
    posts = ArrayField(CodeField(), verbose_name=_("Posts"))
    unit = models.ForeignKey("identity.Unit", models.PROTECT, related_name="+", db_index=False)
    offered_at = models.DateTimeField(_("Since"))
    due_at = models.DateTimeField(_("Due"), null=True)
    assignee = models.ForeignKey(
        "identity.Person",
        models.PROTECT,
        verbose_name=_("With"),
        null=True,
        related_name="+",
        db_index=False,
    )
    claimed_at = models.DateTimeField(_("Taken up"), null=True)
    ended_at = models.DateTimeField(_("Ended"), null=True)
    done_by = models.ForeignKey(
        "identity.Person",
        models.PROTECT,
        verbose_name=_("Done by"),
        null=True,
        related_name="+",
        db_index=False,
    )
    acting_for = models.ForeignKey(
        "identity.Person", models.PROTECT, null=True, related_name="+", db_index=False
    )
    is_returned = models.BooleanField(_("Sent back"), default=False)
    whom: list["TaskAsked"]  # of a task of `ProcessInstance.known`
    # Of the people asked, the part that must agree; null: one person decides.
    share = models.DecimalField(_("Share"), max_digits=4, decimal_places=3, null=True)
    escalated_at = models.DateTimeField(_("Told as late"), null=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["instance", "id"], name="processtask_instance"),
            models.Index(
                fields=["due_at"],
                name="processtask_due",
                condition=Q(state__in=["open", "claimed"], escalated_at=None),
            ),
            models.Index(
                fields=["assignee", "due_at"], name="processtask_mine", condition=Q(state="claimed")
            ),
            models.Index(fields=["unit"], name="processtask_offered", condition=Q(state="open")),
            models.Index(
                fields=["done_by", "-ended_at"], name="processtask_done", condition=Q(state="done")
            ),
            BrinIndex(fields=["offered_at"], name="processtask_offered_at"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["instance", "step", "round"], name="processtask_once"),
            models.CheckConstraint(
                condition=~Q(state="claimed") | Q(assignee__isnull=False), name="processtask_claimed"
            ),
            models.CheckConstraint(condition=~Q(state="done") | Q(done_by__isnull=False), name="processtask_done_by"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.instance_id} {self.task}"

    @property
    def is_open(self) -> bool:
        """Somebody still has to do it."""
        return self.state in OPEN_STATES


class TaskAsked(models.Model):
    """Whose opinion a task waits for: all holders of its posts, or somebody who was added."""

    task = models.ForeignKey(ProcessTask, models.PROTECT, related_name="asked", db_index=False)
    person = models.ForeignKey(
        "identity.Person", models.PROTECT, verbose_name=_("Asked"), related_name="+", db_index=False
    )
    asked_by = models.ForeignKey(  # null: the process asks the holders of the posts
        "identity.Person", models.PROTECT, null=True, related_name="+", db_index=False
    )
    answered_at = models.DateTimeField(_("Answered"), null=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(
                fields=["person"], name="taskasked_open", condition=Q(answered_at__isnull=True)
            )
        ]
        constraints = [models.UniqueConstraint(fields=["task", "person"], name="taskasked_once")]


class FormEntry(models.Model):
    """What somebody wrote on the form of a task, as it was sent; never changed.

    One for each task, and before it one for each person whose opinion was asked.
    """

    task = models.ForeignKey(
        ProcessTask, models.DO_NOTHING, db_constraint=False, related_name="entries", db_index=False
    )
    asked = models.ForeignKey(  # null: the entry with which the task was done
        TaskAsked,
        models.DO_NOTHING,
        db_constraint=False,
        null=True,
        related_name="+",
        db_index=False,
    )
    data = models.JSONField()
    opinion = CodeField(_("Opinion"), default="", blank=True)
    digest = CodeField(_("Digest"))
    person = models.ForeignKey(
        "identity.Person", models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False
    )
    acting_for = models.ForeignKey(
        "identity.Person",
        models.DO_NOTHING,
        db_constraint=False,
        null=True,
        related_name="+",
        db_index=False,
    )
    seen = CodeField(_("Digest of what was decided on"), default="", blank=True)
    is_signed = models.BooleanField(_("Signed with the password"), default=False)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["task", "asked"], name="formentry_once", nulls_distinct=False
            )
        ]


class ProcessNote(models.Model):
    """What happened to an instance beside its tasks; never changed."""

    instance = models.ForeignKey(
        ProcessInstance,
        models.DO_NOTHING,
        db_constraint=False,
        related_name="notes",
        db_index=False,
    )
    task = models.ForeignKey(
        ProcessTask,
        models.DO_NOTHING,
        db_constraint=False,
        null=True,
        related_name="+",
        db_index=False,
    )
    kind = CodeField(_("What"), choices=NoteKind)
    text = models.TextField(_("Text"), default="", blank=True)
    facts = models.JSONField(default=dict)
    person = models.ForeignKey(
        "identity.Person", models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False
    )
    acting_for = models.ForeignKey(
        "identity.Person",
        models.DO_NOTHING,
        db_constraint=False,
        null=True,
        related_name="+",
        db_index=False,
    )
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["instance", "id"], name="processnote_instance")]


class FormDraft(models.Model):
    """What a person has typed and not sent yet."""

    task = models.ForeignKey(ProcessTask, models.CASCADE, related_name="drafts", db_index=False)
    person = models.ForeignKey("identity.Person", models.CASCADE, related_name="+", db_index=False)
    data = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task", "person"], name="formdraft_once")]


class ProcessWatch(models.Model):
    """Who watches an instance; that it was sent back or has ended after `since` is news."""

    instance = models.ForeignKey(ProcessInstance, models.PROTECT, related_name="watches")
    person = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    since = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "instance"], name="processwatch_once")
        ]


class FieldRemark(models.Model):
    """Somebody who worked on a step noted that its form does not fit, and what would.

    Open, until a revision takes it up; answered when that ends. Of a revision that is withdrawn
    it is open again.
    """

    task = models.ForeignKey(ProcessTask, models.PROTECT, related_name="+", db_index=False)
    code = CodeField(_("Process"))
    version = models.IntegerField(_("Version"))
    step = CodeField(_("Process step"))  # id in the diagram
    field = CodeField(_("Field"), default="", blank=True)  # empty: the form as a whole
    kind = CodeField(_("What does not fit"), choices=RemarkKind)
    text = models.TextField(_("What was met"))
    proposal = models.TextField(_("Proposal"), default="", blank=True)
    unit = models.ForeignKey("identity.Unit", models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey("identity.Person", models.PROTECT, related_name="+", db_index=False)
    acting_for = models.ForeignKey(
        "identity.Person", models.PROTECT, null=True, related_name="+", db_index=False
    )
    at = models.DateTimeField(_("When"))
    revision = models.ForeignKey(ProcessInstance, models.PROTECT, null=True, related_name="+")
    outcome = CodeField(_("Answer"), choices=RemarkOutcome, default="", blank=True)
    answer = models.TextField(_("Answer"), default="", blank=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["code", "-id"], name="fieldremark_code")]
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at=None, outcome="")
                | (Q(closed_at__isnull=False, revision__isnull=False) & ~Q(outcome="") & ~Q(answer="")),
                name="fieldremark_answered",
            )
        ]  # fmt: skip


class CatalogueFile(models.Model):
    """A file of the utility's catalogue as received, with what its check found."""

    digest = CodeField(_("Digest"), unique=True)
    name = NameField(_("File"))
    content = models.BinaryField()
    row_count = models.IntegerField(_("Rows"), default=0)
    faults = models.JSONField(default=list)  # row, field, text of each
    uploaded_at = models.DateTimeField(_("Received"))
    uploaded_by = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    taken_at = models.DateTimeField(_("Taken"), null=True)
    taken_by = models.ForeignKey("identity.Person", models.PROTECT, null=True, related_name="+")


class CatalogueItem(models.Model):
    """A sub-item of the utility's own catalogue of business: never invented, always imported."""

    place = models.IntegerField()
    module = NameField(_("Module"))
    business_class = NameField(_("Business class"))
    item = NameField(_("Business item"))
    sub_item = NameField(_("Sub-item"))
    code = CodeField(_("Code"), unique=True)
    owner_post = CodeField(_("Post that answers for it"), default="", blank=True)
    pack = CodeField(_("Pack"), default="", blank=True)

    class Meta:
        ordering = ["place"]


class WideAcceptance(models.Model):
    """A leader knows of rights that nothing needs, and lets them stand for a while.

    It holds for these rights and these people; another one waits for a word of its own.
    """

    key = CodeField(unique=True)  # as `overwide.Wide.key` has it
    rights = ArrayField(CodeField(), verbose_name=_("Rights"))
    people = ArrayField(models.BigIntegerField())
    reason = models.TextField(_("Reason"))
    valid_through = models.DateField(_("Through"))
    accepted_by = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    accepted_at = models.DateTimeField(_("Accepted"))


class DutyAcceptance(models.Model):
    """A leader knows of a way by which one person could do both, and lets it stand for a while.

    It grants nothing: on the same instance the person is refused as before.
    """

    key = CodeField(unique=True)  # as `duties.Path.key` has it
    person = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    reason = models.TextField(_("Reason"))
    valid_through = models.DateField(_("Through"))
    accepted_by = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    accepted_at = models.DateTimeField(_("Accepted"))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(accepted_by=F("person")), name="dutyacceptance_other"
            )
        ]
