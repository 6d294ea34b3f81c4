"""What every page of the shell shows: menu, unit, stand-ins, looks."""

from functools import lru_cache
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from .menu import menu_for


def _rail(codes: frozenset[str], path: str, language: str | None) -> str:
    """The menu at the left: the entries that these rights open, the page's own marked."""
    urls = [entry.url for _module, entries in menu_for(codes) for entry in entries]
    fits = (url for url in urls if path.startswith(url) and url != "/")
    here = max(fits, key=len, default="/" if path == "/" else "")
    return _drawn(codes, here, language)


@lru_cache(maxsize=512)
def _drawn(codes: frozenset[str], here: str, language: str | None) -> str:
    """A third of a page's time without remembering; whatever it depends on is an argument."""
    return render_to_string("common/rail.html", {"menu": menu_for(codes), "here": here})


def shell(request: HttpRequest) -> dict[str, Any]:
    """Lazy, so that fragments and machine answers pay nothing for it."""
    rights = getattr(request, "rights", None)

    def rail() -> str:
        return _rail(frozenset(rights.codes if rights else ()), request.path, get_language())

    def stands_in_for() -> list[str]:
        grants = rights.grants if rights else ()
        return sorted({grant.from_person_name for grant in grants if grant.from_person_id})

    session = getattr(request, "session", {})
    return {
        "rail": SimpleLazyObject(rail),
        "stands_in_for": SimpleLazyObject(stands_in_for),
        "unit_name": SimpleLazyObject(lambda: session.get("unit_name", "")),
        "theme": request.COOKIES.get("theme", "")
        if request.COOKIES.get("theme") in ("light", "dark")
        else "",
        "is_rail_narrow": request.COOKIES.get("rail") == "narrow",
    }
