"""Pages of documents: who may see them, what leaves through them."""

import pytest

from dianheng.documents.models import DocumentCopy, NumberSeries, VoidNumber
from dianheng.documents.selectors import number_series
from dianheng.documents.services import documents_issue
from dianheng.identity.services import system_actor, unit_make
from dianheng.identity.tests.factories import actor_with, person_with

from .test_services import draft, own_folder  # noqa: F401

pytestmark = pytest.mark.django_db


@pytest.fixture
def document():
    return documents_issue(
        drafts=[draft()], actor=actor_with("documents.issue", login="zhao", name="赵")
    )[0]


def test_the_list_and_the_page_show_the_document(client, document):
    client.force_login(
        person_with("documents.view", "documents.print"),
        backend="dianheng.identity.backends.PersonBackend",
    )
    assert document.number in client.get("/certificates/").content.decode()
    page = client.get(f"/certificates/{document.number}/").content.decode()
    assert document.data_digest in page
    pdf = client.get(f"/certificates/{document.number}/pdf/")
    assert pdf["Content-Type"] == "application/pdf"
    assert DocumentCopy.objects.get().how == "download"
    assert client.get(f"/certificates/{document.number}/data/").content == bytes(document.data)


def test_another_unit_sees_nothing(client, document):
    other = unit_make(code="OTHER", name="邻县", kind="county", actor=system_actor())
    client.force_login(
        person_with("*", login="qian", unit=other),
        backend="dianheng.identity.backends.PersonBackend",
    )
    assert document.number not in client.get("/certificates/").content.decode()
    for part in ("", "pdf/", "data/"):
        assert client.get(f"/certificates/{document.number}/{part}").status_code == 403
    assert DocumentCopy.objects.count() == 0


def test_without_the_right_to_print_no_copy_leaves(client, document):
    client.force_login(
        person_with("documents.view"), backend="dianheng.identity.backends.PersonBackend"
    )
    assert client.get(f"/certificates/{document.number}/pdf/").status_code == 403
    assert DocumentCopy.objects.count() == 0


def test_the_page_of_numbers_explains_every_gap(client, document):
    log_in(client, person_with("documents.view", "documents.issue"))
    series = NumberSeries.objects.get(key=document.kind)
    client.post("/numbers/", {"series": series.pk, "reason": " "})
    assert VoidNumber.objects.count() == 0
    client.post("/numbers/", {"series": series.pk, "reason": "套打纸损坏"})
    void = VoidNumber.objects.get()
    assert void.number.endswith("-000002")
    text = client.get("/numbers/").content.decode()
    assert void.number in text and "套打纸损坏" in text
    (row,) = number_series([document.unit_id])
    assert (row.last, row.issued, row.voids, row.unexplained) == (2, 1, 1, 0)


def test_a_number_is_made_void_only_by_who_may_issue_for_its_unit(client, document):
    series = NumberSeries.objects.get(key=document.kind)
    log_in(client, person_with("documents.view"))
    assert client.post("/numbers/", {"series": series.pk, "reason": "x"}).status_code == 403
    other = unit_make(code="OTHER", name="邻县", kind="county", actor=system_actor())
    log_in(client, person_with("*", login="qian", unit=other))
    assert series.prefix not in client.get("/numbers/").content.decode()
    client.post("/numbers/", {"series": series.pk, "reason": "x"})
    assert VoidNumber.objects.count() == 0


def log_in(client, person):
    client.force_login(person, backend="dianheng.identity.backends.PersonBackend")


def test_revoking_needs_a_reason_and_is_said_to_the_public(client, document):
    client.force_login(person_with("*"), backend="dianheng.identity.backends.PersonBackend")
    client.post(f"/certificates/{document.number}/end/", {"reason": " "})
    assert b'"entries":[]' in client.get("/public/revocations.json").content
    client.post(f"/certificates/{document.number}/end/", {"reason": "委托单位名称有误"})
    client.logout()
    assert document.number in client.get("/public/revocations.json").content.decode()
    assert client.get("/public/keys.json").status_code == 200


def test_the_head_of_another_units_papers_stays_closed(client, document):
    other = unit_make(code="OTHER", name="邻县", kind="county", actor=system_actor())
    log_in(client, person_with("*", login="qian", unit=other))
    assert client.get(f"/issuing-bodies/{document.unit_id}/").status_code == 403
    assert client.get(f"/issuing-bodies/{other.pk}/").status_code == 200


def test_the_check_page_has_the_list_of_the_moment_and_is_not_kept(client, document):
    first = client.get("/public/check.html")
    log_in(client, person_with("*"))
    client.post(f"/certificates/{document.number}/end/", {"reason": "委托单位名称有误"})
    client.logout()
    second = client.get("/public/check.html")
    assert document.number not in first.content.decode()
    assert document.number in second.content.decode()
