"""Words of warnings and gaps, as the reviewer reads them."""

import pytest
from django.utils import translation

from dianheng.verification.words import missing_text, warning_text


@pytest.mark.parametrize(
    ("about", "said"),
    [("temperature", "温度"), ("humidity", "湿度")],
    ids=["temperature", "humidity"],
)
def test_what_lay_outside_has_its_word(about, said):
    gap = {"item": "environment", "point": about, "reason": "not_recorded"}
    with translation.override("zh-hans"):
        texts = [warning_text({"code": code, "about": about}) for code in ("environment", "band")]
        assert texts == [f"{said}超出参比条件", f"{said}超出实验室自定范围"]
        assert said in missing_text(gap) and about not in missing_text(gap)
    with translation.override("en"):
        text = warning_text({"code": "band", "about": about})
        assert text == f"{about} outside the laboratory's own bounds"
