"""The centre against the makers: the same figures as by hand, and lots that lie apart are named."""

import re
from collections.abc import Callable
from decimal import Decimal
from statistics import correlation, fmean, stdev

import pytest

from dianheng.analysis.selectors import MakerAsked, lots_stated, maker_differences, points_stated
from dianheng.assets.models import Device, Lot
from dianheng.assets.services import lot_make
from dianheng.common.errors import BadInput
from dianheng.identity.services import system_actor, write_batch
from dianheng.identity.tests.factories import metering_centre, person_with
from dianheng.supply.services import maker_tests_refuse, maker_tests_take
from dianheng.supply.tests.factories import buyer
from dianheng.supply.tests.maker import maker_file
from dianheng.verification.models import TestRecord, TestResult
from dianheng.verification.tests.factories import laboratory

from .factories import meters_tested

pytestmark = pytest.mark.django_db
ALL = ("/",)


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.DATA = tmp_path
    settings.MEDIA_ROOT = tmp_path / "files"


def lot_stated(lab, folder, number: int, state: Callable[[int, Decimal], Decimal]) -> Lot:
    """Six meters of a lot that are tested, and what the maker states of each: `state(n, here)`."""
    meters_tested(6, lab=lab, first=1 + 10 * number, seed=number)
    records = list(TestRecord.objects.order_by("-pk")[:6])
    lot = lot_make(
        model=records[0].device.model, tender_batch=f"2026-{number:02d}",
        unit_id=metering_centre().pk, actor=system_actor(),
    )  # fmt: skip
    with write_batch(actor=system_actor(), action="test.lot"):
        Device.objects.filter(pk__in=[one.device_id for one in records]).update(lot=lot)
    rows = [
        [one.device.barcode, "", row.phases, row.load_point, row.factor, f"{state(n, row.value):f}"]
        for n, one in enumerate(records)
        for row in one.results.filter(item="basic_error", is_derived=False)
    ]
    tests = maker_file(rows, lot, folder, name=f"{lot.code}.csv")
    maker_tests_take(tests, with_warnings=True, actor=buyer())
    return lot


@pytest.fixture
def lots(tmp_path):
    """Four lots; the last lies apart."""
    return lots_stated_and_tested(tmp_path)


def lots_stated_and_tested(tmp_path):
    """Three that agree but for a little, one of which the maker's bench reads 0.5 % too low."""
    lab = laboratory()
    near = [
        lot_stated(lab, tmp_path, n, lambda k, here: here + Decimal(k - 3) / 100) for n in range(1, 4)
    ]  # fmt: skip
    shifted = lot_stated(
        lab, tmp_path, 4, lambda k, here: here + Decimal(k - 3) / 100 - Decimal("0.5")
    )
    return [*near, shifted]


def test_groups_have_the_figures_that_one_works_out_by_hand(lots):
    lot = lots[3]
    found = maker_differences(MakerAsked("lot", narrow={"lot": str(lot.pk)}, paths=ALL))
    (group,) = found.groups
    pairs = [
        (row.value, maker.value, row.limit_high, (row.load_point, row.factor, row.phases))
        for row in TestResult.objects.filter(
            record__device__lot=lot, item="basic_error", is_derived=False
        ).select_related("record")
        for maker in lot.maker_tests.get().results.filter(
            device=row.record.device_id, load_point=row.load_point, factor=row.factor,
            phases=row.phases, direction=row.direction,
        )
    ]  # fmt: skip
    differences = [float(here - there) for here, there, _limit, _point in pairs]
    shares = [float(here - there) / float(limit) * 100 for here, there, limit, _point in pairs]
    assert (group.name, group.devices, group.points) == (lot.code, 6, len(pairs))
    assert group.mean == pytest.approx(fmean(differences)) == pytest.approx(0.505)
    assert group.deviation == pytest.approx(stdev(differences))
    assert group.share == pytest.approx(fmean(shares))
    assert (group.outside, group.judged) == (sum(abs(s) > 30 for s in shares), len(shares))
    means = {}
    for here, there, _limit, point in pairs:
        means.setdefault(point, []).append((float(here), float(there)))
    centred = [
        (here - fmean(h for h, _t in points), there - fmean(t for _h, t in points))
        for points in means.values()
        for here, there in points
    ]
    assert group.correlation == pytest.approx(correlation(*zip(*centred, strict=True)))


