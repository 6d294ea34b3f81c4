"""Hand-overs with boxes and differences: short, over, foreign; refused; closed by whom."""

import pytest

from dianheng.assets.models import Device, DeviceEvent, Place
from dianheng.assets.services import devices_transition
from dianheng.assets.tests.factories import barcode, box, store
from dianheng.common.errors import BadInput, Refused
from dianheng.identity.models import Person
from dianheng.identity.services import actor_for_person, system_actor
from dianheng.identity.tests.factories import person_with
from dianheng.warehouse.models import Movement, MovementDifference, ScanSession
from dianheng.warehouse.papers import note
from dianheng.warehouse.selectors import open_for, refused_of, stock_differences
from dianheng.warehouse.services import (
    handover_close,
    handover_receive,
    handover_refuse,
    handover_take_back,
    session_book,
    session_damaged,
    session_make,
    session_scan,
    stock_send,
    stock_take_in,
)

from .test_movements import county, county_keeper, county_store, ids, keeper, ready

pytestmark = pytest.mark.django_db
BACKEND = "dianheng.identity.backends.PersonBackend"


def packed(count: int, first: int = 1, code: str = "ZX0001", capacity: int = 12) -> Place:
    """A box with qualified, sealed meters."""
    target = box(code, capacity)
    devices_transition(
        device_ids=ids(ready(count, first=first)),
        verb="move",
        place_id=target.pk,
        actor=system_actor(),
    )
    return target


def test_the_note_says_what_state_how_many_boxes_and_the_plate():
    target = packed(3)
    movement = stock_send(
        box_ids=[target.pk], purpose="distribute", to_place=county_store(), actor=keeper()
    )
    (line,) = note(movement).lines
    assert (line.quantity, line.boxes, line.state) == (3, 1, "qualified")
    assert line.specification == "220 V 5(60)A"


def sent(**goods) -> Movement:
    return stock_send(purpose="distribute", to_place=county_store(), actor=keeper(), **goods)


def receiving(movement: Movement, *codes: str) -> ScanSession:
    session = session_make(
        purpose="receive", unit=county(), actor=county_keeper(), movement=movement,
        to_place=county_store(),
    )  # fmt: skip
    session_scan(
        session_id=session.pk, actor=county_keeper(),
        scans=[{"key": f"k{n}", "code": code} for n, code in enumerate(codes)],
    )  # fmt: skip
    return ScanSession.objects.get(pk=session.pk)


def outcomes(session: ScanSession) -> list[tuple[str, str]]:
    return list(session.scans.values_list("code", "outcome"))


def test_a_box_travels_with_its_devices_and_means_them_on_arrival():
    one, two = packed(3), packed(2, first=20, code="ZX0002")
    movement = sent(box_ids=[one.pk, two.pk])
    assert set(Place.objects.filter(kind="box").values_list("parent__kind", flat=True)) == {
        "transit"
    }
    session = receiving(movement, "ZX0001")
    assert (session.count, session.expected) == (3, 5)
    part = session_book(session=session, actor=county_keeper())
    assert (part.state, part.received_count) == ("partly", 3)
    one.refresh_from_db()
    assert (one.parent, one.unit) == (county_store(), county())
    assert set(Device.objects.filter(place=one).values_list("unit__code", flat=True)) == {"COUNTY"}
    assert dict(movement.boxes.values_list("box__code", "state")) == {
        "ZX0001": "received",
        "ZX0002": "underway",
    }
    assert stock_differences() == []


def test_devices_taken_out_one_by_one_leave_the_box_which_comes_along_in_the_end():
    one = packed(2)
    movement = sent(box_ids=[one.pk])
    session_book(session=receiving(movement, barcode(1)), actor=county_keeper())
    assert Device.objects.get(barcode=barcode(1)).place == county_store()
    session_book(session=receiving(movement, barcode(2)), actor=county_keeper())
    movement.refresh_from_db()
    one.refresh_from_db()
    assert (movement.state, one.parent, one.unit) == ("done", county_store(), county())


