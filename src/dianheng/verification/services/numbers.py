"""Numbers of tasks and loads; one row per series and year, gaps mean nothing."""

from django.db import connection
from django.utils import timezone

_NEXT = """
insert into verification_numberseries (series, year, last) values (%s, %s, 1)
on conflict (series, year) do update set last = verification_numberseries.last + 1
returning last
"""


def next_number(series: str) -> str:
    """The next number, for example `JD2026-0007`; call it inside the batch that uses it."""
    year = timezone.localdate().year
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [series, year])
        return f"{series}{year}-{cursor.fetchone()[0]:04d}"
