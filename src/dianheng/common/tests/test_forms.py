"""What a service refuses is shown on the form: each reason once, beside its field or on top."""

from datetime import timedelta

import pytest
from django import forms
from django.test import RequestFactory
from django.utils import timezone

from dianheng.common.errors import BadInput, Refusal, Refused
from dianheng.common.forms import MOST_SHOWN, DayField, Form, take_refusal


class SealForm(Form):
    """A form with one field."""

    number = forms.CharField()


def shown(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    monkeypatch.setattr("dianheng.common.forms.note_refusal", lambda request, refused: None)
    form = SealForm({"number": "S-1"})
    assert form.is_valid()
    take_refusal(form, refused, RequestFactory().post("/"))
    return {field: list(texts) for field, texts in form.errors.items()}


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        ([], {"__all__": ["Not taken."]}),
        ([{"field": "number", "text": "Taken."}], {"number": ["Taken."]}),
        (
            [{"field": "number", "text": "Taken."}, {"field": "files", "text": "Too large."}],
            {"number": ["Taken."], "__all__": ["Not taken.", "Too large."]},
        ),
        ([{"text": "Not taken."}, {"text": "Gone."}, {"text": "Gone."}], {"__all__": ["Not taken.", "Gone."]}),
        (
            [{"device": "130", "text": "Not in stock."}, {"row": 3, "text": "Row 3: no seal."}],
            {"__all__": ["Not taken.", "130: Not in stock.", "Row 3: no seal."]},
        ),
    ],
    ids=["no errors", "a field", "a field and another", "said once", "of a thing"],
)  # fmt: skip
def test_every_reason_is_shown_once(errors, expected, monkeypatch):
    assert shown(BadInput("Not taken.", errors), monkeypatch) == expected


def test_several_refusals_and_very_many_reasons(monkeypatch):
    first = Refusal("one", "First.")
    second = Refusal("two", "Second.", {}, [{"text": f"R{n}"} for n in range(MOST_SHOWN + 7)])
    texts = shown(Refused(first, second), monkeypatch)["__all__"]
    assert texts[:3] == ["First.", "Second.", "R0"] and len(texts) == MOST_SHOWN + 3
    assert "7" in texts[-1]


@pytest.mark.parametrize(("given", "shown"), [("t", 0), ("t+20", 20), ("t-3", -3)])
def test_a_day_that_is_offered_as_an_offset_is_shown_as_the_day(given, shown):
    class Due(Form):
        on = DayField(initial=given)

    day = timezone.localdate() + timedelta(days=shown)
    assert str(Due()["on"].value()) == str(day)
    assert str(Due({"on": given})["on"].value()) == str(day)
    assert Due({"on": "soon"})["on"].value() == "soon"  # what was typed wrong stands as typed
