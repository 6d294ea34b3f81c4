"""What other apps add to a lot's page.

register_lot_link(function)     function(lot) -> label, address and query of a page about the lot
"""

from collections.abc import Callable

from dianheng.assets.models import Lot
from dianheng.common.errors import Text

LotLink = Callable[[Lot], tuple[Text, str, str]]
_links: list[LotLink] = []


def register_lot_link(link: LotLink) -> None:
    """Add a way from the lots that have a maker's test data; called in `AppConfig.ready`."""
    _links.append(link)


def lot_links(lot: Lot) -> list[tuple[Text, str, str]]:
    """Where one goes on from the maker's test data of a lot."""
    return [link(lot) for link in _links]
