"""Pages of standards: each shows, says what may not be done and why, and calls its service."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from dianheng.identity.services import system_actor, unit_make
from dianheng.identity.tests.factories import metering_centre, person_with
from dianheng.standards.models import LaboratoryAuthorisation, StandardInstallation
from dianheng.standards.views.laboratory import due_tone

from .factories import equipment, examined

pytestmark = pytest.mark.django_db


def log_in(client, person):
    client.force_login(person, backend="dianheng.identity.backends.PersonBackend")
    return person


@pytest.fixture
def engineer(client):
    return log_in(client, person_with("*", login="engineer", name="林标准"))


def page(client, name, *args, status=200, **query):
    answer = client.get(reverse(name, args=args), query)
    assert answer.status_code == status, answer.content.decode()[:2000]
    return answer.content.decode()


def all_pages():
    return [
        ("laboratory",), ("standards",), ("standard", "STD-0001"), ("standard", "BENCH-01"),
        ("standard_certificate", "STD-0001"), ("authorisation_new",), ("installation_new",),
        ("installation", "BZ-01"), ("installation_certificate", "BZ-01"), ("installation_equip", "BZ-01"),
        ("installation_stop", "BZ-01"), ("environment_new",),
        ("paper_withdraw", "authorisation", LaboratoryAuthorisation.objects.get().pk),
    ]  # fmt: skip


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_shows_in_both_languages(client, engineer, language):
    examined()
    client.cookies["django_language"] = language
    for name, *args in all_pages():
        text = page(client, name, *args)
        assert "%(" not in text and "{{" not in text, name


def test_who_may_see_nothing_sees_nothing(client):
    examined()
    log_in(client, person_with("assets.view", login="guest", name="客"))
    for name, *args in all_pages():
        answer = client.get(reverse(name, args=args))
        assert answer.status_code in (403, 404), name


def test_another_laboratory_is_not_shown(client):
    examined()
    other = unit_make(code="OTHER", name="别处", kind="county", actor=system_actor())
    log_in(client, person_with("*", login="stranger", name="外人", unit=other))
    for name, *args in (("standard", "STD-0001"), ("installation", "BZ-01")):
        assert client.get(reverse(name, args=args)).status_code == 404
    assert "STD-0001" not in page(client, "standards")


def test_a_laboratory_is_set_up_by_page(client, engineer):
    unit = metering_centre().pk
    bench = equipment("BENCH-09", "bench", "CL3000", 10)
    standard = equipment("STD-0009", "standard_meter", "CL311")
    paper = {"issuer": "省局", "valid_from": "2024-01-01", "valid_through": "2030-12-31"}
    client.post(
        reverse("authorisation_new"),
        {
            "unit": unit,
            "number": "A-1",
            "scope": "电能表",
            "kinds": ["single_phase_meter"],
            **paper,
        },
    )
    client.post(
        reverse("installation_new"),
        {
            "unit": unit,
            "code": "BZ-09",
            "name": "单相标准",
            "project": "ac_meter",
            "kinds": ["single_phase_meter"],
            "bench": bench.pk,
        },
    )
    client.post(reverse("installation_certificate", args=["BZ-09"]), {"number": "K-1", **paper})
    client.post(
        reverse("installation_equip", args=["BZ-09"]),
        {"device": "STD-0009", "role": "main", "valid_from": "t"},
    )
    client.post(
        reverse("standard_certificate", args=["STD-0009"]),
        {"number": "C-1", "accuracy_class": "0.05", **paper},
    )
    made = StandardInstallation.objects.get()
    assert made.parts.get().device == standard and made.certificates.get().number == "K-1"
    assert (
        standard.certificates.get().accuracy_class == "0.05"
        and LaboratoryAuthorisation.objects.exists()
    )
    text = page(client, "laboratory")
    assert "state-good" in text and "K-1" in text
    answer = client.post(
        reverse("authorisation_new"),
        {"unit": unit, "number": "A-1", "scope": "x", "kinds": ["single_phase_meter"], **paper},
    )
    assert answer.status_code == 200 and LaboratoryAuthorisation.objects.count() == 1


def test_due_colours(client, engineer):
    today = timezone.localdate()
    days = {None: "bad", -1: "bad", 0: "warn", 90: "warn", 91: "good"}
    for day, tone in days.items():
        assert due_tone(None if day is None else today + timedelta(days=day), 90) == tone


def test_the_move_of_the_papers_changed_no_table(capsys):
    for app, name in (("standards", "0001_initial"), ("verification", "0004_standards_room")):
        call_command("sqlmigrate", app, name)
        said = capsys.readouterr().out.split("\n")
        assert [line for line in said if line and not line.startswith("--")] == [
            "BEGIN;",
            "COMMIT;",
        ]
