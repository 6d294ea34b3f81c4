"""Days that people write on forms of packs."""

import pytest
from django.utils import timezone

from dianheng.common.errors import BadInput
from dianheng.workflow.forms import form_clean

DAY = {"type": "string", "format": "date", "label": {"zh": "日期", "en": "Day"}}
ROWS = {
    "type": "array", "format": "rows", "label": {"zh": "明细", "en": "Rows"},
    "items": {"type": "object", "properties": {"on": DAY}},
}  # fmt: skip
SCHEMA = {"type": "object", "properties": {"on": DAY, "rows": ROWS}}


@pytest.mark.parametrize("written", ["2026-03-01", "20260301", " 2026年3月1日 "])
def test_a_day_is_kept_as_a_day_however_it_is_written(written):
    clean = form_clean(SCHEMA, {"on": written, "rows": [{"on": written}]})
    assert clean == {"on": "2026-03-01", "rows": [{"on": "2026-03-01"}]}


def test_t_is_today_where_the_page_did_not_turn_it():
    assert form_clean(SCHEMA, {"on": "t"})["on"] == timezone.localdate().isoformat()


@pytest.mark.parametrize("written", ["soon", "2026-02-30"])
def test_what_is_no_day_is_told(written):
    with pytest.raises(BadInput) as refused:
        form_clean(SCHEMA, {"on": written})
    (error,) = refused.value.refusal.errors
    assert (error["field"], error["code"]) == ("on", "date")
