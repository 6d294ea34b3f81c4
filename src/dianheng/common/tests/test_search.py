"""Codes as scanners send them; what is waiting for a person."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from dianheng.common import todo
from dianheng.common.search import clean_code


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("]C14130001234567890123456", "4130001234567890123456"),
        ("]Q3https://x/1", "https://x/1"),
        ("4130001\r\n", "4130001"),
        ("\x1d4130001\t", "4130001"),
        ("４１３０００１", "4130001"),
        ("]C", "]C"),
        ("[x]", "[x]"),
    ],
    ids=["code 128", "qr", "line end", "group sign", "full width", "too short", "no prefix"],
)
def test_what_is_the_scanners_is_taken_off(sent, code):
    assert clean_code(sent) == code


def test_returned_first_then_late_then_by_day_then_oldest():
    today = timezone.localdate()
    at = datetime(2026, 1, 1, tzinfo=UTC)
    items = [
        todo.TodoItem("old", "/", since=at),
        todo.TodoItem("new", "/", since=at + timedelta(days=1)),
        todo.TodoItem("tomorrow", "/", due_on=today + timedelta(1)),
        todo.TodoItem("today", "/", due_on=today),
        todo.TodoItem("late", "/", due_on=today - timedelta(1)),
        todo.TodoItem("back", "/", is_returned=True),
    ]
    group = todo.TodoGroup("x", items, 9)
    assert [item.label for item in group.sorted_items] == [
        "back",
        "late",
        "today",
        "tomorrow",
        "old",
        "new",
    ]
    assert group.more == 3


def test_only_what_i_must_do_counts(monkeypatch):
    groups = [
        todo.TodoGroup("a", (), 3),
        todo.TodoGroup("b", (), 5, kind=todo.WAITING),
        todo.TodoGroup("c", (), 0),
    ]
    monkeypatch.setattr(todo, "_providers", {lambda request: groups: True})
    assert todo.todo_count(None) == 3
    assert [group.title for group in todo.todo_of(None)] == ["a", "b"]
