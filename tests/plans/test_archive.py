"""Pieces of the archive are found by words through an index, however short the words are.

As in `test_lists`, the planner is told to avoid reading whole tables: a word that no index
answers would be left with one, and at 10⁶ pieces take seconds.
"""

import pytest
from django.db import connection

from dianheng.office.models import ArchivePiece
from dianheng.office.selectors import search_pieces

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("words", "index"),
    [("检定", "archive_pairs"), ("检定装置", "archive_text"), ("检定 装置更换", "archive_text"), ("JL2026-000123", "archive_text")],
    ids=["two signs", "more signs", "two words", "a number"],
)  # fmt: skip
def test_words_are_looked_up_in_an_index(words: str, index: str):
    rows = search_pieces(ArchivePiece.objects.all(), words)
    with connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        plan = rows.order_by().explain()
        cursor.execute("reset enable_seqscan")
    assert f"Index Scan on {index}" in plan and "Seq Scan" not in plan, plan
