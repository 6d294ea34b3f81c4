"""Pages of devices and places: what they show, who may see them, what may be done."""

import pytest

from dianheng.assets.choices import METERS, STANDARDS, TRANSFORMERS, DeviceKind
from dianheng.assets.models import Device, DeviceModel, Manufacturer, Place
from dianheng.assets.services import device_register, devices_transition
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
    for word in ("DDZY285", "5(60)A", "1200", "检定任务单 T1", "在检"):
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
        "/makers/",
        "/devices/registers/",
        "/devices/registers/new/",
        "/devices/registers/words/",
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


def test_the_scan_page_asks_who_scans_what_it_is_and_what_it_shows(page, django_assert_num_queries):
    """Session, person with rights, what the code means, the device with its unit."""
    meters(2)
    page(f"/scan/?code={barcode(1)}")
    with django_assert_num_queries(4):
        assert barcode(2) in page(f"/scan/?code={barcode(2)}")


def test_what_is_drawn_once_for_a_language_is_drawn_for_each(client, page):
    assert "搜索：" in page("/scan/")
    client.cookies["django_language"] = "en"
    text = page("/scan/")
    assert "Search: number, name, page" in text and "搜索：" not in text


def test_a_place_is_renamed_by_page_and_tells_its_former_name(client):
    place = store()
    client.force_login(person_with("*", name="罗明"), backend=BACKEND)
    answer = client.post(
        f"/places/{place.code}/change/", {"name": "中心一号库", "capacity": "", "is_active": "on"}
    )
    assert answer["Location"] == f"/places/{place.code}/"
    text = client.get(answer["Location"]).content.decode()
    assert f"<del>{place.name}</del> → 中心一号库" in text
    assert "罗明" in text
    client.force_login(person_with("assets.view", login="reader"), backend=BACKEND)
    assert client.get(f"/places/{place.code}/").status_code == 200
    assert client.get(f"/places/{place.code}/change/").status_code == 403


def test_a_place_that_holds_devices_stays_open(client):
    meters(1)
    place = store()
    client.force_login(person_with("*"), backend=BACKEND)
    text = client.post(f"/places/{place.code}/change/", {"name": place.name}).content.decode()
    assert "内有设备，请先移走" in text
    assert Place.objects.get(pk=place.pk).is_active


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


def test_makers_and_models_are_added_changed_with_a_reason_and_switched_off(client):
    client.force_login(person_with("assets.view", "assets.master", "assets.enrol"), backend=BACKEND)
    client.post("/makers/new/", {"code": "WS", "name": "威胜集团有限公司", "short_name": "威胜"})
    made = Manufacturer.objects.get(code="WS")
    plate = {
        "manufacturer": made.pk,
        "code": "LMZ/1-0.66",
        "name": "电流互感器",
        "accuracy_class": "0.5S",
    }
    url = "/models/new/?kind=current_transformer"
    client.post(url, plate | {"ratio": "200/5", "more_security_factor": "5", "frequency_hz": "50"})
    model = DeviceModel.objects.get(manufacturer=made)
    assert (model.kind, model.ratio, model.parameters) == (
        "current_transformer",
        "200/5",
        {"security_factor": "5"},
    )
    again = client.post(url, plate)
    assert (
        "已有型号" in again.content.decode()
        and DeviceModel.objects.filter(manufacturer=made).count() == 1
    )
    device_register(
        model=model,
        barcode="LH0001",
        unit=metering_centre(),
        place=store(),
        state="in_service",
        actor=system_actor(),
    )
    changed = {
        "name": "低压电流互感器",
        "accuracy_class": "0.5S",
        "ratio": "300/5",
        "frequency_hz": "50",
    }
    page = "/models/WS/LMZ/1-0.66/"
    assert "请说明为何修改铭牌" in client.post(f"{page}change/", changed).content.decode()
    assert client.post(f"{page}change/", changed | {"reason": "铭牌更正"}).status_code == 302
    model.refresh_from_db()
    assert (model.ratio, model.is_active) == ("300/5", False)
    text = client.get(page).content.decode()
    assert "铭牌更正" in text and "<del>200/5</del> → 300/5" in text and "停用" in text


def test_every_kind_is_registered_with_the_facts_that_it_has(client):
    client.force_login(person_with("assets.view", "assets.enrol"), backend=BACKEND)
    model, place = single_phase_model(), store()
    data = {
        "model": model.pk, "barcode": "OLD-0009", "unit": metering_centre().pk, "place": place.code,
        "state": "awaiting_verification", "ownership": "utility", "protocol": "698.45", "esam_no": "E1",
        "prepayment": "remote", "key_state": "test", "comm_address": "000000000009",
    }  # fmt: skip
    client.post("/devices/new/?kind=single_phase_meter", data)
    meter = Device.objects.get(barcode="OLD-0009").meter
    assert (meter.protocol, meter.esam_no, meter.prepayment, meter.key_state) == (
        "698.45",
        "E1",
        "remote",
        "test",
    )
    form = client.get("/devices/new/?kind=single_phase_meter").context["form"]
    assert "预付费" in str(form["prepayment"]) or "费控" in str(
        form["prepayment"]
    )  # words, not codes
    for kind in DeviceKind.values:
        fields = client.get(f"/devices/new/?kind={kind}").context["form"].fields
        assert ("burden_va" in fields) == (kind in TRANSFORMERS)
        assert ("esam_no" in fields) == (kind in METERS)
        assert ("measuring_range" in fields) == (kind in STANDARDS)


def test_who_keeps_no_master_data_changes_none(client):
    client.force_login(person_with("assets.view"), backend=BACKEND)
    single_phase_model()
    for path in (
        "/makers/new/",
        "/makers/HL/change/",
        "/models/new/",
        "/models/HL/DDZY285/change/",
    ):
        assert client.get(path).status_code == 403, path
    assert client.get("/models/HL/DDZY285/").status_code == 200
