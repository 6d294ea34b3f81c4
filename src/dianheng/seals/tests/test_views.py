"""Pages of seals: who may see and do what, and that nothing typed is lost."""

import pytest
from django.urls import reverse

from dianheng.identity.tests.factories import metering_centre, person_with
from dianheng.seals.models import Seal

from .factories import sealed_meter, seals_in_stock

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper(client):
    person = person_with(
        "seals.view", "seals.enrol", "seals.issue", "seals.apply", "seals.open", "seals.scrap",
        login="keeper", name="封印管理员",
    )  # fmt: skip
    client.force_login(person, backend="dianheng.identity.backends.PersonBackend")
    return person


def test_the_list_shows_filters_and_finds_by_first_digits(client, keeper):
    seals_in_stock("JD26000001", "JD26000003")
    page = client.get(reverse("seals"), {"state": "in_stock", "q": "jd2600000"})
    assert page.status_code == 200 and page.content.count(b"JD2600000") >= 3
    assert client.get(reverse("seals"), {"state": "lost"}).content.count(b"JD26000001") == 0


def test_a_seal_shows_its_device_and_its_life(client, keeper):
    device = sealed_meter("qualified")
    seal = Seal.objects.get(device=device)
    page = client.get(reverse("seal", args=[seal.seal_no]))
    assert device.barcode in page.content.decode()
    assert reverse("seal_open", args=[seal.seal_no]) in page.content.decode()


def test_numbers_are_entered_issued_and_taken_back_by_page(client, keeper):
    unit = metering_centre().pk
    answer = client.post(
        reverse("seals_enrol"),
        {"kind": "verification", "unit": unit, "numbers": "JD26000001..JD26000003\n"},
    )
    assert answer.status_code == 302 and Seal.objects.count() == 3
    answer = client.post(reverse("seals_issue"), {"person": "封印管理员", "numbers": "JD26000001"})
    assert answer.status_code == 302 and Seal.objects.get(seal_no="JD26000001").holder == keeper
    assert client.post(reverse("seals_give_back"), {"numbers": "JD26000001"}).status_code == 302


def test_what_cannot_be_entered_is_listed_and_stays_in_the_form(client, keeper):
    seals_in_stock("JD26000001", "JD26000001")
    answer = client.post(
        reverse("seals_enrol"),
        {"kind": "verification", "unit": metering_centre().pk, "numbers": "JD26000001\nJD26000002"},
    )
    text = answer.content.decode()
    assert answer.status_code == 409 and "JD26000002" in text
    assert Seal.objects.count() == 1


def test_an_opening_is_recorded_with_its_reason(client, keeper):
    device = sealed_meter("qualified")
    number = Seal.objects.get(device=device).seal_no
    url = reverse("seal_open", args=[number])
    assert client.post(url, {"reason": ""}).status_code == 200
    assert client.post(url, {"reason": "表盖破损"}).status_code == 302
    assert Seal.objects.get(seal_no=number).state == "removed"


def test_other_pages_do_their_work(client, keeper):
    device = sealed_meter("qualified")
    seals_in_stock("JD26000001", "JD26000002")
    person_with("seals.view", login="li", name="李见证")
    assert client.post(
        reverse("seals_apply"),
        {"device": device.barcode, "position": "terminal_cover", "seal_no": "JD26000001", "kind": "verification"},
    ).status_code == 302  # fmt: skip
    assert client.post(
        reverse("seals_scrap"), {"numbers": "JD26000002", "witness": "李见证", "reason": "破损"}
    ).status_code == 302  # fmt: skip
    assert (
        client.post(reverse("seals_lose"), {"numbers": "JD26000001", "reason": "丢失"}).status_code
        == 302
    )
    assert set(Seal.objects.filter(seal_no__startswith="JD").values_list("state", flat=True)) == {
        "lost",
        "scrapped",
    }


@pytest.mark.parametrize(
    "name",
    [
        "seals",
        "seals_enrol",
        "seals_issue",
        "seals_give_back",
        "seals_apply",
        "seals_scrap",
        "seals_lose",
        "seals_receive",
    ],
)
def test_each_page_asks_for_its_right(client, name):
    client.force_login(
        person_with(login="nobody"), backend="dianheng.identity.backends.PersonBackend"
    )
    assert client.get(reverse(name)).status_code == 403


@pytest.mark.parametrize(
    "name",
    [
        "seals_enrol",
        "seals_issue",
        "seals_give_back",
        "seals_apply",
        "seals_scrap",
        "seals_lose",
        "seals_receive",
    ],
)
def test_each_form_opens(client, keeper, name):
    assert client.get(reverse(name)).status_code == 200
