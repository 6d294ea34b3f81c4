"""`postgresql://role:secret@host:port/name` (or a socket folder as `?host=`) for Django."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


def database_settings(url: str) -> dict[str, Any]:
    """Django's settings of one database.

    Client-side binding and unprepared statements are meant: a prepared statement's generic
    plan loses the trigram index (docs/explanation/search.md). The few that are prepared say so
    (`planned_cursor` of config/postgresql).
    """
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "dianheng.config.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "dianheng-not-configured",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", "") or parts.hostname or "",
        "PORT": query.pop("port", "") or str(parts.port or ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        "OPTIONS": {"prepare_threshold": None, **query},
    }
