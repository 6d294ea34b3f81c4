"""A lot of current transformers: sampled, measured on the tester, decided as lots of meters are."""

from datetime import date

import pytest

from dianheng.assets.models import Device
from dianheng.identity.tests.factories import metering_centre
from dianheng.supply.models import Nonconformity
from dianheng.supply.services import (
    acceptance_decide,
    order_make,
    sample_judge,
    sample_results_read,
    sample_task_make,
    segment_issue,
)
from dianheng.verification.tests.test_certificates import sign_off
from dianheng.verification.tests.transformers import TransformerRoom, transformer_model

from .factories import FIRST_CODE, asset, buyer, drawn, received, sample_codes, sampler, technical

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def the_same_sample_each_time(monkeypatch):
    monkeypatch.setattr("dianheng.supply.services.draw.secrets.token_hex", lambda size: "a" * 64)


def sample_on_the_tester(folder, faults=()):
    """A lot of thirty whose sample was measured, reviewed and approved."""
    room, model = TransformerRoom(), transformer_model()
    order = order_make(
        order_no="DD-2026-HG1", manufacturer=model.manufacturer, unit_id=metering_centre().pk,
        ordered_on=date(2026, 6, 1), tender_batch="2026-02", contract_no="HT-2026-0009", actor=buyer(),
        lines=[{"model": model, "quantity": 30, "material_code": "500012345"}],
    )  # fmt: skip
    line = order.lines.get()
    segment_issue(line=line, first=FIRST_CODE, count=30, actor=buyer(), issued_on=date(2026, 6, 2))
    inspection = drawn(received(30, folder, line))
    task = sample_task_make(inspection=inspection, laboratory=metering_centre(), actor=sampler())
    codes = sample_codes(inspection)
    for first in range(0, len(codes), 12):
        load = room.load(task, *codes[first : first + 12])
        room.send(room.envelope(load, {codes[n]: fault for n, fault in faults}))
    sign_off(task)
    sample_results_read(inspection=inspection, actor=sampler())
    return inspection, codes


def test_a_good_sample_accepts_the_lot_and_moves_sample_and_rest(tmp_path):
    inspection, codes = sample_on_the_tester(tmp_path)
    assert sample_judge(inspection=inspection, actor=sampler()).is_accepted is True
    for by, department in ((technical(), "technical"), (asset(), "asset")):
        acceptance_decide(inspection=inspection, department=department, opinion="accept", actor=by)
    states = dict(
        Device.objects.filter(inspections__inspection=inspection).values_list("barcode", "state")
    )
    assert {states.pop(code) for code in codes} == {"qualified"}
    assert set(states.values()) == {"awaiting_verification"}


def test_an_error_over_its_limit_is_of_class_a_and_rejects(tmp_path):
    inspection, _codes = sample_on_the_tester(tmp_path, faults=[(0, "over")])
    found = Nonconformity.objects.get()
    assert (found.item, found.nonconformity_class) == ("ratio_error", "A")
    assert found.measured.startswith("CT 200/5") and found.limit.startswith("±")
    assert sample_judge(inspection=inspection, actor=sampler()).is_accepted is False
