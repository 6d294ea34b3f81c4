"""What a laboratory has ends once: nothing that was withdrawn or stopped comes back into force."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from dianheng.common.errors import BadInput, Refused
from dianheng.identity.models import AuditBatch
from dianheng.identity.services import system_actor, unit_make
from dianheng.identity.tests.factories import actor_with, person_with
from dianheng.standards.models import InstallationCertificate
from dianheng.standards.services import (
    installation_equip,
    installation_stop,
    installation_unequip,
    paper_withdraw,
)

from .factories import examined
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
