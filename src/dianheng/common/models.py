"""Long work that people can leave and find again, and the views of lists they keep."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from .fields import CodeField, NameField


class JobState(models.TextChoices):
    """Where a job stands."""

    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")  # refused or broken; nothing of the unfinished part is kept
    STOPPED = "stopped", _("Stopped")  # by a person


JOB_TONES = {
    JobState.WAITING: "calm",
    JobState.RUNNING: "busy",
    JobState.DONE: "good",
    JobState.FAILED: "bad",
    JobState.STOPPED: "warn",
}


class Job(models.Model):
    """One piece of long work: what, for whom, how far, what came out.

    Rows are bookkeeping of the program, not records of the trade: what a job writes is
    audited, the job itself is not.
    """

    kind = CodeField()
    title = NameField()
    params = models.JSONField(default=dict)
    actor = models.ForeignKey("identity.Person", models.PROTECT, related_name="jobs")
    acting_for = models.ForeignKey("identity.Person", models.PROTECT, null=True, related_name="+")
    state = CodeField(choices=JobState, default=JobState.WAITING)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    text = models.TextField(default="", blank=True)
    result = models.JSONField(default=dict)
    errors = models.JSONField(default=list)
    attempts = models.IntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    stop_requested_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["actor", "-id"], name="job_actor")]

    @property
    def is_over(self) -> bool:
        """Nothing more will happen."""
        return self.state in (JobState.DONE, JobState.FAILED, JobState.STOPPED)

    @property
    def percent(self) -> int:
        """Progress, 0 to 100."""
        return min(100, self.done * 100 // self.total) if self.total else (100 * self.is_over)


class SavedView(models.Model):
    """Filters, order and columns of a list that a person or a team keeps under a name."""

    person = models.ForeignKey("identity.Person", models.CASCADE, related_name="saved_views")
    list_key = CodeField()
    name = NameField(_("Name"))
    query = models.TextField()
    shared_unit = models.ForeignKey("identity.Unit", models.CASCADE, null=True, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["person", "list_key", "name"], name="savedview_name"),
        ]
