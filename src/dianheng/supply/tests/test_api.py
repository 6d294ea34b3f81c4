"""Supply by machine: from order to decision; rights, repeats, and one form of refusal."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from dianheng.assets.models import Device
from dianheng.assets.tests.factories import store
from dianheng.identity.services import system_actor, token_make
from dianheng.identity.tests.factories import metering_centre, person_with
from dianheng.supply.models import (
    DeliveryFile,
    InspectionLot,
    NumberSegment,
    PurchaseOrder,
    ReturnOrder,
)
from dianheng.supply.seeds import delivery_rows, each_mistake_once, write_csv

from .factories import FIRST_CODE, drawn, goods, judged, order_line, received, sample_codes

pytestmark = pytest.mark.django_db


class Machine:
    """Calls with the token of a person."""

    def __init__(self, client, login, *rights, scopes=()):
        person = person_with(*rights, login=login, name=login)
        token = token_make(person=person, label="t", actor=system_actor(), scopes=list(scopes))
        self.client, self.head = client, {"HTTP_AUTHORIZATION": f"Bearer {token}"}

    def get(self, path, status=200):
        answer = self.client.get(f"/api/v1/{path}", **self.head)
        assert answer.status_code == status, answer.content.decode()
        return answer.json() if "json" in answer["Content-Type"] else answer

    def post(self, path, status=200, **data):
        answer = self.client.post(
            f"/api/v1/{path}", data, content_type="application/json", **self.head
        )
        assert answer.status_code == status, answer.content.decode()
        return answer.json()

    def send(self, path, file, status=201):
        sent = SimpleUploadedFile(file.name, file.read_bytes())
        answer = self.client.post(f"/api/v1/{path}", {"file": sent}, **self.head)
        assert answer.status_code == status, answer.content.decode()
        return answer.json()


@pytest.fixture
def machine(client):
    return Machine(client, "machine", "*")


def order_data(model, order_no="DD-R1"):
    return {
        "order_no": order_no, "manufacturer": model.manufacturer.code, "unit": metering_centre().code,
        "ordered_on": "2026-06-01", "tender_batch": "2026-09", "contract_no": "HT-R1",
        "lines": [{"model": model.code, "quantity": 30, "material_code": "500012345", "price_preset": "JM-2026-01"}],
        "request_key": f"k-{order_no}",
    }  # fmt: skip


def test_a_machine_goes_from_order_to_acceptance_with_the_same_services(client, tmp_path):
    buyer = Machine(client, "buyer", "supply.view", "supply.order", "supply.deliver")
    keeper = Machine(client, "keeper", "supply.view", "supply.receive")
    sampler = Machine(client, "sampler", "supply.view", "supply.inspect")
    model = order_line(5, order_no="DD-0").model
    made = buyer.post("orders", 201, **order_data(model))
    assert (made["order_no"], made["lines"][0]["quantity"], made["state"]) == ("DD-R1", 30, "open")
    first = f"{int(FIRST_CODE) + 1000}"
    segment = buyer.post("orders/DD-R1/lines/1/segments", 201, first=first, count=30)
    assert segment["first_code"].startswith(first)

    line = PurchaseOrder.objects.get(order_no="DD-R1").lines.get()
    path = write_csv(tmp_path / "d.csv", delivery_rows(goods(line), 30))
    number = buyer.send("orders/DD-R1/lines/1/deliveries", path)["number"]
    assert buyer.send("orders/DD-R1/lines/1/deliveries", path)["number"] == number
    checked = buyer.post(f"deliveries/{number}/check")
    assert (checked["state"], checked["rows"], checked["fault_count"]) == ("checked", 30, 0)
    taken = buyer.post(f"deliveries/{number}/take", with_warnings=True, request_key="t1")
    again = buyer.post(f"deliveries/{number}/take", with_warnings=True, request_key="t1")
    assert taken == again
    assert Device.objects.count() == 30

    arrival = taken["arrival"]
    keeper.post(f"arrivals/{arrival}/open", place=store().code, delivery_note_no="SH-9")
    codes = sorted(Device.objects.values_list("barcode", flat=True))
    scans = [{"key": code, "code": code} for code in codes[:29]]
    answer = keeper.post(f"arrivals/{arrival}/scans", scans=scans)
    assert (answer["total"], answer["results"][0]["outcome"]) == (29, "good")
    assert keeper.post(f"arrivals/{arrival}/scans", scans=scans)["total"] == 29
    found = keeper.post(
        f"arrivals/{arrival}/confirm", request_key="c1",
        checks=[{"check": "packing", "result": "完好", "conclusion": "pass"}],
    )  # fmt: skip
    assert (found["state"], found["short"], found["received"]) == ("partly", codes[29:], 29)

    lot = keeper.get(f"arrivals/{arrival}")["lot"]
    split = [[{"arrival": arrival, "first_code": codes[0], "last_code": codes[28]}]]
    (inspection,) = sampler.post(f"lots/{lot}/inspections", 201, split=split, request_key="s1")
    number = inspection["number"]
    assert sampler.post(f"lots/{lot}/inspections", 201, split=split, request_key="s1")[0][
        "number"
    ] == (number)
    published = sampler.post(f"inspections/{number}/publish")
    assert (published["draw"]["seed"], len(published["draw"]["seed_digest"])) == ("", 64)
    closed = sampler.post(f"inspections/{number}/close", request_key="d1")
    assert sampler.get(f"inspections/{number}/devices") == codes[:29]
    sample = closed["draw"]["sample"]
    results = [{"barcode": code} for code in sample]
    recorded = sampler.post(f"inspections/{number}/results", results=results, request_key="r1")
    assert recorded["count"] == len(sample) == 13
    assert sampler.post(f"inspections/{number}/judge")["is_accepted"] is True
    for login, department in (("tech", "technical"), ("asst", "asset")):
        signer = Machine(client, login, "supply.view", f"supply.decide_{department}")
        done = signer.post(f"inspections/{number}/decide", department=department, opinion="accept")
    assert (done["state"], len(done["opinions"])) == ("accepted", 2)
    assert sampler.get(f"lots/{lot}")["counts"] == {"on_order": 1, "awaiting_verification": 29}


def test_a_faulty_file_answers_every_fault_and_its_marked_copy(machine, tmp_path):
    line = order_line(200)
    path = write_csv(tmp_path / "f.csv", each_mistake_once(delivery_rows(goods(line), 200)))
    number = machine.send(f"orders/{line.order.order_no}/lines/1/deliveries", path)["number"]
    assert machine.client.get(
        f"/api/v1/deliveries/{number}/marked", **machine.head
    ).status_code == (404)
    checked = machine.post(f"deliveries/{number}/check")
    assert checked["state"] == "faulty"
    assert {"check_digit", "twice_in_file", "wrong_model", "formula"} <= {
        fault["code"] for fault in checked["faults"]
    }
    assert machine.post(f"deliveries/{number}/take", 409)["code"] == "delivery_faulty"
    marked = machine.get(f"deliveries/{number}/marked")
    assert io.BytesIO(marked.getvalue()).read(2) == b"PK"
    assert machine.post(f"deliveries/{number}/refuse", reason="faults")["state"] == "refused"
    assert not Device.objects.exists()


def test_an_unreadable_file_and_a_bad_order_name_what_is_wrong(machine, tmp_path):
    line = order_line(5)
    path = tmp_path / "x.xlsx"
    path.write_bytes(b"PK\x03\x04 cut off")
    answer = machine.send(f"orders/{line.order.order_no}/lines/1/deliveries", path, 422)
    assert answer["code"] == "bad_input"
    assert not DeliveryFile.objects.exists()
    bad = {**order_data(line.model, " "), "tender_batch": " "}
    bad["lines"] = [{"model": "NO", "quantity": 0}]
    fields = {error["field"] for error in machine.post("orders", 422, **bad)["errors"]}
    assert fields == {"order_no", "tender_batch", "model", "quantity"}
    assert machine.post("orders/DD-none/close", 404, reason="x")["code"] == "not_found"


def test_the_same_key_again_does_nothing_twice(machine):
    line = order_line(5, order_no="DD-0", has_segment=False)
    data = order_data(line.model)
    assert machine.post("orders", 201, **data) == machine.post("orders", 201, **data)
    segment = {"first": FIRST_CODE, "count": 5, "request_key": "seg"}
    one = machine.post("orders/DD-R1/lines/1/segments", 201, **segment)
    assert machine.post("orders/DD-R1/lines/1/segments", 201, **segment) == one
    assert (PurchaseOrder.objects.count(), NumberSegment.objects.count()) == (2, 1)
    del segment["request_key"]
    assert machine.post("orders/DD-R1/lines/1/segments", 409, **segment)["code"] == "segment_taken"


def test_the_sample_is_sent_and_reported_by_machine(machine, tmp_path):
    inspection = drawn(received(30, tmp_path))
    here = f"inspections/{inspection.number}/sent"
    assert machine.post(f"{here}/back", 404)["code"] == "not_found"
    assert machine.post(here, sent_to="省计量中心")["sent_state"] == "listed"
    own = {"results": [{"barcode": sample_codes(inspection)[0]}]}
    refused = machine.post(f"inspections/{inspection.number}/results", 409, **own)
    assert refused["code"] == "sample_sent"
    machine.post(f"{here}/hand-over", received_by_name="李收样")
    bad = [{"barcode": sample_codes(inspection)[0], "nonconformities": [{"item": "relay", "class": "C"}]}]  # fmt: skip
    today = {"report_no": "SJ-9", "report_on": "t"}
    assert machine.post(f"{here}/report", 422, **today)["errors"][0]["field"].endswith("report_on")
    from django.utils import timezone

    today["report_on"] = timezone.localdate().isoformat()
    sent = {**today, "failing": bad, "request_key": "rep"}
    assert machine.post(f"{here}/report", **sent) == machine.post(f"{here}/report", **sent)
    assert machine.post(f"{here}/back")["sent_state"] == "back"
    judged_ = machine.post(f"inspections/{inspection.number}/judge")
    assert (judged_["is_accepted"], judged_["judgement"]["counts"]["C"]) == (True, 1)


def test_a_return_is_notified_shipped_comes_back_and_is_submitted_again(machine, client, tmp_path):
    inspection = judged(received(30, tmp_path), "A")
    for login, department in (("tech", "technical"), ("asst", "asset")):
        Machine(client, login, "supply.view", f"supply.decide_{department}").post(
            f"inspections/{inspection.number}/decide", department=department, opinion="reject",
            text="keys",
        )  # fmt: skip
    number = ReturnOrder.objects.get().number
    assert len(machine.get(f"returns/{number}")["devices"]) == 30
    assert machine.post(f"returns/{number}/ship", 409)["code"] == "return_state"
    machine.post(f"returns/{number}/notify", demand="sort")
    machine.post(f"returns/{number}/ship", carrier="SF", request_key="x")
    assert machine.post(f"returns/{number}/ship", request_key="x")["state"] == "shipped"
    back = {"place": store().code, "devices": ["4130001000009999999990"]}
    refused = machine.post(f"returns/{number}/come-back", 422, **back)
    assert refused["errors"][0]["device"] == "4130001000009999999990"
    assert machine.post(f"returns/{number}/come-back", place=store().code)["count"] == 30
    again = machine.post(f"inspections/{inspection.number}/resubmit", 201, statement="sorted")
    assert (again["submission"], again["severity"]) == (2, "tightened")


def test_each_door_asks_for_its_right(client, tmp_path):
    inspection = judged(received(20, tmp_path))
    number, lot = inspection.number, inspection.lot.code
    arrival = inspection.parts.get().arrival.number
    guest = Machine(client, "guest", "assets.view")
    for path in (
        f"inspections/{number}",
        f"lots/{lot}",
        f"arrivals/{arrival}",
        "orders/DD-2026-001",
    ):
        assert guest.get(path, 403)["code"] == "no_right"
    for path in ("orders", "arrivals", "inspections", "returns"):
        assert guest.get(path) == {"items": [], "next": None}
    looker = Machine(client, "looker", "supply.view")
    assert [one["number"] for one in looker.get("inspections")["items"]] == [number]
    for path, data in (
        ("orders/DD-2026-001/close", {"reason": "x"}),
        ("orders/DD-2026-001/lines/1/segments", {"first": FIRST_CODE, "count": 1}),
        (f"arrivals/{arrival}/scans", {"scans": []}),
        (f"arrivals/{arrival}/confirm", {}),
        (f"lots/{lot}/inspections", {"split": []}),
        (f"inspections/{number}/judge", {}),
        (f"inspections/{number}/decide", {"department": "asset", "opinion": "accept"}),
        (f"inspections/{number}/report", {}),
        (f"inspections/{number}/sent", {"sent_to": "x"}),
        (f"lots/{lot}/returns", {"devices": [], "reason": "x"}),
    ):
        assert looker.post(path, 403, **data)["code"] == "no_right", path
    narrowed = Machine(client, "narrow", "*", scopes=["supply.view"])
    assert narrowed.post(f"inspections/{number}/judge", 403)["code"] == "no_right"
    assert InspectionLot.objects.get().state == "judged"


def test_the_schema_describes_every_door_of_supply(client):
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    doors = {
        path: call
        for path, calls in paths.items()
        for call in calls.values()
        if "supply" in call.get("tags", ())
    }
    assert len(doors) >= 35
    assert all(call["summary"] and call["description"] for call in doors.values())
    upload = paths["/api/v1/orders/{order_no}/lines/{line_no}/deliveries"]["post"]
    assert "multipart/form-data" in upload["requestBody"]["content"]
