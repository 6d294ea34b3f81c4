"""Pages of documents in a browser: nothing spills over, axe finds nothing."""

import pytest
from django.urls import reverse

from dianheng.documents.services import document_revoke, documents_issue
from dianheng.identity.services import system_actor
from dianheng.identity.tests.factories import metering_centre, person_with

from .test_services import draft, own_folder  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_pages_fit_and_axe_finds_nothing(look_at):
    actor, unit = system_actor(), metering_centre()
    valid, ended = documents_issue(drafts=[draft(), draft("result_notice")], actor=actor)
    document_revoke(document=ended, reason="样品编号有误", actor=actor)
    pages = [
        reverse("documents"), reverse("document", args=[valid.number]),
        reverse("document", args=[ended.number]), reverse("document_copies"), reverse("numbers"),
        reverse("issuing_bodies"), reverse("issuing_body", args=[unit.pk]),
    ]  # fmt: skip
    assert look_at(person_with("*", login="chief", name="秦主任"), pages) == []
