"""Pages of the register in a browser: nothing spills over, axe finds nothing."""

import pytest
from django.urls import reverse

from dianheng.assets.services import devices_transition, state_mapping_set
from dianheng.identity.services import system_actor
from dianheng.identity.tests.factories import person_with

from .factories import barcode, box, meter, meters, single_phase_model
from .test_takeover import checked, keeper, listed, rows

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def the_register(folder):
    """Devices with a life, a lost one, a list with faults, one that asks for its columns; pages."""
    meters(3, first=100)
    lost = meter("qualified", first=200)
    devices_transition(
        device_ids=[lost.pk], verb="lose", reason="盘点未见实物", actor=system_actor()
    )
    made = rows(6)
    made[1]["型号"] = "无此型号"
    made[2]["资产状态"] = "说不清"
    made[3]["检定日期"] = "2021-13-45"
    faulty = checked(made, folder)
    state_mapping_set(source="营销系统", text="在库待投", state="qualified", actor=keeper())
    heads = {"资产编号": "号码", "条形码": "码", "型号": "规格"}
    unmapped = listed(
        [{heads.get(k, k): v for k, v in row.items()} for row in rows(2)], folder, "other.csv",
        [heads.get(k, k) for k in made[0]],
    )  # fmt: skip
    known, model = barcode(101), single_phase_model()
    return [
        ("devices",), ("device_register",), ("device_states",), ("device", known), ("device", lost.barcode),
        ("device_audit", known), ("device_correct", known), ("device_lose", known), ("device_find", lost.barcode),
        ("registers",), ("register_new",), ("state_words",), ("register", faulty.number),
        ("register", unmapped.number),
        ("place_list",), ("place_add",), ("place", box().code), ("makers",), ("maker_add",),
        ("maker", model.manufacturer.code), ("maker_change", model.manufacturer.code), ("models",), ("model_add",),
        ("model", model.manufacturer.code, model.code), ("model_change", model.manufacturer.code, model.code),
    ]  # fmt: skip


def test_pages_fit_and_axe_finds_nothing(look_at, tmp_path):
    pages = the_register(tmp_path)
    chief = person_with("*", login="chief", name="秦主任")
    assert look_at(chief, [reverse(name, args=args) for name, *args in pages]) == []
