"""A row written by the statement kept for it is the row that Django would have written."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from dianheng.common.rows import row_insert, row_update
from dianheng.identity.services import write_batch
from dianheng.identity.tests.factories import metering_centre
from dianheng.workflow import services
from dianheng.workflow.models import ProcessInstance, ProcessNote, ProcessTask

from .factories import verifier, work_order

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 1, 8, tzinfo=UTC)


@pytest.fixture
def order():
    work_order()
    one = services.instance_start(
        code="work-order", unit=metering_centre(), title="表箱进水", actor=verifier()
    )
    with write_batch(actor=verifier(), action="test"):
        yield one


def a_task(order: ProcessInstance, step: str) -> ProcessTask:
    return ProcessTask(
        instance=order, step=step, task="apply", name="填写“工单”", role="handle", posts=["V", '甲,"乙"'],
        unit=metering_centre(), offered_at=AT, due_at=AT + timedelta(hours=8), share=Decimal("0.667"),
    )  # fmt: skip


def a_note(order: ProcessInstance) -> ProcessNote:
    facts = {"原因": ["内容不全", 1, None], "deep": {"a": "b"}}
    return ProcessNote(instance=order, kind="remark", facts=facts, person=order.started_by, at=AT)


def columns(row, *without):
    (found,) = type(row).objects.filter(pk=row.pk).values()
    return {name: value for name, value in found.items() if name not in ("id", *without)}


def test_a_row_is_inserted_with_every_column(order):
    one, other = a_task(order, "s1"), row_insert(a_task(order, "s2"))
    one.save()
    assert columns(one, "step") == columns(other, "step")
    assert (other.step, other._state.adding) == ("s2", False)
    note, noted = a_note(order), row_insert(a_note(order))
    note.save()
    assert columns(note) == columns(noted)


def test_a_row_is_updated_in_the_columns_that_are_named(order):
    task = row_insert(a_task(order, "s1"))
    before = columns(task)
    task.state, task.assignee, task.claimed_at = "claimed", order.started_by, AT
    task.name = "not to be written"
    row_update(task, "state", "assignee", "claimed_at")
    changed = {"state": "claimed", "assignee_id": order.started_by_id, "claimed_at": AT}
    assert columns(task) == before | changed


def test_what_the_database_refuses_is_refused(order):
    row_insert(a_task(order, "s1"))
    with pytest.raises(IntegrityError, match="processtask_once"), transaction.atomic():
        row_insert(a_task(order, "s1"))
