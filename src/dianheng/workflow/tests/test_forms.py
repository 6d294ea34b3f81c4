"""Days that people write on forms of packs."""

import pytest
from django.utils import timezone, translation

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
def test_what_is_no_day_is_told_all_at_once_with_its_row(written):
    rows = [{"on": "2026-03-01"}, {"on": written}, {}, {"on": "x"}]
    with pytest.raises(BadInput) as refused:
        form_clean(SCHEMA, {"on": written, "rows": rows})
    told = [(each["field"], each["code"], each.get("row")) for each in refused.value.refusal.errors]
    assert told == [("on", "date", None), ("rows", "date", 2), ("rows", "date", 3)]


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "Rows, row 1 Day: “x” is no day. Write 2026-11-22, or t for today."),
        ("zh-hans", "明细第 1 行日期：“x”不是日期。请写成 2026-11-22，或用 t 表示今天。"),
    ],
)
def test_a_wrong_cell_is_named_by_table_row_and_column(language, told):
    with translation.override(language), pytest.raises(BadInput) as refused:
        form_clean(SCHEMA, {"rows": [{"on": "x"}]})
    (error,) = refused.value.refusal.errors
    assert str(error["text"]) == told
