"""Labels from the pages: what stands on them, for what there are none, who printed which."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from dianheng.assets.models import Device
from dianheng.assets.services import devices_transition
from dianheng.assets.tests.factories import barcode, box, meters, store
from dianheng.common.errors import Refused
from dianheng.documents.models import DocumentCopy
from dianheng.documents.tests.reading import reader, text
from dianheng.identity.services import actor_for_person, system_actor
from dianheng.identity.tests.factories import person_with
from dianheng.warehouse.labels import labels_of
from dianheng.warehouse.models import LabelRun
from dianheng.warehouse.services import labels_pdf

from .test_movements import county, ids, keeper, ready

pytestmark = pytest.mark.django_db
BACKEND = "dianheng.identity.backends.PersonBackend"


def test_a_mark_is_for_what_is_verified_and_in_date():
    good, raw = ready(1), meters(1, first=40)
    made = labels_of("qualification_mark", ids([*good, *raw]))
    assert [mark.bar_code for mark in made.labels] == [barcode(1)]
    assert made.labels[0].valid_through == good[0].valid_through
    assert [
        (str(one.label), "待检" in str(one.text) or "Awaiting" in str(one.text))
        for one in made.refused
    ] == [(barcode(40), True)]


def test_a_box_label_says_what_is_inside_and_whether_it_is_full():
    target = box(capacity=4)
    devices = ready(3)
    devices_transition(
        device_ids=ids(devices), verb="move", place_id=target.pk, actor=system_actor()
    )
    (label,) = labels_of("box_label", [target.pk]).labels
    assert (label.quantity, label.capacity, label.model, label.state) == (
        3,
        4,
        "DDZY285",
        "qualified",
    )
    assert (label.first_bar_code, label.last_bar_code) == (barcode(1), barcode(3))
    pdf = labels_pdf(kind="box_label", keys=[target.pk], sheet="a4-2x4", actor=keeper())
    assert "3/4" in text(pdf)
    assert "合格在库" in text(pdf)
    assert list(DocumentCopy.objects.values_list("kind", "number", "person__name")) == [
        ("box_label", "ZX0001", "周库管")
    ]


def test_each_label_has_its_line_in_the_print_ledger_and_copies_are_counted():
    devices = ready(5)
    labels_pdf(
        kind="meter_label", keys=ids(devices), sheet="a4-4x10", copies=2, reason="标签脱落",
        actor=keeper(),
    )  # fmt: skip
    assert set(DocumentCopy.objects.values_list("copies", "reason")) == {(2, "标签脱落")}
    assert DocumentCopy.objects.count() == 5


def test_who_may_not_print_in_the_unit_does_not():
    county()
    stranger = actor_for_person(
        person_with("documents.print", login="x", unit=county()), via="page"
    )
    with pytest.raises(Refused) as caught:
        labels_pdf(kind="meter_label", keys=ids(ready(1)), sheet="a4-4x10", actor=stranger)
    assert caught.value.refusal.code == "no_right"
    assert DocumentCopy.objects.count() == 0


class TestPages:
    @pytest.fixture
    def keepers(self, client):
        person = person_with("*", login="keeper", name="周库管")
        client.force_login(person, backend=BACKEND)
        return client

    def test_labels_of_chosen_devices_from_the_list_to_the_sheet(self, keepers):
        devices, raw = ready(3), meters(1, first=40)
        chosen = ",".join(str(d.pk) for d in [*devices, *raw])
        preview = keepers.post("/devices/", {"bulk": "qualification_mark", "ids": chosen})
        page = preview.content.decode()
        assert barcode(40) in page
        answer = keepers.post(
            "/devices/",
            {
                "bulk": "qualification_mark", "ids": chosen, "step": "confirm", "request_key": "k1",
                "digest": preview.context["digest"],
            },
        )  # fmt: skip
        run = LabelRun.objects.get()
        assert f"/labels/{run.pk}/" in answer.content.decode()
        assert barcode(3) in keepers.get(f"/labels/{run.pk}/").content.decode()
        sheet = {"sheet": "a4-5x13", "first": "64", "copies": "1", "dx": "", "dy": "", "reason": ""}
        pdf = keepers.post(f"/labels/{run.pk}/", sheet).content
        assert len(reader(pdf).pages) == 2  # labels 64 and 65, then a new sheet
        assert DocumentCopy.objects.count() == 3
        again = keepers.get(f"/labels/{run.pk}/")
        assert again.context["form"].initial["first"] == 2
        assert again.context["before"] == 3

    def test_a_test_print_is_no_copy(self, keepers):
        ready(1)
        sheet = {
            "sheet": "a4-4x10",
            "first": "1",
            "copies": "1",
            "dx": "1.5",
            "dy": "-0.5",
            "test": "1",
        }
        pdf = keepers.post(f"/labels/meter_label/{barcode(1)}/", sheet).content
        assert "dx1.5mm,dy−0.5mm" in text(pdf)
        assert DocumentCopy.objects.count() == 0

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("first", "66"),
            ("first", "0"),
            ("sheet", "a5"),
            ("copies", "99"),
            ("dx", "x"),
            ("dx", "1,5"),
            ("first", ""),
        ],
    )
    def test_what_does_not_fit_is_said_at_its_field(self, keepers, field, value):
        ready(1)
        sheet = {"sheet": "a4-5x13", "first": "1", "copies": "1", field: value}
        answer = keepers.post(f"/labels/qualification_mark/{barcode(1)}/", sheet)
        assert field in answer.context["form"].errors
        assert DocumentCopy.objects.count() == 0

    def test_a_shelf_and_a_box_have_their_labels_and_strangers_none(self, keepers, client):
        box()
        assert keepers.get("/labels/shelf_label/CK1/").status_code == 200
        assert keepers.get("/labels/box_label/ZX0001/").status_code == 200
        assert keepers.get("/labels/nonsense/ZX0001/").status_code == 404
        assert keepers.get("/labels/box_label/NONE/").status_code == 404
        run = LabelRun.objects.create(
            person=person_with("*", login="other"), kind="box_label", keys=[1]
        )
        assert keepers.get(f"/labels/{run.pk}/").status_code == 404
        client.force_login(person_with("assets.view", login="reader"), backend=BACKEND)
        assert client.get("/labels/shelf_label/CK1/").status_code == 403

    def test_a_meter_in_verification_is_offered_no_mark_and_told_why(self, keepers):
        ready(1)
        devices_transition(
            device_ids=ids(meters(1, first=40)), verb="begin_verification", actor=system_actor()
        )
        verified = keepers.get(f"/devices/{barcode(1)}/").content.decode()
        assert f"/labels/qualification_mark/{barcode(1)}/" in verified
        page = keepers.get(f"/devices/{barcode(40)}/").content.decode()
        assert f"/labels/qualification_mark/{barcode(40)}/" not in page
        assert "状态为“在检”：检定合格的才能贴合格标记。" in page
        assert f"/labels/meter_label/{barcode(40)}/" in page


def test_colours_of_standards_follow_their_state():
    from dianheng.standards.models import StandardCertificate
    from dianheng.verification.tests.factories import laboratory

    lab = laboratory()
    bench = Device.objects.get(pk=lab.bench.pk)
    today = timezone.localdate()
    (label,) = labels_of("status_label", [bench.pk]).labels
    assert (label.colour, label.valid_through >= today) == ("green", True)
    from dianheng.identity.services import write_batch

    with write_batch(actor=system_actor(), action="test.prepare"):
        standard = bench.standard
        standard.restriction = "限用于2级电能表"
        standard.save()
        assert labels_of("status_label", [bench.pk]).labels[0].colour == "yellow"
        standard.stopped_on = date(2026, 11, 3)
        standard.save()
        assert labels_of("status_label", [bench.pk]).labels == []
        (red,) = labels_of("status_label", [bench.pk], approver="沈国梁").labels
        assert (red.colour, red.approver) == ("red", "沈国梁")
        standard.stopped_on = None
        standard.save()
        StandardCertificate.objects.filter(device=bench).update(
            valid_from=today - timedelta(days=400), valid_through=today - timedelta(days=1)
        )
    assert labels_of("status_label", [bench.pk]).labels == []
    assert store() is not None
