"""The story without the lot of 3,000: what its chapters leave behind."""

import pytest
from django.test import RequestFactory, override_settings
from django.utils.translation import override

from dianheng.common.figures import figures_of
from dianheng.demo import again, company, legacy, orders, stock, things, verified
from dianheng.supply.models import InspectionLot, SentSample
from dianheng.warehouse.models import Movement

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
PASSWORD = "Dianheng-2026-story"


@pytest.fixture
def told(tmp_path, monkeypatch):
    """Company, laboratory, former lots, two small orders, the centre, the counties' registers."""
    monkeypatch.setattr(orders, "QUANTITY", 240)
    monkeypatch.setattr(stock, "accepted_lot", lambda: None)
    with override_settings(DATA=tmp_path), override("zh-hans"):
        company.found_company(PASSWORD)
        things.catalogue_and_places()
        things.laboratory()
        verified.former_lots(seed=1, password=PASSWORD)
        verified.month_by_month(seed=1, password=PASSWORD)
        orders.from_file_to_decision(seed=1, password=PASSWORD)
        again.samples_at_the_centre(seed=1, password=PASSWORD)
        again.lot_comes_again()
        legacy.registers_taken_over()
        stock.into_stock()


def test_the_story_goes_ways_that_the_tutorial_does_not(told):
    reported, away = SentSample.objects.order_by("pk")
    assert (reported.state, away.state) == ("back", "handed_over")
    assert (reported.inspection.state, reported.report_file is not None) == ("accepted", True)

    second = InspectionLot.objects.get(submission=2)
    assert (second.state, second.severity) == ("accepted", "tightened")
    assert (second.resubmits.state, second.lot_size) == ("rejected", 118)

    partly = Movement.objects.get(state="partly")
    assert (partly.count, partly.received_count, partly.boxes.count()) == (48, 47, 4)
    assert partly.lines.filter(state="damaged").count() == 1
    assert partly.differences.count() == 1
    taken, faulty = legacy.RegisterFile.objects.order_by("pk")
    assert (taken.state, faulty.state, faulty.fault_count) == ("taken", "faulty", 5)

    request = RequestFactory().get("/")
    figures = figures_of(request, [company.unit("35400").path])
    assert len(figures) == 5
    assert [figure.key for figure in figures if figure.value is None or not figure.line] == [
        "lots_accepted"  # decided within one month: a value, and no line yet
    ]
