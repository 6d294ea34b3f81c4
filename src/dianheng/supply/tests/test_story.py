"""The story of the demo: one order accepted after a refused file, one returned."""

import pytest

from dianheng.assets.models import Device
from dianheng.assets.tests.factories import single_phase_model, store
from dianheng.identity.tests.factories import actor_with, metering_centre
from dianheng.supply.models import DeliveryFile
from dianheng.supply.papers import return_notice
from dianheng.supply.story import People, story

from .factories import FIRST_CODE, asset, buyer, sampler, technical

pytestmark = pytest.mark.django_db


def test_one_lot_is_accepted_after_a_corrected_file_and_one_goes_back(tmp_path):
    people = People(
        buyer=buyer(), keeper=actor_with("supply.receive", login="keeper", name="孙收货"), sampler=sampler(),
        technical=technical(), asset=asset(), returner=actor_with("supply.return", login="returner", name="何退货"),
    )  # fmt: skip
    told = story(
        people=people, unit=metering_centre(), model=single_phase_model(), place=store(), folder=tmp_path,
        first_code=FIRST_CODE, quantity=400, small=60,
    )  # fmt: skip
    assert (told.accepted.state, told.rejected.state) == ("accepted", "rejected")
    assert list(DeliveryFile.objects.order_by("pk").values_list("state", flat=True)) == [
        "refused",
        "taken",
        "taken",
    ]
    by_state = {
        state: Device.objects.filter(state=state).count()
        for state in ("awaiting_verification", "returned_to_maker")
    }
    assert by_state == {"awaiting_verification": 400, "returned_to_maker": 60}
    assert told.returned.state == "shipped"
    found = return_notice(told.returned).reasons
    assert [(one.document_kind, one.document_no) for one in found] == [
        ("sampling_form", told.rejected.number)
    ] * 2
    assert found[1].reason == "样本中有 A 类不合格"