def test_a_box_inside_a_box_goes_with_it_and_can_be_received_alone():
    outer, inner = box("ZX0009", 48), packed(2)
    stock_take_in(box_ids=[inner.pk], place=outer, actor=keeper())
    inner.refresh_from_db()
    assert inner.path.startswith(outer.path)
    movement = sent(box_ids=[outer.pk])
    assert movement.count == 2
    session_book(session=receiving(movement, "ZX0001"), actor=county_keeper())
    inner.refresh_from_db()
    outer.refresh_from_db()
    assert (inner.parent, outer.parent) == (county_store(), county_store())


def test_a_box_does_not_go_into_itself():
    outer, inner = box("ZX0009", 48), packed(2)
    stock_take_in(box_ids=[inner.pk], place=outer, actor=keeper())
    with pytest.raises(BadInput):
        stock_take_in(box_ids=[outer.pk], place=Place.objects.get(pk=inner.pk), actor=keeper())
    assert Place.objects.get(pk=outer.pk).parent == store()


def test_what_is_over_or_foreign_is_written_down_and_moves_nothing():
    on_it, over = ready(2), ready(1, first=50)
    foreign = ready(1, first=60)
    movement = sent(device_ids=ids(on_it))
    devices_transition(
        device_ids=ids(foreign), verb="move", place_id=county_store().pk, actor=system_actor()
    )
    session = receiving(movement, barcode(1), barcode(50), barcode(60), "4139999", barcode(50))
    assert [o for _code, o in outcomes(session)] == [
        "good",
        "refused",
        "refused",
        "refused",
        "refused",
    ]
    session_book(session=session, actor=county_keeper())
    assert list(MovementDifference.objects.values_list("kind", "code")) == [
        ("over", barcode(50)),
        ("foreign", barcode(60)),
        ("unknown", "4139999"),
    ]
    assert Device.objects.get(pk=over[0].pk).place == store()
    movement.refresh_from_db()
    assert movement.state == "partly"
    rows = {row.bar_code for row in note(movement).differences}
    assert rows == {barcode(2), barcode(50), barcode(60), "4139999"}


def test_what_is_on_the_way_moves_by_its_hand_over_only():
    one = packed(2)
    movement = sent(box_ids=[one.pk])
    for call in (
        lambda: stock_take_in(device_ids=ids(Device.objects.all()), place=store(), actor=keeper()),
        lambda: stock_take_in(box_ids=[one.pk], place=store(), actor=keeper()),
        lambda: sent(device_ids=ids(Device.objects.all())),
    ):
        with pytest.raises(Refused) as caught:
            call()
        assert caught.value.refusal.code == "on_the_way"
        assert movement.number in str(caught.value.refusal.errors[0]["text"])


def test_taking_back_puts_boxes_and_devices_where_they_stood():
    one, loose = packed(2), ready(1, first=30)
    movement = sent(box_ids=[one.pk], device_ids=ids(loose))
    handover_take_back(movement=movement, reason="车辆故障", actor=keeper())
    one.refresh_from_db()
    assert one.parent == store()
    assert dict(Device.objects.values_list("barcode", "place__code")) == {
        barcode(1): "ZX0001", barcode(2): "ZX0001", barcode(30): "CK1",
    }  # fmt: skip
    assert stock_differences() == []


def test_a_refused_hand_over_waits_for_the_side_that_handed_over():
    movement = sent(device_ids=ids(ready(2)))
    with pytest.raises(Refused) as caught:
        handover_refuse(movement=movement, reason="型号不对", actor=keeper())
    assert caught.value.refusal.code == "same_person"
    handover_refuse(movement=movement, reason="型号不对", actor=county_keeper())
    assert list(refused_of([store().unit_id])) == [movement]
    assert not open_for(county_keeper().person_id, [county().pk]).exists()
    with pytest.raises(Refused) as caught:
        handover_receive(
            movement=movement, device_ids=ids(Device.objects.all()), actor=county_keeper()
        )
    assert caught.value.refusal.code == "movement_over"
    handover_take_back(movement=movement, reason="收回", actor=keeper())
    assert set(Device.objects.values_list("place__code", flat=True)) == {"CK1"}


