"""Pages of documents in a browser: nothing spills over, axe finds nothing."""

import pytest
from django.urls import reverse

from dianheng.documents.services import document_revoke, documents_issue
from dianheng.identity.services import system_actor
from dianheng.identity.tests.factories import metering_centre, person_with
from dianheng.testing.browser import PHONE, axe_faults, overflow

from .test_services import draft, own_folder  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(
    ("size", "theme", "language"),
    [(None, "light", "zh-hans"), (PHONE, "dark", "en")],
    ids=["wide", "phone dark English"],
)
def test_pages_fit_and_axe_finds_nothing(visit, size, theme, language):
    actor, unit = system_actor(), metering_centre()
    valid, ended = documents_issue(drafts=[draft(), draft("result_notice")], actor=actor)
    document_revoke(document=ended, reason="样品编号有误", actor=actor)
    person = person_with("*", login="chief", name="秦主任")
    page = visit(person, "/", size=size, theme=theme, language=language)
    base, faults = page.url.rstrip("/"), []
    for path in (
        reverse("documents"), reverse("document", args=[valid.number]),
        reverse("document", args=[ended.number]), reverse("document_copies"), reverse("numbers"),
        reverse("issuing_bodies"), reverse("issuing_body", args=[unit.pk]),
    ):  # fmt: skip
        assert page.goto(base + path).status == 200, path
        faults += [f"{path}: {fault}" for fault in [*axe_faults(page), *overflow(page)]]
    assert "\n".join(faults + page.faults) == ""
