"""What every page of the shell shows: menu, unit, stand-ins, looks."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from .menu import menu_for


def shell(request: HttpRequest) -> dict[str, Any]:
    """Lazy, so that fragments and machine answers pay nothing for it."""
    rights = getattr(request, "rights", None)

    def menu() -> list[dict[str, Any]]:
        modules = menu_for(rights.codes if rights else set())
        urls = [entry.url for _module, entries in modules for entry in entries]
        fits = (url for url in urls if request.path.startswith(url) and url != "/")
        here = max(fits, key=len, default="/" if request.path == "/" else "")
        return [
            {
                "module": module,
                "entries": [{"entry": e, "url": e.url, "is_here": e.url == here} for e in entries],
            }
            for module, entries in modules
        ]

    def stands_in_for() -> list[str]:
        grants = rights.grants if rights else ()
        return sorted({grant.from_person_name for grant in grants if grant.from_person_id})

    session = getattr(request, "session", {})
    return {
        "menu": SimpleLazyObject(menu),
        "stands_in_for": SimpleLazyObject(stands_in_for),
        "unit_name": SimpleLazyObject(lambda: session.get("unit_name", "")),
        "theme": request.COOKIES.get("theme", "")
        if request.COOKIES.get("theme") in ("light", "dark")
        else "",
        "is_rail_narrow": request.COOKIES.get("rail") == "narrow",
    }
