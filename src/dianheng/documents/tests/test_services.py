"""Documents: numbers in order, data and signature kept, copies counted, ends explained."""

import json

import pytest

from dianheng.common.errors import Refused
from dianheng.documents.models import DocumentCopy, IssuedDocument
from dianheng.documents.papers.samples import SAMPLES
from dianheng.documents.services import (
    Draft,
    document_pdf,
    document_revoke,
    documents_issue,
    number_void,
    numbers_take,
    revocations_signed,
)
from dianheng.documents.services.issue import known_keys
from dianheng.documents.signing.canonical import digest_of
from dianheng.documents.signing.revocations import read_revocations
from dianheng.identity.services import system_actor, write_batch
from dianheng.identity.tests.factories import actor_with, metering_centre

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.DATA = tmp_path
    settings.MEDIA_ROOT = tmp_path / "files"


def draft(kind="verification_certificate", **changes):
    paper = SAMPLES[kind]
    return Draft(
        kind=kind,
        paper=paper,
        unit_id=metering_centre().pk,
        subjects=("device:4130001000000446529641",),
        **changes,
    )


def test_a_certificate_is_issued_signed_and_says_what_it_was_made_from():
    (document,) = documents_issue(drafts=[draft()], actor=actor_with("documents.issue"))
    kept = IssuedDocument.objects.get()
    assert (
        kept.number
        == document.number
        == f"JZ{metering_centre().pk}-{document.issued_on.year}-000001"
    )
    assert digest_of(bytes(kept.data)) == kept.data_digest
    assert json.loads(bytes(kept.data))["data"]["number"] == kept.number
    assert kept.code_text.startswith("DH1~C~" + kept.number)
    assert kept.file.size > 10_000


def test_numbers_have_no_gaps_and_voids_are_explained():
    unit = metering_centre().pk
    with write_batch(actor=system_actor(), action="test.numbers"):
        assert numbers_take(key="arrival", unit_id=unit, year=2026, count=3)[-1].endswith("-000003")
    with pytest.raises(ZeroDivisionError), write_batch(actor=system_actor(), action="test.numbers"):
        numbers_take(key="arrival", unit_id=unit, year=2026)
        _ = 1 / 0
    void = number_void(
        key="arrival",
        unit_id=unit,
        year=2026,
        reason="纸张损坏",
        actor=actor_with("documents.issue"),
    )
    assert void.number.endswith("-000004")


def test_the_same_request_issues_once():
    actor = actor_with("documents.issue")
    first = documents_issue(drafts=[draft(), draft()], actor=actor, request_key="k")
    again = documents_issue(drafts=[draft(), draft()], actor=actor, request_key="k")
    assert [d.number for d in first] == [d.number for d in again]
    assert IssuedDocument.objects.count() == 2


def test_who_has_no_right_issues_nothing():
    with pytest.raises(Refused) as caught:
        documents_issue(drafts=[draft()], actor=actor_with("documents.view"))
    assert caught.value.refusal.code == "no_right"
    assert IssuedDocument.objects.count() == 0


def test_a_wrong_certificate_is_superseded_once_and_the_list_says_so():
    actor = actor_with("*")
    (wrong,) = documents_issue(drafts=[draft()], actor=actor)
    (right,) = documents_issue(drafts=[draft(supersedes=wrong, reason="等级写错")], actor=actor)
    with pytest.raises(Refused) as caught:
        document_revoke(document=wrong, reason="再次", actor=actor)
    assert caught.value.refusal.code == "document_ended"
    entry = read_revocations(revocations_signed(), known_keys()).of(wrong.number)
    assert (entry.status, entry.replaced_by, entry.reason) == (
        "superseded",
        right.number,
        "等级写错",
    )


def test_every_copy_stands_in_the_ledger():
    actor = actor_with("*")
    (document,) = documents_issue(drafts=[draft()], actor=actor)
    assert document_pdf(document=document, how="download", actor=actor).startswith(b"%PDF")
    document_pdf(document=document, how="print", copies=2, reason="客户领取", actor=actor)
    assert list(
        DocumentCopy.objects.order_by("id").values_list("how", "copies", "person__name")
    ) == [
        ("download", 1, "王检定"),
        ("print", 2, "王检定"),
    ]


def test_a_form_without_code_is_kept_as_data_and_composed_on_demand():
    actor = actor_with("*")
    (form,) = documents_issue(drafts=[draft("arrival_acceptance")], actor=actor)
    assert form.file is None
    assert form.code_text == ""
    assert document_pdf(document=form, how="download", actor=actor).startswith(b"%PDF")


def test_a_changed_file_on_the_disk_is_not_given_out(settings):
    from dianheng.documents.services import file_path

    actor = actor_with("*")
    (document,) = documents_issue(drafts=[draft()], actor=actor)
    path = file_path(document.file.digest)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(Refused) as caught:
        document_pdf(document=document, how="download", actor=actor)
    assert caught.value.refusal.code == "file_changed"
