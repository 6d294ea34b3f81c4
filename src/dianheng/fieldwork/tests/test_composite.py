"""The composite error from the records of the parts, typed over only with a note."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from dianheng.assets.choices import HungRole
from dianheng.assets.models import Device, Installation, Transformer
from dianheng.assets.services import Hang, devices_install, devices_remove
from dianheng.fieldwork.models import FieldCheck
from dianheng.fieldwork.parts import parts_of, ratio_of
from dianheng.fieldwork.services.judge import element_names
from dianheng.identity.services import actor_for_person, setting_change, system_actor, write_batch
from dianheng.metrology.plates import Wiring

from .factories import (
    an_hour_ago,
    calibrator,
    crew,
    issued_meter,
    point_with_transformers,
    transformer_points,
)
from .test_checks import GOOD, record
from .test_transformers import measured, transformer_task

pytestmark = pytest.mark.django_db
NAMES = element_names(Wiring.THREE_PHASE_THREE_WIRE)


@pytest.fixture
def checker(client):
    client.force_login(crew()[0], backend="dianheng.identity.backends.PersonBackend")
    return client


def installation():
    """Two current transformers measured on site, drop and meter checked the day before."""
    calibrator()
    point = point_with_transformers()
    task = transformer_task(point)
    first, second = Device.objects.filter(kind="current_transformer").order_by("pk")
    measured(first, transformer_points(None, f="-0.150", delta="9.0"), task=task)
    measured(second, transformer_points(None, f="-0.180", delta="11.0"), task=task)
    raw = {**GOOD, "drop_1_f": "-0.10", "drop_1_d": "4"}
    record(raw, task=task, done_at=an_hour_ago() - timedelta(days=1))
    return point


def test_each_part_has_the_errors_of_its_last_record():
    point = installation()
    parts = parts_of(point, NAMES)
    assert sorted(parts) == ["ct_1", "ct_2", "drop_1", "meter"]
    assert parts["ct_2"].values["ct_2_100_f"] == Decimal("-0.18")
    assert parts["ct_1"].values == {
        f"ct_1_{load}_{what}": value
        for load in (5, 20, 100)
        for what, value in (("f", Decimal("-0.15")), ("d", Decimal(9)))
    }
    assert parts["drop_1"].values == {"drop_1_f": Decimal("-0.10"), "drop_1_d": Decimal(4)}
    assert parts["meter"].values["meter_20"] == Decimal("0.225")
    assert parts["meter"].measured_on == timezone.localdate(an_hour_ago() - timedelta(days=1))


def test_a_newer_record_takes_the_place_of_the_older_one():
    point = installation()
    device = Device.objects.filter(kind="current_transformer").earliest("pk")
    later = measured(
        device, transformer_points(None, f="-0.160", delta="9.5"), task=transformer_task(point),
        done_at=an_hour_ago() + timedelta(minutes=5),
    )  # fmt: skip
    assert parts_of(point, NAMES)["ct_1"].number == later.number


def test_a_record_without_verdict_brings_nothing():
    calibrator(accuracy_class="0.2")
    task = transformer_task()
    measured(task=task)
    assert parts_of(task.usage_point, NAMES) == {}


def test_the_error_of_a_meter_that_is_gone_is_no_part_of_the_installation():
    """Neither while nothing hangs there, nor for the next meter, nor when the old one comes back."""
    point = installation()
    (row,) = Installation.objects.filter(usage_point=point, role=HungRole.METER)
    devices_remove(installation_ids=[row.pk], reason="轮换", actor=actor_for_person(crew()[0]))
    assert "meter" not in parts_of(point, NAMES)
    row.refresh_from_db()
    devices_install(
        point=point, hangs=[Hang(issued_meter(902).pk, HungRole.METER)],
        actor=system_actor("command"), installed_at=row.removed_at,
    )  # fmt: skip
    assert "meter" not in parts_of(point, NAMES)
    with write_batch(actor=system_actor(), action="test"):
        Installation.objects.filter(role=HungRole.METER, removed_at=None).update(device=row.device)
    assert "meter" not in parts_of(point, NAMES)


def test_an_error_that_its_conditions_locked_is_none_though_the_check_failed_otherwise():
    point = installation()
    dead = {**GOOD, "u2": "0", "u2_deg": "", "error_1": "-49.8", "error_2": "-49.9"}
    assert record(dead, task=transformer_task(point)).check.outcome == "fail"
    assert parts_of(point, NAMES)["meter"].values["meter_20"] == Decimal("0.225")


@pytest.mark.parametrize(("in_use", "is_known"), [("200 / 5", True), ("", True), ("400/5", False)])
def test_errors_of_another_ratio_than_the_one_in_use_are_not_offered(in_use, is_known):
    point = installation()
    device = Device.objects.filter(kind="current_transformer").earliest("pk")
    with write_batch(actor=system_actor(), action="test"):
        Transformer.objects.create(device=device, ratio=in_use)
    assert ("ct_1" in parts_of(point, NAMES)) is is_known


@pytest.mark.parametrize(
    ("kind", "in_use", "measured", "expected"),
    [
        ("ct", "200：5", ["100/5", "200/5"], "200/5"),
        ("ct", "", ["100/5", "200/5"], None),
        ("ct", "未知", ["200/5"], "200/5"),
        ("ct", "400/5", ["100/5", "200/5"], None),
        ("vt", "200/5", ["10000/100"], "10000/100"),
    ],
    ids=["written otherwise", "several", "no ratio", "not measured", "of the other part"],
)
def test_of_several_ratios_the_one_in_use_counts(kind, in_use, measured, expected):
    device = Device(transformer=Transformer(ratio=in_use))
    assert ratio_of(device, kind, measured) == expected


def test_more_decimals_than_the_form_takes_are_rounded(checker):
    point = installation()
    raw = {**GOOD, "drop_1_f": "-0.10006", "drop_1_d": "4.00004"}
    record(raw, task=transformer_task(point))
    assert parts_of(point, NAMES)["drop_1"].values == {
        "drop_1_f": Decimal("-0.1001"), "drop_1_d": Decimal(4),
    }  # fmt: skip
    answer, page = page_of(checker, point, filled(checker, point))
    assert answer.context["form"].errors == {} and "优先更换建议" in page


def test_the_lower_burden_says_how_far_the_composite_error_can_move(checker):
    """f of both transformers 0.20 % higher at lower burden: at cosφ 1.0 half of each shift counts."""
    point = installation()
    task = transformer_task(point)
    first, second = Device.objects.filter(kind="current_transformer").order_by("pk")
    for device, f, lower in ((first, "-0.150", "0.050"), (second, "-0.180", "0.020")):
        points = transformer_points(None, f=f, delta="9.0")
        for one in points:
            if one.get("burden") == "LOWER" and one["item"] == "RATIO_ERROR":
                one["samples"] = [lower]
        measured(device, points, task=task, done_at=an_hour_ago() + timedelta(minutes=5))
    assert parts_of(point, NAMES)["ct_1"].lower["ct_1_20_f"] == Decimal("0.05")
    answer, page = page_of(checker, point, filled(checker, point))
    value, shown = answer.context["rows"][2][1][0]
    low, high = (Decimal(one) for one in shown.split(" … "))
    assert (low, high - low) == (Decimal(value), Decimal("0.200"))
    assert len(answer.context["at_lower"]) == 2 and "下限负荷" in page
    answer, _page = page_of(
        checker, point, filled(checker, point, ct_1_100_f="-0.9", note="更换后的出厂误差")
    )
    assert len(answer.context["at_lower"]) == 1


def test_without_errors_at_lower_burden_that_is_said(checker):
    calibrator()
    point = point_with_transformers()
    answer, page = page_of(checker, point, {"meter_100": "0.2"})
    assert answer.context["at_lower"] == [] and "没有下限负荷下" in page


def page_of(client, point, asked=None):
    answer = client.get(reverse("point_composite", args=[point.number]), asked or {})
    return answer, answer.content.decode()


def filled(client, point, **change):
    form = page_of(client, point)[0].context["form"]
    found = {name: str(value) for name, value in form.initial.items()}
    return found | change


def test_the_page_shows_each_value_with_the_record_it_comes_from(checker):
    point = installation()
    _answer, page = page_of(checker, point)
    for number in FieldCheck.objects.values_list("number", flat=True):
        assert number in page
    assert 'value="-0.15"' in page and 'value="0.225"' in page
    _answer, page = page_of(checker, point, filled(checker, point))
    assert "DL/T 448-2016" in page and "优先更换建议" in page


def test_what_a_record_has_is_typed_over_with_a_note_only(checker):
    point = installation()
    asked = filled(checker, point, ct_1_100_f="-0.9")
    answer, page = page_of(checker, point, asked)
    assert "note" in answer.context["form"].errors and "优先更换建议" not in page
    answer, page = page_of(checker, point, asked | {"note": "更换后的出厂误差"})
    assert answer.context["form"].errors == {}
    assert "优先更换建议" in page and "更换后的出厂误差" in page and "A 相电流互感器" in page


def test_the_edition_is_a_choice_that_the_setting_begins_with(checker):
    point = installation()
    setting_change(
        key="fieldwork.composite_edition", value="2000", valid_from=timezone.localdate(),
        reason="沿用旧版", actor=system_actor(),
    )  # fmt: skip
    _answer, page = page_of(checker, point, filled(checker, point))
    assert "DL/T 448-2000" in page
    _answer, page = page_of(checker, point, filled(checker, point, edition="2016"))
    assert "DL/T 448-2016" in page
    answer, _page = page_of(checker, point, filled(checker, point, edition="1999"))
    assert "edition" in answer.context["form"].errors
