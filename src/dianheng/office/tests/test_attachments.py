"""Files and photos of a process: who sees it may add and take; the approval signs over them."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from dianheng.common.errors import BadInput, NotFound, Refused
from dianheng.documents.tests.reading import pages
from dianheng.documents.tests.sent import PNG, docx, sent
from dianheng.identity.models import Person
from dianheng.identity.services import actor_for_person, system_actor, unit_make
from dianheng.identity.tests.factories import PASSWORD, city_company, metering_centre
from dianheng.office.models import ProcessFile
from dianheng.office.services import files_add
from dianheng.workflow import services
from dianheng.workflow.registry import files_put_at
from dianheng.workflow.selectors import content_digest
from dianheng.workflow.tests.factories import head, holder, verifier, work_order
from dianheng.workflow.tests.test_services import APPLY

pytestmark = pytest.mark.django_db


@pytest.fixture
def order():
    """Written by the verifier; the head has to decide."""
    work_order()
    one = services.instance_start(
        code="work-order", unit=metering_centre(), title="三楼表箱进水", actor=verifier()
    )
    services.task_complete(task=one.tasks.get(), data=APPLY, actor=verifier())
    return one


def stranger():
    """A fitter of another station."""
    station = unit_make(
        code="ST", name="城关所", kind="station", parent=city_company(), actor=system_actor()
    )
    return actor_for_person(holder("yu", "于芳", "FITTER", station))


def login(client, actor):
    client.force_login(Person.objects.get(pk=actor.person_id))


def test_files_sent_twice_are_there_once(order):
    note = docx("进水")
    for _time in range(2):
        files_add(
            instance=order, sent=[sent("箱门.png", PNG), sent("说明.docx", note)],
            text="箱门关不上", actor=verifier(),
        )  # fmt: skip
    assert list(ProcessFile.objects.order_by("pk").values_list("name", "text", "person__name")) == [
        ("箱门.png", "箱门关不上", "张伟"), ("说明.docx", "箱门关不上", "张伟"),
    ]  # fmt: skip


def test_a_step_can_ask_whether_a_file_has_come(order):
    assert files_put_at(order) == []
    files_add(instance=order, sent=[sent("箱门.png", PNG)], actor=verifier())
    assert files_put_at(order) == [ProcessFile.objects.get().at]


def test_one_bad_file_keeps_all_out(order):
    with pytest.raises(BadInput):
        files_add(
            instance=order, sent=[sent("箱门.png", PNG), sent("a.pdf", b"<html>")], actor=verifier()
        )
    assert ProcessFile.objects.count() == 0


def test_who_does_not_see_the_process_adds_nothing(order):
    with pytest.raises(NotFound):
        files_add(instance=order, sent=[sent("箱门.png", PNG)], actor=stranger())
    assert ProcessFile.objects.count() == 0


def test_nothing_is_added_to_what_has_ended(order):
    services.instance_withdraw(instance=order, reason="已处理", actor=verifier())
    with pytest.raises(Refused) as refused:
        files_add(instance=order, sent=[sent("箱门.png", PNG)], actor=verifier())
    assert refused.value.refusal.code == "process_ended" and ProcessFile.objects.count() == 0


def test_a_file_that_came_after_the_approver_looked_refuses_the_approval(order):
    seen = content_digest(order)
    files_add(instance=order, sent=[sent("箱门.png", PNG)], actor=verifier())
    assert content_digest(order) != seen
    with pytest.raises(Refused) as refused:
        services.task_complete(
            task=order.tasks.latest("pk"), data={"opinion": "agree"}, actor=head(), seen=seen,
            password=PASSWORD,
        )  # fmt: skip
    assert refused.value.refusal.code == "changed"


def test_the_page_takes_files_shows_them_and_gives_them_out_to_be_saved(client, order):
    login(client, verifier())
    answer = client.post(
        reverse("process_files", args=[order.number]),
        {"files": [SimpleUploadedFile("箱门.html", PNG, "text/html")], "text": "关不上"},
        follow=True,
    )
    text = answer.content.decode()
    assert "箱门.html.png" in text and "关不上" in text and "已保存" in text
    one = ProcessFile.objects.get()
    login(client, head())
    given = client.get(reverse("process_file", args=[order.number, one.pk]))
    assert given.content == PNG and given["Content-Type"] == "image/png"
    assert given["Content-Disposition"].startswith("attachment;")
    assert given["X-Content-Type-Options"] == "nosniff"
    assert given["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_a_refused_file_is_named_on_the_page(client, order):
    login(client, verifier())
    answer = client.post(
        reverse("process_files", args=[order.number]),
        {"files": [SimpleUploadedFile("run.exe", b"MZ\x90\x00")]}, follow=True,
    )  # fmt: skip
    assert "run.exe" in answer.content.decode() and ProcessFile.objects.count() == 0


def test_a_stranger_gets_neither_file_nor_form(client, order):
    (one,) = files_add(instance=order, sent=[sent("箱门.png", PNG)], actor=verifier())
    login(client, stranger())
    address = reverse("process_files", args=[order.number])
    assert client.get(reverse("process_file", args=[order.number, one.pk])).status_code == 404
    assert client.post(address, {"files": [sent("b.png", PNG)]}).status_code == 404
    assert client.get(address).status_code == 405


def test_a_file_of_another_process_is_not_given_out_under_this_one(client, order):
    (one,) = files_add(instance=order, sent=[sent("箱门.png", PNG)], actor=verifier())
    other = services.instance_start(
        code="work-order", unit=metering_centre(), title="四楼", actor=verifier()
    )
    login(client, verifier())
    assert client.get(reverse("process_file", args=[other.number, one.pk])).status_code == 404


def test_the_sheet_lists_the_files_with_their_digests(client, order):
    (one,) = files_add(
        instance=order, sent=[sent("箱门.png", PNG)], text="箱门关不上", actor=verifier()
    )
    login(client, head())
    answer = client.get(reverse("approval_sheet", args=[order.number]))
    text = "".join("".join(pages(answer.content)).split())
    for part in ("附件", "箱门.png", "箱门关不上", one.file.digest[:16]):
        assert part in text, part
