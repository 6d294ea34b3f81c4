"""What apps above declare at start: where a document is issued anew."""

from collections.abc import Callable

from .models import IssuedDocument

UrlOf = Callable[[IssuedDocument], str]
_supersede: list[UrlOf] = []


def register_supersede(url_of: UrlOf) -> None:
    """Say where a document is issued anew: (document) -> address, or empty."""
    _supersede.append(url_of)


def supersede_url_of(document: IssuedDocument) -> str:
    """Where the document can be issued anew; empty where nobody can."""
    return next((url for url_of in _supersede if (url := url_of(document))), "")
