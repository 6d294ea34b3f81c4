"""The worst day of a metering centre in a browser: a standard is bad, the recall orders go out."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from dianheng.analysis.models import Trace
from dianheng.analysis.services import trace_run, trial_run
from dianheng.identity.services import system_actor
from dianheng.identity.tests.factories import metering_centre, person_with
from dianheng.standards.tests.factories import equipment
from dianheng.workflow.models import ProcessInstance
from dianheng.workflow.packs.shipped import shipped_folders
from dianheng.workflow.services import pack_load

from .factories import Run, meters_tested
from .test_maker_differences import lots_stated_and_tested
from .test_trials import started

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.DATA = tmp_path
    settings.MEDIA_ROOT = tmp_path / "files"


def engineer():
    return person_with("*", login="engineer", name="高岩")


def test_a_standard_turns_out_bad_and_its_recall_orders_go_out(live_server, visit):
    meters_tested(3)
    folder = next(path for path in shipped_folders() if path.name == "recall")
    pack_load(folder=folder, actor=system_actor())
    page = visit(engineer(), "/traces/add/?code=STD-0001")
    month_ago = timezone.localtime() - timedelta(days=30)
    page.fill("#id_from_at", f"{month_ago:%Y-%m-%d %H:%M}")
    page.fill("#id_found_error_pct", "0.05")
    page.fill("#id_reason", "期间核查超差")
    page.click("main form .btn-primary")
    page.wait_for_selector(".job-bar")
    trace = Trace.objects.get()
    trace_run(Run(trace.job))
    page.reload()
    for box in page.query_selector_all("form[action$='/recall/'] input[name=risk]"):
        box.check()
    page.get_by_role("button", name="下达召回").click()
    page.wait_for_selector("main .notice-success, .notice-success")
    one = ProcessInstance.objects.get()
    page.get_by_role("link", name=one.number).click()
    page.wait_for_selector(f"text=召回清单{one.number}.xlsx")
    assert page.faults == []


def test_pages_are_accessible_and_fit(look_at):
    meters_tested(4)
    trial = started(limit_factor=Decimal("0.2"))
    trial_run(Run(trial.job))
    pages = [
        "/traces/", "/traces/add/", "/trials/", "/trials/add/", f"/trials/{trial.pk}/",
        "/error-analysis/", "/error-analysis/?by=position",
    ]  # fmt: skip
    assert look_at(engineer(), pages) == []


def test_the_pages_against_the_makers_are_accessible_and_fit(look_at, tmp_path):
    lot = lots_stated_and_tested(tmp_path)[3]
    device = lot.devices.order_by("barcode").first()
    pages = [
        "/maker-data/", f"/maker-data/?by=point&lot={lot.pk}", "/maker-data/basic_error/-/",
        f"/lots/{lot.code}/", f"/devices/{device.barcode}/",
    ]  # fmt: skip
    assert look_at(engineer(), pages) == []


def test_the_page_of_a_trace_is_accessible_and_fits(look_at):
    from .test_traces import TestCertifiedWith, traced

    meters_tested(3)
    above = equipment("STD-UP", "standard_meter", "CL311")
    TestCertifiedWith().certified(20, above=above)
    trace = traced(code="STD-UP", found_error_pct=Decimal("0.5"))
    assert metering_centre().path == trace.unit.path and trace.certified
    assert look_at(engineer(), [f"/traces/{trace.number}/"]) == []
