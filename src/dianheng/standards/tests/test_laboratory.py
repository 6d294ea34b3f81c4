"""What a laboratory has ends once: nothing that was withdrawn or stopped comes back into force."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from dianheng.common.errors import Refused
from dianheng.identity.services import system_actor, unit_make
from dianheng.identity.tests.factories import person_with
from dianheng.standards.models import InstallationCertificate
from dianheng.standards.services import installation_stop, paper_withdraw

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
