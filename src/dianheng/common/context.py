"""What every page of the shell shows: menu, counts, language."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from .menu import menu_for


def shell(request: HttpRequest) -> dict[str, Any]:
    """Lazy, so that fragments and machine answers pay nothing for it."""

    def menu() -> list[Any]:
        rights = getattr(request, "rights", None)
        return menu_for(rights.codes if rights else set())

    return {"menu": SimpleLazyObject(menu)}
