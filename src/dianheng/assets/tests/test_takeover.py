"""A register of a former system is taken over whole: every error at once, nothing by halves."""

import csv
import re

import pytest
from django.utils.translation import override

from dianheng.assets.models import Device, DeviceEvent, RegisterFile
from dianheng.assets.services import (
    manufacturer_make,
    model_make,
    register_check,
    register_refuse,
    register_take,
    register_upload,
    state_mapping_set,
)
from dianheng.assets.services.takeover import WAY
from dianheng.common.errors import Refused
from dianheng.common.files import open_table
from dianheng.identity.services import system_actor
from dianheng.identity.tests.factories import actor_with, metering_centre
from dianheng.metrology import barcodes
from dianheng.metrology.barcodes import BarcodeCheck, Severity

from .factories import barcode, meter, single_phase_model, store

pytestmark = pytest.mark.django_db

HEADS = ["资产编号", "条形码", "型号", "生产厂家", "资产状态", "存放位置", "检定日期", "有效期至", "通信地址", "产权"]  # fmt: skip
RIGHT = [
    "",
    "",
    "DDZY285",
    "华立",
    "在库合格",
    "市一级库",
    "2021-03-05",
    "2029/3/4",
    "",
    "供电公司",
]


def keeper():
    """Who keeps the register."""
    return actor_with("assets.enrol", "assets.view", "assets.master", login="zichan", name="钱资产")


def rows(count, **changed):
    """Rows of the former register; `changed` are the cells of the first."""
    single_phase_model()
    store()
    made = [dict(zip(HEADS, RIGHT, strict=True)) | {"条形码": barcode(n)} for n in range(count)]
    made[0] |= changed
    return made


def listed(made, folder, name="register.csv", heads=HEADS, **options):
    """The list, received."""
    path = folder / name
    with path.open("w", newline="", encoding="gb18030") as file:
        csv.writer(file).writerows([heads, *([row[h] for h in heads] for row in made)])
    return register_upload(
        source="营销系统", unit=metering_centre(), path=path, name=name, actor=keeper(), **options
    )


def checked(made, folder, **options):
    return register_check(listed(made, folder, **options), actor=keeper())


def found(register):
    return {(f.row_no, f.code, f.field) for f in register.faults.all()}


def test_devices_come_in_with_place_state_and_what_the_former_system_said(tmp_path):
    register = checked(rows(3), tmp_path)
    assert (register.state, register.row_count, register.findings) == ("checked", 3, [])
    assert Device.objects.count() == 0  # a dry run leaves nothing
    taken = register_take(register, actor=keeper())
    assert taken.state == "taken"
    device = Device.objects.get(barcode=barcode(0))
    assert (device.state, device.place.name, device.kind, device.ownership) == (
        "qualified", "市一级库", "single_phase_meter", "utility",
    )  # fmt: skip
    assert device.meter.key_state == "unknown"
    assert (str(device.verified_on), str(device.valid_through)) == ("2021-03-05", "2029-03-04")
    event = DeviceEvent.objects.get(device_id=device.pk)
    assert (event.verb, event.document) == ("enrol", f"register:{register.number}")
    assert event.facts == {
        "legacy": {
            "source": "营销系统", "state": "在库合格",
            "verified_on": "2021-03-05", "valid_through": "2029-03-04",
        }
    }  # fmt: skip


class LetterScheme:
    """A former company's codes: H, five digits, the last digit of their sum; once with lapses."""

    name = "letter_7"

    def validate(self, code, *, is_strict):
        if not re.fullmatch("H[0-9]{6}", code):
            return BarcodeCheck(False, Severity.ERROR, ("length",), None)
        if str(sum(map(int, code[1:6])))[-1] == code[6]:
            return BarcodeCheck(True, Severity.NONE, (), None)
        return BarcodeCheck(not is_strict, Severity.WARNING, ("check_digit",), None)


def test_codes_of_a_scheme_that_the_company_added_are_checked_by_it(tmp_path, monkeypatch):
    made = rows(5)
    for row, code in zip(made, ["H123450", "H123455", "H123456", "OLD-17"], strict=False):
        row["条形码"] = code
    wrong = barcode(4)[:-1] + str((int(barcode(4)[-1]) + 1) % 10)
    made[4]["条形码"] = wrong
    without = checked(made, tmp_path, name="before.csv")
    assert {code for _row, code, _field in found(without)} == {
        "format_legacy",
        "check_digit_legacy",
    }
    monkeypatch.setitem(barcodes._SCHEMES, "letter_7", LetterScheme())
    register = checked(made, tmp_path)
    assert found(register) == {
        (2, "scheme_remark", "barcode"), (4, "scheme_remark", "barcode"),
        (5, "format_legacy", "barcode"), (6, "check_digit_legacy", "barcode"),
    }  # fmt: skip
    with override("en"):
        mark = WAY.mark(register.faults.get(row_no=2))
    assert mark.text == ("Bar code H123450 is of the scheme letter_7, which remarks: check_digit.")
    assert register_take(register, actor=keeper(), with_warnings=True).state == "taken"
    assert Device.objects.filter(barcode="H123455").exists()


