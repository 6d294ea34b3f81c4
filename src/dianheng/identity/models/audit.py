"""The audit tables as the database made them (sql/audit.sql); read only."""

from django.db import models

from dianheng.common.fields import CodeField


class AuditBatch(models.Model):
    """One transaction that wrote: who, for whom, what, why, by which request."""

    actor = models.ForeignKey(
        "identity.Person", models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    actor_name = CodeField()
    acting_for = models.ForeignKey(
        "identity.Person", models.DO_NOTHING, null=True, db_constraint=False, related_name="+"
    )
    acting_for_name = CodeField()
    action = CodeField()
    reason = models.TextField()
    via = CodeField()
    request_id = CodeField()
    began_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "audit_batch"


class AuditStatement(models.Model):
    """One SQL statement of a batch: rows, digest, the columns it covers."""

    batch = models.ForeignKey(
        AuditBatch, models.DO_NOTHING, db_constraint=False, related_name="statements"
    )
    shape_id = models.IntegerField()
    operation = models.CharField(max_length=1)
    row_count = models.BigIntegerField()
    first_row = models.BigIntegerField(null=True)
    last_row = models.BigIntegerField(null=True)

    class Meta:
        managed = False
        db_table = "audit_statement"


class AuditSeal(models.Model):
    """A link of the chain over committed batches."""

    position = models.BigIntegerField(primary_key=True)
    batch = models.OneToOneField(AuditBatch, models.DO_NOTHING, db_constraint=False)
    previous = models.BinaryField()
    digest = models.BinaryField()
    sealed_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "audit_seal"
