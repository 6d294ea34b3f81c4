"""What a pack may say, and what it may not."""

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dianheng.workflow.errors import WrongExpression
from dianheng.workflow.expressions import evaluate, names_in, parse

DATA = {
    "fill": {"amount": "12.5", "kind": "repair", "rows": [{"kwh": "1.25"}, {"kwh": "2"}]},
    "approve": {"opinion": "agree"},
}


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("approve.opinion == 'agree'", True),
        ("approve.opinion in ['reject', 'back']", False),
        ("number(fill.amount) > 10 and fill.kind != 'none'", True),
        ("money(number('5') * number('2.469'))", Decimal("12.35")),
        ("money(0 - 12.345)", Decimal("-12.35")),
        ("money(12.344999)", Decimal("12.34")),
        ("money(0 - 0.001)", Decimal("0.00")),
        ("total(fill.rows, 'kwh')", Decimal("3.25")),
        ("0.1 + 0.2 == 0.3", True),
        ("'big' if number(fill.amount) >= 12.5 else 'small'", "big"),
        ("not missing.field", True),
        ("days('2026-01-31', '2026-02-01')", 1),
        ("true and not false", True),
    ],
    ids=lambda value: str(value)[:30],
)
def test_an_expression_is_worked_out_over_the_forms(text, answer):
    assert evaluate(text, DATA) == answer


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('id')",
        "fill.__class__",
        "().__class__.__bases__",
        "'a'.format(1)",
        "fill.kind.upper()",
        "9**9**9",
        "[x for x in [1]]",
        "lambda: 1",
        "{'a': 1}",
        "f'{fill}'",
        "open('/etc/passwd')",
        "eval('1')",
        "fill['kind']",
        "x := 1",
        "b'1'",
        "",
        "1; 2",
        "a" * 3000,
    ],
    ids=lambda text: text[:24] or "empty",
)
def test_what_is_not_allowed_is_refused_before_anything_runs(text):
    with pytest.raises(WrongExpression):
        parse(text)


@pytest.mark.parametrize(
    "text", ["1 / 0", "number('abc')", "number('NaN')", "1 < 'a'", "days('x', 'y')", "count(1)", "approve.opinion.deep"],
)  # fmt: skip
def test_what_cannot_be_worked_out_says_so(text):
    with pytest.raises(WrongExpression):
        evaluate(text, DATA)


def test_names_are_those_before_the_dot():
    assert names_in("total(fill.rows, 'kwh') > 1 or approve.opinion == 'agree'") == {
        "fill",
        "approve",
    }


@given(st.text(max_size=200))
def test_no_text_does_anything_but_answer_or_be_refused(text):
    with contextlib.suppress(WrongExpression):
        evaluate(text, DATA)
