"""What this app tells the search box and the scan box of every page."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from dianheng.common.search import AT_MOST, Hit, HitGroup, register_code, register_search
from dianheng.identity.models import Unit
from dianheng.identity.selectors import units_with_right

from .selectors import scan as find_code
from .selectors.search import Hit as Found
from .selectors.search import search_devices, search_models, search_places, search_units


def visible_units(rights: Any, right: str = "assets.view") -> Sequence[int] | None:
    """Units whose things a person may see; None when it is all of them."""
    paths = rights.paths(right)
    roots = {path for path in paths if path.count("/") == 2}
    if roots and not Unit.objects.filter(parent__isnull=True).exclude(path__in=roots).exists():
        return None
    return list(units_with_right(rights, right).values_list("pk", flat=True))


def _group(title: str, hits: Sequence[Found], url: str = "") -> HitGroup | None:
    if not hits:
        return None
    return HitGroup(title, [Hit(hit.title, hit.url, hit.text) for hit in hits], url)


def find_devices(request: HttpRequest, text: str) -> HitGroup | None:
    """Devices by a piece of their numbers."""
    rights: Any = request.rights  # type: ignore[attr-defined]
    if not rights.may("assets.view"):
        return None
    hits = search_devices(text, visible_units(rights), AT_MOST)
    return _group(_("Devices"), hits, f"{reverse('devices')}?q={text}")


def find_models(request: HttpRequest, text: str) -> HitGroup | None:
    """Models, also by the name of their maker."""
    if not request.rights.may("assets.view"):  # type: ignore[attr-defined]
        return None
    return _group(_("Models"), search_models(text, None, AT_MOST), f"{reverse('models')}?q={text}")


def find_places(request: HttpRequest, text: str) -> HitGroup | None:
    """Stores, shelves, boxes, people's places."""
    rights: Any = request.rights  # type: ignore[attr-defined]
    if not rights.may("assets.view"):
        return None
    hits = search_places(text, visible_units(rights), AT_MOST)
    return _group(_("Places"), hits, f"{reverse('place_list')}?q={text}")


def find_units(request: HttpRequest, text: str) -> HitGroup | None:
    """Units: the devices that are theirs."""
    rights: Any = request.rights  # type: ignore[attr-defined]
    if not rights.may("assets.view"):
        return None
    return _group(_("Units"), search_units(text, visible_units(rights), AT_MOST))


def code_url(request: HttpRequest, code: str) -> str | None:
    """Where a whole code leads, if the person may go there."""
    found = find_code(code)
    if found is None or not found.url:
        return None
    return found.url if found.is_shown_to(request.rights) else None  # type: ignore[attr-defined]


for searcher in (find_devices, find_models, find_places, find_units):
    register_search(searcher)
register_code(code_url)
