"""What an earlier request answered."""

from typing import Any

from dianheng.identity.models import RequestResult


def request_answer(key: str, action: str) -> dict[str, Any] | None:
    """What the request of a key answered, or None."""
    found = RequestResult.objects.filter(key=key, action=action).first()
    return dict(found.result) if found else None
