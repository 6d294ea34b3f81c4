"""Scrapping by a process: approved devices are condemned, disposed ones scrapped, the ledger says so."""

import pytest

from dianheng.assets.choices import PlaceKind
from dianheng.assets.models import Device, DeviceEvent
from dianheng.assets.services import devices_transition, place_make, scrap_devices
from dianheng.common.errors import BadInput, Refused
from dianheng.identity.services import actor_for_person, system_actor, unit_make
from dianheng.identity.tests.factories import city_company, metering_centre
from dianheng.workflow.packs.shipped import shipped_folders
from dianheng.workflow.selectors import content_digest, earlier_entry
from dianheng.workflow.services import instance_start, pack_load, task_complete, task_send_back
from dianheng.workflow.tests.factories import holder

from .factories import barcode, meter, meters

pytestmark = pytest.mark.django_db


def who(post):
    unit = metering_centre() if post in ("KEEPER", "TECHNICAL") else city_company()
    return actor_for_person(holder(f"p-{post.lower()}", f"{post}甲", post, unit))


def step(one, name, post, **data):
    task_complete(task=one.tasks.filter(task=name).latest("pk"), data=data, actor=who(post))


def states():
    return dict(Device.objects.order_by("barcode").values_list("barcode", "state"))


@pytest.fixture
def begun():
    """A scrapping that the keeper has just begun."""
    folder = next(path for path in shipped_folders() if path.name == "scrap")
    pack_load(folder=folder, actor=system_actor())
    return instance_start(
        code="scrap", unit=metering_centre(), title="不合格表报废", actor=who("KEEPER")
    )


@pytest.fixture
def appraised(begun):
    """Two devices that failed and one that is condemned already, waiting for the approval."""
    meter("unqualified", 1)
    meter("suspended", 2)
    meter("awaiting_scrap", 3)
    step(
        begun, "apply", "KEEPER", devices=[{"device": barcode(1)}, {"device": barcode(2)}],
        barcodes=barcode(3), reason="无修复价值",
    )  # fmt: skip
    assert earlier_entry(begun.tasks.get(task="appraise"))["count"] == "3"
    step(
        begun, "appraise", "TECHNICAL", conclusion="scrap", basis="超差", appraised_on="2026-12-01"
    )
    return begun


def test_the_approval_condemns_and_the_disposal_scraps(appraised):
    yard = place_make(
        code="BFC", name="报废场", kind=PlaceKind.SCRAP_YARD, unit_id=metering_centre().pk,
        actor=system_actor(),
    )  # fmt: skip
    assert states()[barcode(1)] == "unqualified"
    step(appraised, "approve", "HEAD", opinion="agree")
    assert set(states().values()) == {"awaiting_scrap"}
    step(
        appraised, "dispose", "KEEPER", method="destroy", disposed_on="2026-12-10", place="报废场",
        witness_1="甲", witness_2="乙",
    )  # fmt: skip
    assert set(states().values()) == {"scrapped"}
    assert set(Device.objects.values_list("place", flat=True)) == {yard.pk}
    life = DeviceEvent.objects.filter(device__barcode=barcode(1), document=appraised.document)
    assert list(life.order_by("id").values_list("verb", flat=True)) == ["condemn", "scrap"]
    assert life.earliest("id").reason == "无修复价值"


def test_what_cannot_be_scrapped_is_named_before_anybody_appraises_it(begun):
    meter("in_service", 1)
    meter("unqualified", 2)
    with pytest.raises(Refused) as caught:
        step(begun, "apply", "KEEPER", barcodes=f"{barcode(1)}\n{barcode(2)}\nnone", reason="x")
    named = [(error["barcode"], error["code"]) for error in caught.value.refusal.errors]
    assert named == [(barcode(1), "state"), ("none", "not_found")]
    assert begun.tasks.get(task="apply").state == "open"


def test_a_device_of_another_unit_is_not_scrapped_here():
    meter("unqualified", 1)
    county = unit_make(
        code="X", name="县公司", kind="county", actor=system_actor(), parent=city_company()
    )
    with pytest.raises(Refused) as caught:
        scrap_devices([barcode(1)], county)
    assert caught.value.refusal.errors[0]["code"] == "other_unit"
    assert scrap_devices([barcode(1)], city_company()), "the company may scrap what its centre has"


@pytest.mark.parametrize("data", [{}, {"devices": [{"model": "DD862"}]}], ids=["none", "no-code"])
def test_devices_are_named_by_their_bar_codes(begun, data):
    with pytest.raises(BadInput):
        step(begun, "apply", "KEEPER", reason="x", **data)


def test_what_happened_to_a_device_since_is_found_at_the_approval(appraised):
    with_state(barcode(2), "resume")
    with pytest.raises(Refused) as caught:
        step(appraised, "approve", "HEAD", opinion="agree")
    assert [error["barcode"] for error in caught.value.refusal.errors] == [barcode(2)]
    assert states()[barcode(1)] == "unqualified", "nothing was changed"
    assert appraised.tasks.get(task="approve").state == "open"


def with_state(code, verb):
    device = Device.objects.get(barcode=code)
    devices_transition(device_ids=[device.pk], verb=verb, actor=system_actor(), reason="x")


def test_sending_back_gives_each_device_the_state_it_had(appraised):
    step(appraised, "approve", "HEAD", opinion="agree")
    dispose = appraised.tasks.get(task="dispose")
    task_send_back(task=dispose, reason="数量有误", actor=who("KEEPER"), to="apply")
    assert states() == {
        barcode(1): "unqualified", barcode(2): "suspended", barcode(3): "awaiting_scrap",
    }  # fmt: skip
    step(appraised, "apply", "KEEPER", barcodes=barcode(1), reason="只报废一只")
    step(
        appraised, "appraise", "TECHNICAL", conclusion="part", basis="x", appraised_on="2026-12-02"
    )
    step(appraised, "approve", "HEAD", opinion="agree")
    assert states()[barcode(1)] == "awaiting_scrap" and states()[barcode(2)] == "suspended"
    task_send_back(
        task=appraised.tasks.filter(task="dispose").latest("pk"), reason="再看", actor=who("KEEPER"),
        to="appraise",
    )  # fmt: skip
    assert states()[barcode(1)] == "unqualified"


def test_what_was_scrapped_is_not_taken_back(appraised):
    step(appraised, "approve", "HEAD", opinion="agree")
    with_state(barcode(2), "scrap")
    dispose = appraised.tasks.get(task="dispose")
    with pytest.raises(Refused) as caught:
        task_send_back(task=dispose, reason="数量有误", actor=who("KEEPER"), to="apply")
    assert [error["barcode"] for error in caught.value.refusal.errors] == [barcode(2)]
    assert states()[barcode(1)] == "awaiting_scrap"


def test_an_approver_of_a_device_or_lot_is_told_when_it_has_changed(begun):
    device = meters(1, "unqualified")[0]
    one = instance_start(
        code="scrap", unit=metering_centre(), title="x", subject=f"device:{device.barcode}",
        actor=who("KEEPER"),
    )  # fmt: skip
    before = content_digest(one)
    assert content_digest(one) == before
    with_state(device.barcode, "condemn")
    assert content_digest(one) != before
