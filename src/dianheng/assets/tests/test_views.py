"""Pages of devices and places: what they show, who may see them, what may be done."""

import pytest

from dianheng.assets.models import Device
from dianheng.assets.services import devices_transition
from dianheng.common.errors import BadInput
from dianheng.identity.services import system_actor, unit_make
from dianheng.identity.tests.factories import metering_centre, person_with

from .factories import barcode, box, meters, single_phase_model, store

pytestmark = pytest.mark.django_db
BACKEND = "dianheng.identity.backends.PersonBackend"


@pytest.fixture
def page(client):
    client.force_login(person_with("*"), backend=BACKEND)

    def get(address, status=200):
        answer = client.get(address)
        assert answer.status_code == status, (address, answer.status_code)
        return answer.content.decode()

    return get


def test_the_page_of_a_device_shows_plate_and_life(page):
    (device,) = meters(1)
    devices_transition(
        device_ids=[device.pk], verb="begin_verification", actor=system_actor(), document="task:T1"
    )
    text = page(f"/devices/{barcode(1)}/")
    for word in ("DDZY285", "5(60)A", "1200", "task:T1", "在检"):
        assert word in text


def test_the_list_finds_a_piece_of_a_number(page):
    meters(30)
    assert barcode(17) in page(f"/devices/?q={barcode(17)[14:21]}")
    assert barcode(17) not in page("/devices/?q=99999999")


def test_all_pages_open(page):
    meters(2)
    target = box()
    for address in (
        "/devices/",
        "/devices/new/",
        "/devices/states/",
        "/places/",
        "/places/new/",
        "/models/",
        "/scan/",
        f"/places/{target.code}/",
        f"/places/{store().code}/",
    ):
        page(address)
    for part in ("record/", "correct/", "lose/"):
        page(f"/devices/{barcode(1)}/{part}")


@pytest.mark.parametrize(
    ("code", "word"), [("]C1{device}", "DDZY285"), ("{box}", "12"), ("nonsense", "没有")]
)
def test_the_scan_page_says_what_it_is(page, code, word):
    meters(1)
    target = box()
    assert word in page("/scan/?code=" + code.format(device=barcode(1), box=target.code))


def test_a_device_of_another_unit_is_not_told(client):
    meters(1)
    other = unit_make(code="OTHER", name="邻县", kind="county", actor=system_actor())
    client.force_login(person_with("*", login="qian", unit=other), backend=BACKEND)
    assert client.get(f"/devices/{barcode(1)}/").status_code == 404
    assert barcode(1) not in client.get("/devices/").content.decode()
    assert "DDZY285" not in client.get(f"/scan/?code={barcode(1)}").content.decode()


def test_the_record_is_corrected_with_a_reason(client):
    (device,) = meters(1)
    client.force_login(person_with("*"), backend=BACKEND)
    form = client.get(f"/devices/{barcode(1)}/correct/").context["form"]
    data = {name: field.initial or "" for name, field in form.fields.items()} | {
        "serial_no": "NEW-1"
    }
    assert client.post(f"/devices/{barcode(1)}/correct/", data).status_code == 200
    answer = client.post(f"/devices/{barcode(1)}/correct/", data | {"reason": "抄录有误"})
    assert answer.status_code == 302
    assert Device.objects.get(pk=device.pk).serial_no == "NEW-1"
    text = client.get(f"/devices/{barcode(1)}/").content.decode()
    assert "NEW-1" in text
    assert "抄录有误" in text
    assert "NEW-1" in client.get(f"/devices/{barcode(1)}/record/").content.decode()


def test_a_device_is_registered_by_hand_once(client):
    model = single_phase_model()
    place = store()
    client.force_login(person_with("*"), backend=BACKEND)
    data = {
        "model": model.pk, "barcode": "OLD-0001", "unit": metering_centre().pk, "place": place.code,
        "state": "in_service", "ownership": "customer", "request_key": "r1",
    }  # fmt: skip
    assert client.post("/devices/new/", data).status_code == 302
    assert client.post("/devices/new/", data).status_code == 302
    again = client.post("/devices/new/", data | {"request_key": "r2"})
    assert again.status_code == 200
    assert Device.objects.get().state == "in_service"


def test_a_code_with_blanks_is_refused():
    from dianheng.assets.services import device_register

    model, place = single_phase_model(), store()
    with pytest.raises(BadInput):
        device_register(
            model=model,
            barcode="A B",
            unit=metering_centre(),
            place=place,
            state="in_service",
            actor=system_actor(),
        )
