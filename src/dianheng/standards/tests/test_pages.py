"""Pages of standards: each shows, says what may not be done and why, and calls its service."""

from datetime import timedelta
from decimal import Decimal
from functools import partial
from urllib.parse import quote_plus

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from dianheng.assets.choices import DeviceState
from dianheng.assets.models import Device, StandardEquipment
from dianheng.identity.services import system_actor, unit_make, write_batch
from dianheng.identity.tests.factories import metering_centre, person_with
from dianheng.standards.models import (
    LaboratoryAuthorisation,
    OutsideStandard,
    Reminder,
    StandardCertificate,
    StandardInstallation,
    StandardTest,
)
from dianheng.standards.services import (
    authorisation_record,
    outside_standard_save,
    reminders_tick,
    standard_certify,
)
from dianheng.standards.services import test_record as record_test
from dianheng.standards.todo import papers_due
from dianheng.standards.views.common import due_tone

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


def whole():
    """A laboratory with everything that a page can show."""
    examined()
    standard = equipment("STD-0002", "instrument", "KY60")
    today = timezone.localdate()
    standard_certify(
        device=standard, number="DC-9", issuer="省院", valid_from=today - timedelta(days=360),
        valid_through=today + timedelta(days=5), higher_standard="省级标准",
        values=[["电压", "220 V", "220.03", "-0.03", "0.02", "2", "V"]],
        sent=SimpleUploadedFile("证书.pdf", b"%PDF-1.7 scanned"), actor=system_actor(),
    )  # fmt: skip
    reminders_tick()
    for days_ago in (400, 35):
        record_test(
            installation=StandardInstallation.objects.get(), kind="stability", point="220 V, 5 A, 1.0",
            done_on=today - timedelta(days=days_ago), check_standard="BZ0099", unit="%",
            readings=[Decimal("0.02"), Decimal("0.03"), Decimal("0.02")], limit=Decimal("0.05"),
            actor=system_actor(),
        )  # fmt: skip


def all_pages():
    key = StandardCertificate.objects.get(number="DC-9").pk
    return [
        ("laboratory",), ("standards",), ("standard", "STD-0001"), ("standard", "BENCH-01"),
        ("standard_certificate", "STD-0001"), ("authorisation_new",), ("installation_new",),
        ("installation", "BZ-01"), ("installation_certificate", "BZ-01"), ("installation_equip", "BZ-01"),
        ("installation_stop", "BZ-01"), ("environment_new",),
        ("paper_withdraw", "authorisation", LaboratoryAuthorisation.objects.get().pk),
        ("certificate", key), ("certificate_values", key), ("outside_standards",), ("outside_standard_new",),
        ("outside_standard", OutsideStandard.objects.first().pk), ("reminders",),
        ("reminder", Reminder.objects.first().pk), ("test_new", "BZ-01"), ("environment_records",), ("environment_file",),
        ("standard_test", StandardTest.objects.latest("pk").pk), ("test_correct", StandardTest.objects.latest("pk").pk),
        ("installation_unequip", StandardInstallation.objects.get().parts.get().pk),
    ]  # fmt: skip


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_shows_in_both_languages(client, engineer, language):
    whole()
    client.cookies["django_language"] = language
    for name, *args in all_pages():
        text = page(client, name, *args)
        assert "%(" not in text and "{{" not in text, name


def test_who_may_see_nothing_sees_nothing(client):
    whole()
    log_in(client, person_with("assets.view", login="guest", name="客"))
    for name, *args in all_pages():
        answer = client.get(reverse(name, args=args))
        assert answer.status_code in (403, 404), name


def test_from_a_standard_one_comes_to_what_it_touched(client, engineer):
    whole()
    asked = f"{reverse('trace_add')}?cause=standard&amp;code=STD-0001"
    assert f'href="{asked}"' in page(client, "standard", "STD-0001")
    form = page(client, "trace_add", cause="standard", code="STD-0001")
    assert 'value="STD-0001"' in form
    log_in(client, person_with("verification.view", login="reader", name="读者"))
    text = page(client, "standard", "STD-0001")
    assert asked not in text and "影响范围" in text  # seen, with the reason why not


def test_from_a_standard_of_another_body_too_once_ours_were_certified_with_it(client, engineer):
    whole()
    outside, button = OutsideStandard.objects.get(), 'href="/traces/add/?cause=outside&amp;code='
    text = page(client, "outside_standard", outside.pk)
    assert button + quote_plus(str(outside)) in text
    assert f'value="{outside}"' in page(client, "trace_add", cause="outside", code=outside)
    unused = outside_standard_save(body="市院", name="工作标准", actor=system_actor())
    assert button not in page(client, "outside_standard", unused.pk)
    log_in(client, person_with("verification.laboratory", login="keeper", name="管标准"))
    text = page(client, "outside_standard", outside.pk)
    assert button not in text and "影响范围" in text  # seen, with the reason why not


def test_another_laboratory_is_not_shown(client):
    whole()
    other = unit_make(code="OTHER", name="别处", kind="county", actor=system_actor())
    log_in(client, person_with("*", login="stranger", name="外人", unit=other))
    certificate, reminder = StandardCertificate.objects.get(number="DC-9"), Reminder.objects.get()
    for name, *args in (
        ("standard", "STD-0001"), ("installation", "BZ-01"), ("certificate", certificate.pk),
        ("certificate_file", certificate.pk), ("reminder", reminder.pk),
    ):  # fmt: skip
        assert client.get(reverse(name, args=args)).status_code == 404
    assert "STD-0001" not in page(client, "standards")
    assert "DC-9" not in page(client, "reminders")


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


