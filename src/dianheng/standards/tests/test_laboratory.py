"""What a laboratory has ends once: nothing that was withdrawn or stopped comes back into force."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from dianheng.assets.models import StandardEquipment
from dianheng.common.errors import BadInput, Refused
from dianheng.identity.models import AuditBatch
from dianheng.identity.services import (
    post_define,
    post_hold,
    setting_change,
    system_actor,
    unit_make,
    write_batch,
)
from dianheng.identity.tests.factories import actor_with, metering_centre, person_with
from dianheng.standards.models import InstallationCertificate
from dianheng.standards.selectors import standards
from dianheng.standards.selectors.sendout import due_to_go
from dianheng.standards.selectors.testing import dossier
from dianheng.standards.services import (
    installation_certify,
    installation_equip,
    installation_stop,
    installation_unequip,
    paper_withdraw,
    standard_certify,
)

from .factories import equipment, examined, sent_out
from .test_pages import log_in, page

pytestmark = pytest.mark.django_db


def day(number):
    return timezone.localdate() + timedelta(days=number)


def test_what_was_withdrawn_or_stopped_is_moved_to_an_earlier_day_only():
    room = examined()
    paper = room.installation.certificates.get()
    held = InstallationCertificate.objects.get()  # as another page read it before

    def withdraw(on, of=paper):
        paper_withdraw(paper=of, withdrawn_on=on, reason="考核不合格", actor=system_actor())

    def stop(on):
        installation_stop(
            installation=room.installation, stopped_on=on, reason="搬迁", actor=system_actor()
        )

    withdraw(day(-10))
    stop(day(-10))
    for again in (-10, -9, 300):
        for act in (withdraw, stop, lambda on: withdraw(on, held)):
            with pytest.raises(Refused) as refused:
                act(day(again))
            assert refused.value.refusal.code == "ended"
    room.installation.refresh_from_db()
    paper.refresh_from_db()
    assert (paper.withdrawn_on, room.installation.stopped_on) == (day(-10), day(-10))
    withdraw(day(-20))
    stop(day(-20))
    room.installation.refresh_from_db()
    paper.refresh_from_db()
    assert (paper.withdrawn_on, room.installation.stopped_on) == (day(-20), day(-20))


def test_the_page_of_what_is_out_of_use_says_that_only_an_earlier_day_can_be_set(client):
    room = examined()
    log_in(client, person_with("*", login="engineer", name="林标准"))
    installation_stop(
        installation=room.installation, stopped_on=day(-1), reason="搬迁", actor=system_actor()
    )
    text = page(client, "installation", "BZ-01")
    assert "改为更早停用" in text and ">停用</a>" not in text
    url = reverse("installation_stop", args=["BZ-01"])
    answer = client.post(url, {"day": "t", "reason": "再停一次"})
    assert answer.status_code == 200 and "只能改为更早的日期" in answer.content.decode()


def test_a_paper_of_another_laboratory_is_not_named(client):
    paper = examined().installation.certificates.get()
    other = unit_make(code="OTHER", name="别处", kind="county", actor=system_actor())
    log_in(client, person_with("*", login="stranger", name="外人", unit=other))
    for kind, key in (
        ("installation", paper.pk),
        ("authorisation", paper.installation.unit.authorisations.get().pk),
        ("standard", paper.installation.parts.get().device.certificates.get().pk),
    ):
        text = page(client, "paper_withdraw", kind, key, status=404)
        assert paper.number not in text and "DNB-STD-0001" not in text


def test_a_standard_leaves_a_measuring_standard_and_may_come_back_later():
    room = examined()
    part = room.installation.parts.get()

    def equip(first, last=None):
        return installation_equip(
            installation=room.installation, device=room.standard, valid_from=day(first),
            valid_through=None if last is None else day(last), actor=system_actor(),
        )  # fmt: skip

    def leave(last, reason="送修", actor=None):
        actor = actor or system_actor()
        installation_unequip(part=part, valid_through=day(last), reason=reason, actor=actor)

    with pytest.raises(Refused) as refused:
        equip(0)
    assert refused.value.refusal.code == "overlap"
    with pytest.raises(BadInput):
        leave(-10, " ")
    with pytest.raises(Refused):
        leave(-10, actor=actor_with("verification.view", login="guest"))
    leave(-10)
    with pytest.raises(Refused) as refused:
        leave(-9)
    assert refused.value.refusal.code == "ended"
    part.refresh_from_db()
    assert part.valid_through == day(-10)
    with pytest.raises(Refused):
        equip(-10)
    again = equip(-5)
    assert list(room.installation.parts.order_by("valid_from")) == [part, again]
    leave(-20)
    equip(-19, -6)  # between the two


def test_a_standard_that_was_added_by_mistake_goes_by_page(client):
    room = examined()
    engineer = log_in(client, person_with("*", login="engineer", name="林标准"))
    part = room.installation.parts.get()
    url = reverse("installation_unequip", args=[part.pk])
    assert f'href="{url}"' in page(client, "installation", "BZ-01")
    answer = client.post(url, {"day": "t", "reason": ""})
    assert answer.status_code == 200 and list(answer.context["form"].errors) == ["reason"]
    typed = {"day": str(part.valid_from - timedelta(days=1)), "reason": "条码扫错"}
    assert client.post(url, typed).status_code == 302
    assert not room.installation.parts.exists()
    batch = AuditBatch.objects.get(action="installation.unequip")
    assert (batch.reason, batch.actor_id) == ("条码扫错", engineer.pk)
    assert client.post(url, typed).status_code == 404
    log_in(client, person_with("verification.view", login="reader", name="读者"))
    assert client.get(url).status_code == 403


def certified(device, number, first, last):
    return standard_certify(
        device=device, number=number, issuer="省院", valid_from=day(first), valid_through=day(last),
        takes_over=True, actor=system_actor(),
    )  # fmt: skip


def test_a_certificate_that_begins_later_puts_nothing_in_date_before_its_day(client):
    log_in(client, person_with("*", login="engineer", name="林标准"))
    device = equipment("STD-0009", "standard_meter", "CL311")
    certified(device, "DC-1", -400, -3)
    certified(device, "DC-2", 5, 370)
    found = standards().get(pk=device.pk)
    assert (found.certificate_no, found.certificate_through) == ("DC-1", day(-3))
    rows = client.get(reverse("standards"), {"q": "STD-0009"}).content.decode()
    assert "state-bad" in rows and "state-good" not in rows
    assert "尚未生效" in page(client, "standard", "STD-0009")


def test_a_standard_with_a_later_certificate_is_not_planned_again():
    device = equipment("STD-0009", "standard_meter", "CL311")
    certified(device, "DC-1", -300, 20)
    assert due_to_go(metering_centre(), day(90)).filter(pk=device.pk).exists()
    certified(device, "DC-2", 15, 379)
    assert standards().get(pk=device.pk).certificate_no == "DC-1"
    assert not due_to_go(metering_centre(), day(90)).filter(pk=device.pk).exists()


def test_a_measuring_standard_goes_by_the_certificate_that_has_begun(client):
    log_in(client, person_with("*", login="engineer", name="林标准"))
    room = examined()
    held = room.installation.certificates.get()
    with write_batch(actor=system_actor(), action="test.paper"):
        room.installation.certificates.update(valid_through=day(-1))
    installation_certify(
        installation=room.installation, number="[2027]江量标电证字第047号", issuer="局",
        valid_from=day(3), valid_through=day(1800), actor=system_actor(),
    )  # fmt: skip
    line = dossier(room.installation, day(0))[0]
    assert (line.what, line.detail, line.last_day) == ("certificate", held.number, day(-1))
    assert "state-bad" in page(client, "laboratory")


def test_two_certificates_of_a_measuring_standard_on_the_same_days_are_asked_about(client):
    log_in(client, person_with("*", login="engineer", name="林标准"))
    room = examined()
    held = room.installation.certificates.get()
    url = reverse("installation_certificate", args=[room.installation.code])
    paper = {
        "number": "[2027]江量标电证字第047号", "issuer": "局",
        "valid_from": str(held.valid_through), "valid_through": str(held.valid_through + timedelta(days=1800)),
    }  # fmt: skip
    text = client.post(url, paper).content.decode()
    assert held.number in text and "接替" in text
    assert room.installation.certificates.count() == 1
    assert client.post(url, paper | {"takes_over": "on"}).status_code == 302
    covered = paper | {
        "number": "第048号",
        "valid_from": str(held.valid_through + timedelta(days=1)),
        "takes_over": "on",
    }
    assert "第047号" in client.post(url, covered).content.decode()
    assert room.installation.certificates.count() == 2


def test_the_list_turns_amber_by_the_setting_of_due_days(client):
    log_in(client, person_with("*", login="engineer", name="林标准"))
    device = equipment("STD-0009", "standard_meter", "CL311")
    certified(device, "DC-1", -300, 50)
    with write_batch(actor=system_actor(), action="test.stop"):
        StandardEquipment.objects.filter(device=device).update(stopped_on=day(10))

    def tone():
        return client.get(reverse("standards"), {"q": "STD-0009"}).content.decode()

    assert "state-warn" in tone()
    setting_change(
        key="verification.due_days", value="30", reason="送检快", valid_from=day(0),
        actor=system_actor(),
    )  # fmt: skip
    assert "state-good" in tone()


def test_who_keeps_another_laboratory_is_offered_nothing_here(client):
    examined()
    order = sent_out(equipment("STD-0009", "standard_meter", "CL311"))
    person = log_in(client, person_with("verification.view", login="guest", name="李客"))
    other = unit_make(code="OTHER", name="别处", kind="county", actor=system_actor())
    keeper = post_define(
        code="KEEPER", name="标准员", rights=["verification.view", "verification.laboratory"],
        actor=system_actor(),
    )  # fmt: skip
    post_hold(
        person=person, post=keeper, unit=other, valid_from=day(-9), actor=system_actor()
    )  # fmt: skip
    doors = ('certificate/"', 'test/"', 'equip/"', 'stop/"', 'costs/"', 'left/"', "/withdraw/")
    for at in (
        ("laboratory",), ("installation", "BZ-01"), ("standard", "STD-0001"), ("sendout", order.number),
    ):  # fmt: skip
        shown = page(client, *at)
        assert not [door for door in doors if door in shown], at
    assert 'aria-disabled="true"' in page(client, "installation", "BZ-01")
