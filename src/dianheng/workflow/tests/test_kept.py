"""Versions that the process keeps: read once, never changed by what runs on them."""

import json
from copy import deepcopy

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dianheng.identity.tests.factories import metering_centre
from dianheng.workflow import services
from dianheng.workflow.models import PackVersion, ProcessInstance
from dianheng.workflow.selectors import definition_of, kept, with_version

from .diagrams import assert_untouched
from .factories import head, verifier, work_order
from .test_services import APPLY, WORK

pytestmark = pytest.mark.django_db


def test_a_version_is_read_once_and_lists_leave_its_wide_columns_out():
    made = work_order()
    services.instance_start(
        code="work-order", unit=metering_centre(), title="表箱进水", actor=verifier()
    )
    [narrow] = with_version(ProcessInstance.objects.all())
    assert narrow.pack.get_deferred_fields() == {"plan", "bpmn", "spec"}
    whole = kept(narrow.pack)
    with CaptureQueriesContext(connection) as asked:
        assert kept(narrow.pack) is whole
    made.refresh_from_db()
    assert (len(asked), whole.plan, whole.spec) == (0, made.plan, made.spec)


def test_another_content_under_the_same_key_is_another_version():
    made = work_order()
    whole = kept(made)
    other = PackVersion(pk=made.pk, digest="of another database")
    assert kept(other) is not whole


def test_running_instances_change_nothing_of_the_version_they_share():
    whole = kept(work_order())
    before = deepcopy((whole.plan, whole.bpmn, whole.spec))
    for title in ("表箱进水", "表箱锈蚀"):
        one = services.instance_start(
            code="work-order", unit=metering_centre(), title=title, actor=verifier()
        )

        def send(data, actor, one=one):
            services.task_complete(task=one.tasks.latest("pk"), data=data, actor=actor)

        send(APPLY, verifier())
        services.task_send_back(task=one.tasks.latest("pk"), reason="内容不全", actor=head())
        for data, actor in (
            (APPLY, verifier()), ({"opinion": "agree"}, head()), (WORK, verifier()),
            ({"opinion": "agree"}, head()),
        ):  # fmt: skip
            send(data, actor)
        one.refresh_from_db()
        assert (one.state, one.pack_id) == ("done", whole.pk)
    assert kept(one.pack) is whole
    assert json.dumps((whole.plan, whole.bpmn, whole.spec)) == json.dumps(before)
    assert_untouched(definition_of(whole))