def test_every_error_is_listed_at_once_with_row_and_reason(tmp_path):
    meter(first=500)
    made = rows(12)
    made[1]["型号"] = "无此型号"
    made[2]["存放位置"] = "无此库房"
    made[3]["资产状态"] = "说不清"
    made[4]["检定日期"] = "2021-13-45"
    made[5]["条形码"] = barcode(500)
    made[6]["条形码"] = made[0]["条形码"]
    made[7]["条形码"] = ""
    made[8]["检定日期"] = "2099-01-01"
    made[9]["产权"] = "不明"
    made[10]["资产状态"] = ""
    register = checked(made, tmp_path)
    assert register.state == "faulty"
    assert found(register) >= {
        (3, "unknown_model", "model"), (4, "unknown_place", "place"), (5, "unknown_state", "state"),
        (6, "date", "verified_on"), (7, "in_register", "barcode"), (8, "twice_in_file", "barcode"),
        (9, "missing", "barcode"), (10, "date_future", "verified_on"), (11, "choice", "ownership"),
        (12, "missing", "state"),
    }  # fmt: skip
    assert not any(row == 2 for row, _code, _field in found(register))
    with pytest.raises(Refused) as refused:
        register_take(register, actor=keeper())
    assert refused.value.refusal.code == "list_faulty"
    assert Device.objects.count() == 1
    copy = tmp_path / "marked.xlsx"
    with WAY.marked_copy(register) as marked:
        copy.write_bytes(marked.read())
    said = {no: cells[0] for no, cells in open_table(copy).rows()}
    assert "无此库房" in said[4] and said[2] == ""


def test_legacy_bar_codes_are_said_not_refused(tmp_path):
    made = rows(2, 条形码="0412345678")
    made[1]["条形码"] = barcode(9)[:-1] + str((int(barcode(9)[-1]) + 1) % 10)
    register = checked(made, tmp_path)
    assert (register.state, register.fault_count, register.warning_count) == ("checked", 0, 2)
    assert found(register) == {
        (2, "format_legacy", "barcode"),
        (3, "check_digit_legacy", "barcode"),
    }
    with pytest.raises(Refused) as refused:
        register_take(register, actor=keeper())
    assert refused.value.refusal.code == "warnings"
    register_take(register, actor=keeper(), with_warnings=True)
    assert Device.objects.filter(barcode="0412345678").count() == 1


def test_the_same_file_twice_is_harmless(tmp_path):
    first = register_take(checked(rows(3), tmp_path), actor=keeper())
    again = listed(rows(3), tmp_path, name="renamed.csv")
    assert again.pk == first.pk and RegisterFile.objects.count() == 1
    register_take(again, actor=keeper())
    assert (Device.objects.count(), DeviceEvent.objects.count()) == (3, 3)


def test_a_word_for_a_state_is_said_once_and_goes_before_the_usual_ones(tmp_path):
    register = checked(rows(1, 资产状态="在库合格"), tmp_path)
    state_mapping_set(
        source="营销系统", text="在库合格", state="awaiting_verification", actor=keeper()
    )
    register_take(register_check(register, actor=keeper()), actor=keeper())
    assert Device.objects.get().state == "awaiting_verification"


def test_columns_are_named_once_for_each_former_system(tmp_path):
    made = [row | {"神秘列": "x"} for row in rows(1)]
    heads = ["神秘列", *HEADS]
    register = listed(made, tmp_path, heads=heads)
    assert register.state == "received"
    fields = ["-", *(column["field"] for column in register.columns[1:])]
    assert WAY.name_columns(register, fields=fields, actor=keeper()).state == "mapped"
    assert listed(made * 1 + [made[0] | {"条形码": barcode(7)}], tmp_path, "b.csv", heads).state == "mapped"  # fmt: skip


def test_a_model_that_two_makers_have_must_name_its_maker(tmp_path):
    made = rows(2, 生产厂家="")
    other = manufacturer_make(code="XL", name="许继", actor=system_actor())
    model_make(
        manufacturer=other,
        code="DDZY285",
        actor=system_actor(),
        kind="single_phase_meter",
        name="表",
    )
    assert found(checked(made, tmp_path)) == {(2, "several_models", "model")}


def test_places_and_units_of_others_are_unknown_to_who_may_not_enter_there(tmp_path):
    made = [row | {"单位名称": "别处"} for row in rows(1)]
    register = checked(made, tmp_path, heads=[*HEADS, "单位名称"])
    # A head for units that is also left out by habit is mapped by its whole name.
    assert (2, "unknown_unit", "unit") in found(register)


def test_who_has_no_right_takes_nothing_over(tmp_path):
    register = checked(rows(1), tmp_path)
    stranger = actor_with("assets.view", login="kan", name="看客")
    for act in (
        lambda: register_check(register, actor=stranger),
        lambda: register_take(register, actor=stranger),
        lambda: register_refuse(register, reason="x", actor=stranger),
        lambda: WAY.start(register, what="take", actor=stranger),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.refusal.code == "no_right"
    assert Device.objects.count() == 0