def test_what_was_received_in_part_is_not_refused():
    devices = ready(2)
    movement = sent(device_ids=ids(devices))
    handover_receive(movement=movement, device_ids=ids(devices[:1]), actor=county_keeper())
    with pytest.raises(Refused) as caught:
        handover_refuse(movement=movement, reason="少", actor=county_keeper())
    assert caught.value.refusal.code == "movement_over"


def test_closing_with_a_difference_names_who_answers_and_reports_the_rest_lost():
    devices = ready(3)
    movement = sent(device_ids=ids(devices))
    handover_receive(movement=movement, device_ids=ids(devices[:2]), actor=county_keeper())
    carrier = person_with("warehouse.view", login="driver", name="赵司机")
    for _n in range(2):
        closed = handover_close(
            movement=movement, reason="运输途中丢失,已报案", answerable=carrier,
            actor=county_keeper(), request_key="close-0001",
        )  # fmt: skip
    assert (closed.state, closed.answerable, closed.received_count) == ("closed", carrier, 2)
    assert Device.objects.get(pk=devices[2].pk).state == "lost"
    event = DeviceEvent.objects.get(device=devices[2], verb="lose")
    assert (event.facts, event.reason) == ({"answerable": "N-driver"}, "运输途中丢失,已报案")
    assert sorted(movement.lines.values_list("state", flat=True)) == [
        "missing",
        "received",
        "received",
    ]
    assert stock_differences() == []


@pytest.mark.parametrize("case", ["no reason", "answers oneself", "handed over", "no right"])
def test_a_difference_is_not_closed_by_whom_it_concerns(case):
    devices = ready(2)
    movement = sent(device_ids=ids(devices))
    carrier = person_with("warehouse.view", login="driver", name="赵司机")
    actor, answerable, reason = county_keeper(), carrier, "丢失"
    if case == "no reason":
        reason = " "
    elif case == "answers oneself":
        answerable = type(carrier).objects.get(login="county")
    elif case == "handed over":
        actor = keeper()
    else:
        actor = actor_for_person(carrier, via="page")
    with pytest.raises((Refused, BadInput)):
        handover_close(movement=movement, reason=reason, answerable=answerable, actor=actor)
    assert Movement.objects.get(pk=movement.pk).state == "open"
    assert set(Device.objects.values_list("state", flat=True)) == {"qualified"}


def test_a_scan_costs_the_same_however_many_were_scanned_before(django_assert_num_queries):
    ready(60)
    session = session_make(
        purpose="distribute", unit=store().unit, to_place=county_store(), actor=keeper()
    )

    def send(number):
        session_scan(
            session_id=session.pk,
            actor=keeper(),
            scans=[{"key": f"k{number}", "code": barcode(number)}],
        )

    send(1)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(
        connection,
    ) as few:
        send(2)
    for number in range(3, 50):
        send(number)
    with django_assert_num_queries(len(few)):
        send(50)
    assert ScanSession.objects.get(pk=session.pk).count == 50


# -- damage told at the bench of the receipt ---------------------------------------------------------


def refused_codes(act) -> list[str]:
    with pytest.raises(Refused) as caught:
        act()
    return [error["code"] for error in caught.value.refusal.errors]


