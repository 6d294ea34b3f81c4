"""Expressions of packs: conditions and computed fields in a closed evaluator, never Python.

What a pack may say: numbers, texts, lists, comparison, arithmetic, `and or not`, `in`,
`a if b else c`, fields of forms by a dot (`approve.opinion`), and the functions below.
Nothing else exists in it: no attributes of objects, no methods, no comprehensions, no power.
"""

import ast
import operator
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import simpleeval
from django.utils.translation import gettext as _

from dianheng.metrology.rounding import round_money

from .errors import WrongExpression

MAX_LENGTH = 2000


def number(value: Any) -> Decimal:
    """A number of a form, which keeps numbers as text.

    >>> number("12.50") * 2
    Decimal('25.00')
    """
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise WrongExpression(_("“%(value)s” is no number") % {"value": value})
    return found


def total(rows: Iterable[Mapping[str, Any]], column: str) -> Decimal:
    """Sum of a column of a table of rows.

    >>> total([{"kwh": "1.5"}, {"kwh": "2"}, {}], "kwh")
    Decimal('3.5')
    """
    return sum((number(row[column]) for row in rows if row.get(column)), Decimal(0))


def days(first: Any, last: Any) -> int:
    """Days from one date to another, both as texts.

    >>> days("2026-02-27", "2026-03-01")
    2
    """
    try:
        return (date.fromisoformat(str(last)) - date.fromisoformat(str(first))).days
    except ValueError:
        facts = {"first": first, "last": last}
        raise WrongExpression(_("“%(first)s” or “%(last)s” is no date") % facts) from None


def money(value: Any) -> Decimal:
    """An amount in yuan, rounded to 0.01 half up; the last step, never twice.

    >>> money("12.345")
    Decimal('12.35')
    """
    return round_money(number(value))


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "number": number,
    "money": money,
    "total": total,
    "days": days,
    "count": len,
    "min": min,
    "max": max,
}
OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Gt: operator.gt,
    ast.Lt: operator.lt,
    ast.GtE: operator.ge,
    ast.LtE: operator.le,
    ast.Not: operator.not_,
    ast.USub: operator.neg,
    ast.In: lambda one, many: one in many,
    ast.NotIn: lambda one, many: one not in many,
}
KNOWN = (
    ast.Expression, ast.Constant, ast.Name, ast.Load, ast.Attribute, ast.Compare, ast.BoolOp,
    ast.And, ast.Or, ast.UnaryOp, ast.BinOp, ast.IfExp, ast.List, ast.Call, *OPERATORS,
)  # fmt: skip


class _Closed(simpleeval.EvalWithCompoundTypes):
    """Fields by a dot are items of mappings; a missing field is None, as an empty one is."""

    def __init__(self, names: Mapping[str, Any]):
        super().__init__(operators=dict(OPERATORS), functions=dict(FUNCTIONS), names=dict(names))
        self.nodes = {
            kind: do for kind, do in self.nodes.items() if issubclass(kind, KNOWN)
        } | {ast.Attribute: self._field, ast.Name: self._name, ast.Constant: self._constant}  # fmt: skip

    def _field(self, node: ast.Attribute) -> Any:
        owner = self._eval(node.value)
        if owner is None:
            return None
        if not isinstance(owner, Mapping):
            raise WrongExpression(_("“%(text)s” has no fields") % {"text": ast.unparse(node.value)})
        return owner.get(node.attr)

    def _name(self, node: ast.Name) -> Any:
        if node.id in ("true", "false", "none"):
            return {"true": True, "false": False, "none": None}[node.id]
        return self.names.get(node.id)

    @staticmethod
    def _constant(node: ast.Constant) -> Any:
        if isinstance(node.value, float):
            return Decimal(repr(node.value))
        return node.value


def parse(text: str) -> ast.Expression:
    """The expression as a tree, when it holds nothing that a pack may not say.

    Raises:
        WrongExpression: with what is wrong.
    """
    if len(text) > MAX_LENGTH:
        raise WrongExpression(_("is longer than %(n)s signs") % {"n": MAX_LENGTH})
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        facts = {"text": text.strip()[:80]}
        raise WrongExpression(_("“%(text)s” is no expression") % facts) from None
    for node in ast.walk(tree):
        if not isinstance(node, KNOWN):
            raise _not_allowed(node)
        if isinstance(node, ast.Constant) and not isinstance(node.value, str | int | float | None):
            raise _not_allowed(node)
        if isinstance(node, ast.Attribute) and node.attr.startswith("_"):
            raise WrongExpression(_("“%(name)s” is no field") % {"name": node.attr})
        if isinstance(node, ast.Call) and (
            not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS or node.keywords
        ):
            facts = {"text": ast.unparse(node.func)[:80], "known": ", ".join(FUNCTIONS)}
            raise WrongExpression(_("“%(text)s” is none of the functions: %(known)s") % facts)
    return tree


def _not_allowed(node: ast.AST) -> WrongExpression:
    facts = {"text": ast.unparse(node)[:80]}
    return WrongExpression(_("“%(text)s” is not allowed in a pack") % facts)


def names_in(text: str) -> set[str]:
    """What an expression asks for: the names before the first dot.

    >>> sorted(names_in("number(fill.amount) > 100 and approve.opinion == 'agree'"))
    ['approve', 'fill']
    """
    tree = parse(text)
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    found = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and id(n) not in called}
    return found - {"true", "false", "none"}


def fixed_text(text: str) -> str | None:
    """What an expression is when it is a text in quotes and nothing else; None: it is worked out.

    >>> fixed_text("'work-order'"), fixed_text("ask.process")
    ('work-order', None)
    """
    try:
        body = parse(text).body
    except WrongExpression:
        return None
    return body.value if isinstance(body, ast.Constant) and isinstance(body.value, str) else None


def evaluate(text: str, names: Mapping[str, Any]) -> Any:
    """Work an expression out over the data of an instance.

    >>> evaluate("number(fill.amount) * 1.5", {"fill": {"amount": "2"}})
    Decimal('3.0')
    >>> evaluate("approve.opinion == 'agree'", {})
    False

    Raises:
        WrongExpression: not allowed, or it cannot be worked out with these data.
    """
    tree = parse(text)
    try:
        return _Closed(names).eval(text.strip(), previously_parsed=tree.body)
    except WrongExpression:
        raise
    except (
        simpleeval.InvalidExpression,
        ArithmeticError,
        TypeError,
        ValueError,
        KeyError,
    ) as error:
        raise WrongExpression(f"“{text.strip()[:80]}”: {error}") from None
