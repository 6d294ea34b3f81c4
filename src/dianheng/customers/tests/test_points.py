"""Usage points: entered one by one, taken from a file as a whole or not at all."""

from decimal import Decimal
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from dianheng.common.errors import BadInput, Refused
from dianheng.customers.models import UsagePoint
from dianheng.customers.services import point_make, points_import
from dianheng.customers.tests.factories import cement_works
from dianheng.identity.services import system_actor, unit_make
from dianheng.identity.tests.factories import actor_with, city_company, metering_centre, person_with

pytestmark = pytest.mark.django_db
HEAD = "计量点编号,计量点名称,用户名称,用电地址,供电单位,计量用途,接线方式,供电电压,计量装置类别\n"


def file_of(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "points.csv"
    path.write_text(HEAD + "\n".join(rows), encoding="utf-8-sig")
    return path


def test_a_point_gets_the_class_that_voltage_and_purpose_ask_for():
    assert cement_works().device_class == "III"
    assert cement_works("2", rated_kv=Decimal("220")).device_class == "I"
    assert cement_works("3", purpose="assessment", rated_kv=Decimal("220")).device_class == "II"


def test_a_generator_without_its_capacity_has_to_state_its_class():
    with pytest.raises(BadInput) as refused:
        cement_works(purpose="generator")
    assert [e["field"] for e in refused.value.refusal.errors] == ["device_class"]
    assert UsagePoint.objects.count() == 0


def test_the_edition_of_2000_goes_by_energy_so_that_the_class_is_written(tmp_path):
    with pytest.raises(BadInput) as refused:
        cement_works(class_edition="2000")
    assert [e["field"] for e in refused.value.refusal.errors] == ["device_class"]
    assert cement_works(class_edition="2000", device_class="I").device_class == "I"
    path = tmp_path / "points.csv"
    row = "{no},甲,,,CENTRE,,三相三线,10,{cls},2000\n"
    path.write_text(
        HEAD.strip() + ",DL/T 448版本\n" + row.format(no=1, cls="") + row.format(no=2, cls="Ⅰ类")
    )
    with pytest.raises(Refused) as refused:
        points_import(path=path, actor=actor_with("customers.edit"))
    assert [(e["row"], e["field"]) for e in refused.value.refusal.errors] == [(2, "device_class")]


@pytest.mark.parametrize("kv", ["0", "-10", "0.0004", "2001", "NaN"])
def test_a_voltage_out_of_bounds_is_told_at_its_field(tmp_path, kv):
    with pytest.raises(BadInput) as refused:
        cement_works(rated_kv=Decimal(kv), device_class="IV")
    assert [e["field"] for e in refused.value.refusal.errors] == ["rated_kv"]
    with pytest.raises(Refused) as refused:
        points_import(
            path=file_of(tmp_path, f"1,甲,,,CENTRE,,三相三线,{kv},IV"),
            actor=actor_with("customers.edit"),
        )
    assert [e["field"] for e in refused.value.refusal.errors] == ["rated_kv"]


def test_of_two_units_with_one_name_the_code_is_asked_for(tmp_path):
    metering_centre()
    for code in ("A1", "A2"):
        unit_make(
            code=code, name="城关供电所", kind="county", actor=system_actor(), parent=city_company()
        )
    path = file_of(tmp_path, "1,甲,,,城关供电所,,单相,0.22,", "2,乙,,,A2,,单相,0.22,")
    with pytest.raises(Refused) as refused:
        points_import(path=path, actor=actor_with("customers.edit", unit=city_company()))
    (error,) = refused.value.refusal.errors
    assert error["field"] == "unit" and "A1" in error["text"] and "A2" in error["text"]
    assert UsagePoint.objects.count() == 0


def test_a_file_goes_into_ones_own_units_only(tmp_path):
    metering_centre()
    other = unit_make(
        code="A1", name="城关供电所", kind="county", actor=system_actor(), parent=city_company()
    )
    path = file_of(tmp_path, "1,甲,,,A1,,单相,0.22,")
    with pytest.raises(Refused):
        points_import(path=path, actor=actor_with("customers.edit", unit=metering_centre()))
    actor = actor_with("customers.edit", login="li", unit=other)
    assert points_import(path=path, actor=actor).count == 1


def test_a_file_is_taken_once(tmp_path):
    metering_centre()
    path = file_of(
        tmp_path,
        "1001,清河水泥厂,清河水泥,工业路 8 号,CENTRE,贸易结算,三相三线,10kV,",
        "1002,张三,,,计量中心,,单相,０．２２,",
    )
    actor = actor_with("customers.edit")
    assert points_import(path=path, actor=actor).count == 2
    assert points_import(path=path, actor=actor).count == 2
    assert list(UsagePoint.objects.values_list("number", "device_class", "rated_kv")) == [
        ("1001", "III", Decimal("10.000")),
        ("1002", "V", Decimal("0.220")),
    ]


def test_everything_that_is_wrong_is_told_at_once_and_nothing_is_taken(tmp_path):
    cement_works("1001")
    path = file_of(
        tmp_path,
        "1001,甲,,,CENTRE,,三相三线,10,",
        "1003,乙,,,无此单位,,三相五线,十,",
        "1003,,,,CENTRE,发电上网,三相四线,10,",
    )
    with pytest.raises(Refused) as refused:
        points_import(path=path, actor=actor_with("customers.edit"))
    found = {(e["row"], e["field"]) for e in refused.value.refusal.errors}
    assert found == {
        (2, "number"), (3, "unit"), (3, "wiring"), (3, "rated_kv"), (4, "name"), (4, "number"),
        (4, "device_class"),
    }  # fmt: skip
    assert UsagePoint.objects.count() == 1


def test_who_may_not_enter_points_is_refused():
    with pytest.raises(Refused) as refused:
        point_make(
            number="1", name="x", unit_id=metering_centre().pk, wiring="single_phase",
            rated_kv=Decimal("0.22"), actor=actor_with("customers.view"),
        )  # fmt: skip
    assert refused.value.refusal.code == "no_right"


def test_pages_ask_for_rights_and_show_the_point(client):
    cement_works()
    client.force_login(
        person_with("customers.view"), backend="dianheng.identity.backends.PersonBackend"
    )
    assert "清河水泥厂" in client.get(reverse("usage_points")).content.decode()
    page = client.get(reverse("usage_point", args=["3540010000123"])).content.decode()
    assert "DL/T 448-2016" in page
    assert client.get(reverse("usage_point_new")).status_code == 403
    assert client.get(reverse("usage_points_import")).status_code == 403
    assert client.get(reverse("usage_point", args=["nothing"])).status_code == 404


def test_a_point_is_entered_by_page_and_a_faulty_file_says_why(client):
    client.force_login(
        person_with("customers.view", "customers.edit"),
        backend="dianheng.identity.backends.PersonBackend",
    )
    answer = client.post(
        reverse("usage_point_new"),
        {
            "number": "1001", "name": "清河水泥厂", "unit": metering_centre().pk,
            "purpose": "settlement", "wiring": "three_phase_three_wire", "rated_kv": "10",
        },
    )  # fmt: skip
    assert answer.status_code == 302 and UsagePoint.objects.get().device_class == "III"
    sent = SimpleUploadedFile("a.csv", (HEAD + "1002,甲,,,CENTRE,,三相五线,10,\n").encode())
    answer = client.post(reverse("usage_points_import"), {"file": sent})
    assert answer.status_code == 409 and "三相五线" in answer.content.decode()
    assert client.get(reverse("usage_points_template")).status_code == 200