def test_the_lot_whose_maker_reads_too_low_is_named_first(lots, client):
    found = maker_differences(MakerAsked("lot", paths=ALL))
    assert [one.is_apart for one in found.groups] == [True, False, False, False]
    assert found.groups[0].name == lots[3].code
    client.force_login(person_with("*", login="looker"))
    page = client.get("/maker-data/").content.decode()
    assert "明显不同" in page and lots[3].code in page


@pytest.mark.parametrize("by", ["lot", "model", "maker", "point"])
def test_every_figure_leads_to_its_devices(by, lots, client):
    client.force_login(person_with("*", login="looker"))
    found = maker_differences(MakerAsked(by, paths=ALL))
    page = client.get("/maker-data/", {"by": by}).content.decode()
    for one in found.groups:
        assert one.name in page
        answer = client.get(f"/maker-data/basic_error/{by}:{one.key}/").content.decode()
        assert answer.count("/devices/") >= one.devices
    devices = client.get("/maker-data/basic_error/-/?export=xlsx")
    assert devices.getvalue().startswith(b"PK")
    text = client.get("/maker-data/groups.csv", {"by": by}).content.decode("utf-8-sig")
    assert len(text.splitlines()) == 1 + len(found.groups)


def test_a_step_of_the_distribution_leads_to_the_devices_that_differ_so_much(lots, client):
    client.force_login(person_with("*", login="looker"))
    step = max(maker_differences(MakerAsked("lot", paths=ALL)).steps)
    address = f"/maker-data/basic_error/-/?share_from={step}"
    assert address in client.get("/maker-data/").content.decode()
    shown = client.get(address).content.decode()
    found = set(Device.objects.filter(barcode__in=re.findall(r"/devices/(\d+)/", shown)))
    assert found and {one.lot for one in found} == {lots[3]}


def test_a_point_is_looked_at_alone(lots):
    asked = MakerAsked("lot", paths=ALL)
    points = points_stated(asked)
    assert ("forward_active/ABC/Ib/1.0/", "Ib 1.0") in points
    alone = maker_differences(asked.within("point", "forward_active/ABC/Ib/1.0/"))
    assert [one.points for one in alone.groups] == [6, 6, 6, 6]


def test_figures_that_were_refused_count_no_more(lots):
    tests = lots[0].maker_tests.get()
    maker_tests_refuse(tests, reason="厂家重报", actor=buyer())
    assert lots[0].pk not in dict(lots_stated(ALL))
    assert len(maker_differences(MakerAsked("lot", paths=ALL)).groups) == 3


def test_the_device_shows_both_and_the_lot_leads_there(lots, client):
    client.force_login(person_with("*", login="looker"))
    device = lots[3].devices.order_by("barcode").first()
    page = client.get(f"/devices/{device.barcode}/").content.decode()
    assert "厂家出厂数据" in page and lots[3].maker_tests.get().number in page
    assert f"/maker-data/?by=point&amp;lot={lots[3].pk}" in client.get(
        f"/lots/{lots[3].code}/"
    ).content.decode().replace("&amp;amp;", "&amp;")


def test_units_that_one_may_not_see_are_left_out(lots):
    assert maker_differences(MakerAsked("lot", paths=("/OTHER/",))).groups == []


def test_what_is_not_asked_for_is_told(lots, client):
    with pytest.raises(BadInput):
        maker_differences(MakerAsked("colour", paths=ALL))
    client.force_login(person_with("*", login="looker"))
    for query in (
        "?by=colour&item=nothing",
        "?lot=abc&maker=-1",
        "?point=;'--&lot=99999999999999999999",
    ):
        assert client.get(f"/maker-data/{query}").status_code == 200
    assert client.get("/maker-data/nothing/lot:x;what/").status_code == 200


def test_without_the_right_the_pages_are_closed(lots, client):
    client.force_login(person_with("verification.view", "supply.view", login="other"))
    for path in ("/maker-data/", "/maker-data/groups.csv", "/maker-data/basic_error/-/"):
        assert client.get(path).status_code == 403
    assert client.get("/api/v1/maker-differences").status_code == 403


def test_machines_get_the_same(lots, client):
    client.force_login(person_with("*", login="looker"))
    answer = client.get("/api/v1/maker-differences", {"by": "lot"}).json()
    assert answer["band_pct"] == "30.0" and answer["groups"][0]["name"] == lots[3].code
    devices = client.get(
        "/api/v1/maker-differences/devices", {"lot": str(lots[3].pk), "limit": 2}
    ).json()
    assert len(devices) == 2 and devices[0]["largest"] >= devices[1]["largest"]
    assert client.get("/api/v1/maker-differences", {"lot": "x"}).status_code == 422
