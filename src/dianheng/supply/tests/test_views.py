"""Pages of supply: each shows, and its buttons call the service."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from dianheng.assets.tests.factories import store
from dianheng.common.files import open_table
from dianheng.identity.tests.factories import metering_centre, person_with
from dianheng.metrology.draws import draw
from dianheng.supply.models import DeliveryFile, InspectionLot, PurchaseOrder
from dianheng.supply.seeds import delivery_rows, each_mistake_once, write_csv, write_xlsx
from dianheng.supply.services import acceptance_decide

from .factories import (
    FIRST_CODE,
    announced,
    asset,
    goods,
    judged,
    order_line,
    received,
    sample_codes,
    technical,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def chief(client):
    person = person_with("*", login="chief", name="秦主任")
    client.force_login(person, backend="dianheng.identity.backends.PersonBackend")
    return person


def page(client, name, *args, status=200, **query):
    answer = client.get(reverse(name, args=args), query)
    assert answer.status_code == status, answer.content.decode()[:2000]
    return answer.content.decode()


def send(client, line, path):
    file = SimpleUploadedFile(path.name, path.read_bytes())
    return client.post(
        reverse("delivery_new", args=[line.order.order_no, line.line_no]),
        {"file": file},
        follow=True,
    )


def test_an_order_is_entered_and_its_numbers_are_issued(client, chief):
    model = order_line(5, order_no="DD-0").model
    answer = client.post(
        reverse("order_new"),
        {
            "order_no": "DD-9", "manufacturer": model.manufacturer_id, "unit": metering_centre().pk, "ordered_on": "2026-06-01",
            "tender_batch": "2026-02", "model": model.pk, "quantity": "３０",
        },
    )  # fmt: skip
    assert answer.status_code == 302, answer.content.decode()
    line = PurchaseOrder.objects.get(order_no="DD-9").lines.get()
    assert line.quantity == 30
    first = f"{int(FIRST_CODE) + 1000}"
    client.post(reverse("segment_new", args=["DD-9", 1]), {"first": first, "count": "30"})
    assert line.segments.get().first_body == first
    assert line.segments.get().first_code in page(client, "order", "DD-9")
    assert "DD-9" in page(client, "orders")


def test_a_file_with_mistakes_is_shown_row_by_row_marked_and_refused(client, chief, tmp_path):
    line = order_line(200)
    path = write_xlsx(tmp_path / "faulty.xlsx", each_mistake_once(delivery_rows(goods(line), 200)))
    answer = send(client, line, path)
    delivery = DeliveryFile.objects.get()
    assert delivery.state == "faulty"
    text = answer.content.decode()
    assert "DTZY341" in text
    assert "DTZY341" not in page(client, "delivery", delivery.number, kind="formula")
    marked = client.get(reverse("delivery_marked", args=[delivery.number]))
    copy = tmp_path / "marked.xlsx"
    copy.write_bytes(marked.getvalue())
    rows = [cells for _no, cells in open_table(copy).rows()]
    assert (len(rows), rows[0][2]) == (201, "条形码")
    assert rows[11][0] and not rows[1][0]
    client.post(reverse("delivery_take", args=[delivery.number]))
    client.post(reverse("delivery_refuse", args=[delivery.number]), {"reason": "mistakes"})
    delivery.refresh_from_db()
    assert (delivery.state, delivery.reason) == ("refused", "mistakes")


def test_unknown_columns_are_asked_then_the_file_is_taken(client, chief, tmp_path):
    line = order_line(20)
    rows = [row[1:4] for row in delivery_rows(goods(line), 20)]
    answer = send(client, line, write_csv(tmp_path / "own.csv", rows, ["条形码", "甲", "型号"]))
    delivery = DeliveryFile.objects.get()
    assert (delivery.state, "column-1" in answer.content.decode()) == ("received", True)
    client.post(
        reverse("delivery_map", args=[delivery.number]),
        {"column-0": "barcode", "column-1": "serial_no", "column-2": "model"},
    )
    delivery.refresh_from_db()
    assert delivery.state == "checked"
    client.post(reverse("delivery_take", args=[delivery.number]))
    delivery.refresh_from_db()
    assert delivery.state == "taken"
    page(client, "delivery", delivery.number)


def test_who_has_no_right_sees_no_order(client):
    line = order_line(5)
    person = person_with("assets.view", login="guest", name="客")
    client.force_login(person, backend="dianheng.identity.backends.PersonBackend")
    assert page(client, "orders", status=403)
    assert page(client, "order", line.order.order_no, status=404)


# -- arrival, inspection, return


def test_an_arrival_is_opened_scanned_and_received_on_its_pages(client, chief, tmp_path):
    arrival = announced(24, tmp_path)
    number, place = arrival.number, store()
    page(client, "arrival", number)
    client.post(reverse("arrival_open", args=[number]), {"place": place.pk, "arrived_on": "t"})
    page(client, "arrival_scan", number)
    scans = [{"key": f"k{n}", "code": box.code} for n, box in enumerate(arrival.boxes.all())]
    answer = client.post(
        reverse("arrival_codes", args=[number]), {"scans": scans}, content_type="application/json"
    )
    assert answer.json()["total"] == 24
    client.post(reverse("arrival_confirm", args=[number]))
    arrival.refresh_from_db()
    assert (arrival.state, arrival.received) == ("received", 24)
    assert client.get(reverse("arrival_paper", args=[number])).content.startswith(b"%PDF")
    assert number in page(client, "arrivals")


def test_an_inspection_goes_its_steps_on_one_page_and_its_list_can_be_drawn_again(
    client, chief, tmp_path
):
    arrival = received(30, tmp_path)
    client.post(
        reverse("inspection_new", args=[arrival.lot.code]),
        {"arrivals": [arrival.pk], "split": "one", "level": "II", "aql_b": "1.0"},
    )  # fmt: skip
    inspection = InspectionLot.objects.get()
    number = inspection.number
    client.post(reverse("draw_publish", args=[number]))
    secret = inspection.draw.secret_seed
    assert secret not in page(client, "inspection", number)
    client.post(reverse("draw_close", args=[number]))
    text = page(client, "inspection", number)
    assert secret in text and "sampling redraw" in text
    codes = page(client, "inspection_devices", number).split()
    assert draw(secret, codes, 13) == tuple(sample_codes(inspection))
    assert client.get(reverse("inspection_paper", args=[number])).content.startswith(b"%PDF")
    page(client, "sample_record", number)
    client.post(
        reverse("sample_record", args=[number]),
        {"barcode": sample_codes(inspection)[0], "outcome": "fail", "item": "key_state", "tested_on": "t"},
    )  # fmt: skip
    client.post(reverse("sample_judge", args=[number]))
    inspection.refresh_from_db()
    assert (inspection.state, inspection.is_accepted) == ("judged", False)
    page(client, "acceptance_decide", number, "technical")


def test_a_return_order_is_notified_and_shipped_on_its_page(client, chief, tmp_path):
    inspection = judged(received(20, tmp_path), "A")
    for by, department in ((technical(), "technical"), (asset(), "asset")):
        acceptance_decide(
            inspection=inspection, department=department, opinion="reject", text="keys", actor=by
        )
    order = inspection.return_order
    assert order.number in page(client, "returns")
    page(client, "return_order", order.number)
    client.post(reverse("return_notify", args=[order.number]), {"demand": "replace"})
    client.post(reverse("return_ship", args=[order.number]), {"carrier": "SF"})
    order.refresh_from_db()
    assert order.state == "shipped"
    assert client.get(reverse("return_paper", args=[order.number])).content.startswith(b"%PDF")


def test_the_home_page_says_what_waits_for_whom(client, chief, tmp_path):
    inspection = judged(received(20, tmp_path))
    assert page(client, "home").count(f"inspections/{inspection.number}/") == 2
    acceptance_decide(
        inspection=inspection, department="technical", opinion="accept", actor=technical()
    )
    assert page(client, "home").count(f"inspections/{inspection.number}/") == 1