def test_a_certificate_comes_with_scan_pasted_values_and_what_stands_above(client, engineer):
    whole()
    today = timezone.localdate()
    url = reverse("standard_certificate", args=["STD-0002"])
    paper = {
        "number": "DC-10", "issuer": "省院", "valid_from": "t", "valid_through": str(today + timedelta(364)),
        "higher_standard": "省级标准", "values": "电压\t220 V\t220,03\t\t\t\tV\n电压\t\tx\t\t\t\tV",
    }  # fmt: skip
    answer = client.post(url, paper)
    text = answer.content.decode()
    assert answer.status_code == 200 and "220,03" in text
    for said in ("第 1 行", "第 2 行：“测量点”为空", "“x”不是数"):
        assert said in text, said
    paper["values"] = "电压\t220 V\t220.031\t-0.031\t0.02\t2\tV"
    text = client.post(url, paper).content.decode()
    assert (
        "DC-9" in text
        and "接替" in text
        and not StandardCertificate.objects.filter(number="DC-10").exists()
    )
    scan = SimpleUploadedFile("新证书.pdf", b"%PDF-1.7 new")
    assert client.post(url, paper | {"takes_over": "on", "sent": scan}).status_code == 302
    made = StandardCertificate.objects.get(number="DC-10")
    assert made.higher_outside == OutsideStandard.objects.get() and made.points.count() == 1
    assert "220.031" in page(client, "certificate", made.pk)
    answer = client.get(reverse("certificate_file", args=[made.pk]))
    assert answer.content == b"%PDF-1.7 new" and answer["X-Content-Type-Options"] == "nosniff"
    assert '<svg class="chain"' in page(client, "standard", "STD-0002")
    table = SimpleUploadedFile(
        "v.csv", "项目,测量点,示值,单位\n电压,220 V,220.032,V\n".encode("gb18030")
    )
    answer = client.post(
        reverse("certificate_values", args=[made.pk]), {"table": table, "reason": "复核"}
    )
    assert answer.status_code == 302 and str(made.points.get().value) == "220.032"


def test_the_end_of_a_paper_is_acknowledged_on_its_page_and_leaves_the_list_of_things_to_do(
    client, engineer
):
    whole()
    found = Reminder.objects.get()
    address = reverse("reminder", args=[found.pk])
    assert address in page(client, "home") and "提前 1 个月" in page(client, "reminders")
    assert client.post(address, {"word": ""}).status_code == 200
    assert client.post(address, {"word": "12 月送检"}).status_code == 302
    assert address not in page(client, "home")
    text = page(client, "reminders")
    assert (
        "林标准" in text
        and "12 月送检" in text
        and "DC-9" not in page(client, "reminders", seen="open")
    )
    assert "DC-9" in page(client, "reminders", seen="seen")


def test_the_chain_of_other_bodies_is_completed_by_page(client, engineer):
    whole()
    client.post(
        reverse("outside_standard_new"), {"body": "国家院", "name": "国家基准", "is_national": "on"}
    )
    low, high = OutsideStandard.objects.get(body="省院"), OutsideStandard.objects.get(body="国家院")
    data = {"body": "省院", "name": "省级标准", "valid_through": "t-1", "higher": high.pk}
    assert client.post(reverse("outside_standard", args=[low.pk]), data).status_code == 302
    text = page(client, "standard", "STD-0002")
    assert "chain-national" in text and "chain-bad" in text and "chain-warn" in text
    answer = client.post(
        reverse("outside_standard", args=[high.pk]),
        {"body": "国家院", "name": "国家基准", "higher": low.pk},
    )
    assert answer.status_code == 200 and "国家基准 → 省级标准 → 国家基准" in answer.content.decode()


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


def test_what_is_renewed_or_out_of_use_is_not_due(client, engineer):
    def due():
        group = papers_due(client.get(reverse("laboratory")).wsgi_request)
        return [(item.label, item.text) for one in group for item in one.items]

    facts = {
        "issuer": "省局",
        "scope": "电能表",
        "kinds": ["single_phase_meter"],
        "actor": system_actor(),
    }
    today = timezone.localdate()
    old, soon, later = (today + timedelta(days=n) for n in (-400, 5, 800))
    authorisation_record(
        unit=metering_centre(), number="A-2019", valid_from=old, valid_through=old, **facts
    )
    standard = equipment("STD-0002", "instrument", "KY60")
    certify = partial(standard_certify, issuer="省院", valid_from=old, actor=system_actor())
    certify(device=standard, number="DC-9", valid_through=soon)
    certify(device=equipment("STD-0003", "instrument", "KY60"), number="DC-8", valid_through=soon)
    unit = metering_centre().name
    assert due() == [
        (unit, "A-2019"),
        ("STD-0002 标准电能表", "DC-9"),
        ("STD-0003 标准电能表", "DC-8"),
    ]
    authorisation_record(
        unit=metering_centre(), number="A-2025", valid_from=old, valid_through=later, **facts
    )
    with write_batch(actor=system_actor(), action="test.stop"):
        StandardEquipment.objects.filter(device=standard).update(stopped_on=today)
        Device.objects.filter(barcode="STD-0003").update(state=DeviceState.SCRAPPED)
    assert due() == []


def test_a_scan_that_is_no_document_is_refused_beside_its_field(client, engineer):
    equipment("STD-0002", "instrument", "KY60")
    typed = {"number": "DC-1", "issuer": "省院", "valid_from": "t", "valid_through": "t+364"}
    url = reverse("standard_certificate", args=["STD-0002"])
    answer = client.post(url, typed | {"sent": SimpleUploadedFile("x.pdf", b"MZ\0\0")})
    assert answer.status_code == 200 and list(answer.context["form"].errors) == ["sent"]
    assert "x.pdf" in answer.context["form"].errors["sent"][0]
    assert not StandardCertificate.objects.exists()