def test_what_is_damaged_is_said_while_scanning_and_stands_on_the_line():
    devices = ready(3)
    movement = sent(device_ids=ids(devices))
    session = receiving(movement, barcode(1), barcode(2))
    say = {"session": session, "actor": county_keeper()}
    session_damaged(code=barcode(1), text="表盖有裂纹", **say)
    session_damaged(code=barcode(2), text="端子座松动", **say)
    session_damaged(code=f"]C1{barcode(1)}", text="表盖有裂纹，已拍照", **say)
    session_damaged(code=barcode(2), text="", **say)
    session_book(session=session, actor=county_keeper())
    assert list(movement.lines.order_by("device__barcode").values_list("state", "note")) == [
        ("damaged", "表盖有裂纹，已拍照"), ("received", ""), ("underway", ""),
    ]  # fmt: skip
    event = DeviceEvent.objects.filter(device=devices[0]).latest("pk")
    assert event.facts["damaged"] == "表盖有裂纹，已拍照"


def test_a_device_in_a_scanned_box_can_be_damaged_and_one_not_scanned_cannot():
    carton = packed(3)
    (loose,) = ready(1, first=40)
    movement = sent(device_ids=ids([loose]), box_ids=[carton.pk])
    session = receiving(movement, carton.code)
    say = {"session": session, "actor": county_keeper(), "text": "表盖有裂纹"}
    session_damaged(code=barcode(2), **say)
    for code in (loose.barcode, "no such code"):
        assert refused_codes(lambda: session_damaged(code=code, **say)) == ["not_received"]  # noqa: B023
    session_book(session=session, actor=county_keeper())
    assert movement.lines.filter(state="damaged").get().device.barcode == barcode(2)


def test_damage_of_a_scan_that_was_taken_back_is_forgotten():
    movement = sent(device_ids=ids(ready(2)))
    session = receiving(movement, barcode(1), barcode(2))
    session_damaged(session=session, code=barcode(1), text="表盖有裂纹", actor=county_keeper())
    session_scan(session_id=session.pk, actor=county_keeper(), scans=[{"key": "u", "undo": "k0"}])
    session_book(session=session, actor=county_keeper())
    assert sorted(movement.lines.values_list("state", flat=True)) == ["received", "underway"]


def test_damage_is_not_told_of_what_was_not_received():
    devices = ready(2)
    movement = sent(device_ids=ids(devices))
    assert refused_codes(
        lambda: handover_receive(
            movement=movement, device_ids=ids(devices[:1]), actor=county_keeper(),
            damaged={devices[1].pk: "表盖有裂纹"},
        )
    ) == ["not_received"]  # fmt: skip
    assert set(movement.lines.values_list("state", flat=True)) == {"underway"}


def test_damage_is_told_on_the_page_of_the_receipt(client):
    movement = sent(device_ids=ids(ready(2)))
    session = receiving(movement, barcode(1))
    client.force_login(Person.objects.get(pk=county_keeper().person_id), backend=BACKEND)
    address = f"/stock/scan/{session.pk}/"
    assert f'href="?damaged={barcode(1)}"' in client.get(address).content.decode()
    assert f'value="{barcode(1)}"' in client.get(f"{address}?damaged={barcode(1)}").content.decode()
    wrong = client.post(f"{address}damaged/", {"code": barcode(2), "text": "表盖有裂纹"})
    assert "请先扫码" in wrong.content.decode()
    told = client.post(f"{address}damaged/", {"code": barcode(1), "text": "表盖有裂纹"})
    assert told["Location"] == f"{address}#damaged"
    assert "表盖有裂纹" in client.get(address).content.decode()
    client.post(f"{address}book/")
    page = client.get(f"/movements/{movement.number}/").content.decode()
    assert "签收时损坏" in page
    assert "表盖有裂纹" in page


@pytest.mark.parametrize("refused", [True, False], ids=["refused", "not received yet"])
def test_what_comes_home_is_taken_back_by_that_word(client, refused):
    movement = sent(device_ids=ids(ready(1)))
    if refused:
        handover_refuse(movement=movement, reason="型号不对", actor=county_keeper())
    client.force_login(Person.objects.get(pk=keeper().person_id), backend=BACKEND)
    page = client.get(f"/movements/{movement.number}/").content.decode()
    assert ">收回</a>" in page
    assert "撤销" not in page
