"""Pages of the stock: figures that add up and lead on, locked stock on its way to the laboratory."""

from io import BytesIO

import pytest
from python_calamine import CalamineWorkbook

from dianheng.assets.models import Device, Place
from dianheng.assets.services import devices_transition, place_make
from dianheng.assets.tests.factories import barcode, box, store
from dianheng.identity.services import system_actor
from dianheng.identity.tests.factories import metering_centre, person_with
from dianheng.warehouse.models import Movement
from dianheng.warehouse.selectors import locked_devices, stock_figures, stock_places, stock_rows
from dianheng.warehouse.services import recheck_lock, stock_send

from .test_movements import county, county_store, ids, keeper, ready

pytestmark = pytest.mark.django_db
BACKEND = "dianheng.identity.backends.PersonBackend"


@pytest.fixture
def storekeeper(client):
    client.force_login(person_with("*", login="keeper", name="周库管"), backend=BACKEND)
    return client


def test_every_view_of_the_stock_gives_the_same_sum():
    target = box()
    devices = ready(7)
    devices_transition(
        device_ids=ids(devices[:3]), verb="move", place_id=target.pk, actor=system_actor()
    )
    stock_send(
        device_ids=ids(devices[5:]), purpose="distribute", to_place=county_store(), actor=keeper()
    )
    paths = ["/"]
    sums = {
        sum(row["total"] for row in stock_rows(paths)),
        sum(row["total"] for row in stock_places(paths)),
        sum(row["amount"] for row in stock_figures(paths)),
    }
    assert sums == {7}
    assert {row["code"]: row["total"] for row in stock_places(paths, store())} == {"ZX0001": 3}


def test_a_figure_leads_to_as_many_devices(storekeeper):
    ready(3)
    page = storekeeper.get("/stock/in/CK1/").content.decode()
    model = Device.objects.first().model_id
    link = f"/devices/?model={model}&amp;state=qualified&amp;place=CK1"
    assert link in page
    shown = storekeeper.get(link.replace("&amp;", "&")).content.decode()
    assert [barcode(n) in shown for n in (1, 2, 3)] == [True] * 3


def test_the_stock_is_exported_as_it_is_filtered(storekeeper):
    ready(2)
    file = storekeeper.get("/stock/lines/?state=qualified&export=xlsx")
    book = CalamineWorkbook.from_filelike(BytesIO(b"".join(file.streaming_content)))
    rows = book.get_sheet_by_index(0).to_python()
    assert rows[1][0] == "CK1"
    assert 2 in rows[1]
    assert len(rows) == 2


def test_locked_stock_is_listed_with_its_reason_and_handed_to_the_laboratory(storekeeper):
    room = place_make(
        code="SYS1",
        name="检定室",
        kind="laboratory",
        unit_id=metering_centre().pk,
        actor=system_actor(),
    )
    ready(2, days_ago=200)
    ready(1, first=20)
    recheck_lock(system_actor())
    assert {d.barcode: d.why for d in locked_devices()} == {
        barcode(1): "too_long", barcode(2): "too_long",
    }  # fmt: skip
    page = storekeeper.get("/stock/recheck/").content.decode()
    assert barcode(1) in page and barcode(20) not in page
    chosen = {"bulk": "for_test", "all": "1"}
    preview = storekeeper.post("/stock/recheck/", chosen)
    storekeeper.post(
        "/stock/recheck/",
        chosen | {
            "step": "confirm", "digest": preview.context["digest"], "request_key": "k-recheck",
            "to_place": "SYS1", "basis": "超期复检",
        },
    )  # fmt: skip
    movement = Movement.objects.get()
    assert (movement.purpose, movement.count, movement.to_place) == ("for_test", 2, room)
    assert locked_devices().count() == 2  # until the laboratory takes them into verification


def test_a_box_is_unpacked_onto_the_place_where_it_stands(storekeeper):
    target = box()
    devices_transition(
        device_ids=ids(ready(3)), verb="move", place_id=target.pk, actor=system_actor()
    )
    storekeeper.post("/stock/in/ZX0001/unpack/")
    assert set(Device.objects.values_list("place__code", flat=True)) == {"CK1"}
    assert Place.objects.get(code="ZX0001").parent == store()
    assert storekeeper.post("/stock/in/CK1/unpack/").status_code == 404


def test_a_movement_is_found_by_search_and_by_its_bar_code(storekeeper, client):
    ready(1)
    movement = stock_send(
        device_ids=ids(Device.objects.all()),
        purpose="distribute",
        to_place=county_store(),
        actor=keeper(),
    )
    assert movement.number in storekeeper.get(f"/find/?q={movement.number[-6:]}").content.decode()
    assert movement.number in storekeeper.get(f"/scan/?code={movement.number}").content.decode()
    client.force_login(person_with("assets.view", login="reader", unit=county()), backend=BACKEND)
    assert "/movements/" not in client.get(f"/find/?q={movement.number[-6:]}").content.decode()


@pytest.mark.parametrize("address", ["", "lines/", "in/CK1/", "recheck/", "ageing/", "scan/"])
def test_the_pages_ask_for_their_right(client, address):
    store()
    client.force_login(person_with("assets.view", login="reader"), backend=BACKEND)
    assert client.get(f"/stock/{address}").status_code == 403
    assert client.get("/movements/").status_code == 403


@pytest.mark.parametrize("door", ["refuse/", "close/", "take-back/"])
def test_the_other_side_of_a_hand_over_by_page(client, door):
    ready(2)
    movement = stock_send(
        device_ids=ids(Device.objects.all()),
        purpose="distribute",
        to_place=county_store(),
        actor=keeper(),
    )
    person_with("warehouse.view", login="driver", name="赵司机")
    who = "keeper" if door == "take-back/" else "county"
    unit = None if who == "keeper" else county()
    client.force_login(person_with("*", login=who, name="库管", unit=unit), backend=BACKEND)
    address = f"/movements/{movement.number}/{door}"
    assert client.get(address).status_code == 200
    assert client.post(address, {"reason": ""}).status_code == 200
    assert Movement.objects.get().state == "open"
    answer = client.post(address, {"reason": "运输事故", "answerable": "N-driver"})
    assert answer.status_code == 302
    assert Movement.objects.get().state == {
        "refuse/": "refused", "close/": "closed", "take-back/": "taken_back",
    }[door]  # fmt: skip
