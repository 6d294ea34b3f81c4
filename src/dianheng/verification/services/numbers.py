"""Numbers of tasks and loads, and what an earlier request answered."""

from typing import Any

from django.db import connection
from django.utils import timezone

from dianheng.identity.models import RequestResult

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


def request_answer(key: str, action: str) -> dict[str, Any] | None:
    """What the request of a key answered, or None."""
    found = RequestResult.objects.filter(key=key, action=action).first()
    return dict(found.result) if found else None
