"""Pages of documents: who may see them, what leaves through them."""

import pytest

from dianheng.documents.models import DocumentCopy
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


def test_revoking_needs_a_reason_and_is_said_to_the_public(client, document):
    client.force_login(person_with("*"), backend="dianheng.identity.backends.PersonBackend")
    client.post(f"/certificates/{document.number}/end/", {"reason": " "})
    assert b'"entries":[]' in client.get("/public/revocations.json").content
    client.post(f"/certificates/{document.number}/end/", {"reason": "委托单位名称有误"})
    client.logout()
    assert document.number in client.get("/public/revocations.json").content.decode()
    assert client.get("/public/keys.json").status_code == 200
