"""One door for the scanner: what was scanned, and what can be done with it now."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from django.db import connection
from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from dianheng.common.errors import Text
from dianheng.common.search import clean_code

from ..choices import DeviceState, PlaceKind
from ..models import Device, Place
from ..rules import verbs_from

LONGEST = 2048  # a QR code of a certificate is the longest that is scanned


@dataclass(frozen=True)
class Scanned:
    """What a code means. `kind`: device, box, place, lot, certificate, seal, person, order.

    `right` over `unit_path` (or `other_path`) is what somebody needs to be told more than that it exists.
    """

    kind: str
    key: int
    code: str
    title: Text
    text: Text = ""
    url: str = ""
    warning: Text = ""
    facts: dict[str, Any] = field(default_factory=dict)
    next: Sequence[tuple[Text, str]] = ()
    unit_path: str = ""
    right: str = ""
    other_path: str = ""  # of a second unit over which the right is as good

    def is_shown_to(self, rights: Any) -> bool:
        """Whether somebody with these rights is told more than that it exists."""
        paths = [self.unit_path or None, *([self.other_path] if self.other_path else [])]
        return not self.right or any(rights.may(self.right, path) for path in paths)


# Each app that has things with codes registers a finder, cheapest and likeliest first.
Finder = Callable[[str], Scanned | None]
_finders: list[tuple[int, Finder]] = []


def register_scan(order: int, finder: Finder) -> None:
    """Add a finder; called in `AppConfig.ready`."""
    _finders.append((order, finder))
    _finders.sort(key=lambda pair: pair[0])


def scan(raw: str) -> Scanned | None:
    """What the code belongs to, or None."""
    code = clean_code(raw)
    if not code or len(code) > LONGEST:
        return None
    for _order, finder in _finders:
        if (found := finder(code)) is not None:
            return found
    return None


# One statement for what is scanned all day; both numbers are unique. That an asset number is
# not empty is said, since the plan, made for any code, has to find its index.
_DEVICE = """
select d.id, d.barcode, d.state, d.valid_through, d.model_id, m.code, m.name, p.name, u.path
  from assets_device d join assets_devicemodel m on m.id = d.model_id
  join assets_place p on p.id = d.place_id join identity_unit u on u.id = d.unit_id
 where d.barcode = %(code)s or (d.asset_no = %(code)s and d.asset_no <> '')
 order by d.barcode = %(code)s desc limit 1
"""


def find_device(code: str) -> Scanned | None:
    """A device by its bar code, else by its own asset number."""
    with connection.planned_cursor() as cursor:
        cursor.execute(_DEVICE, {"code": code})
        found = cursor.fetchone()
    if found is None:
        return None
    key, barcode, state, valid_through, model_id, model_code, model_name, place, unit_path = found
    return Scanned(
        "device",
        key,
        barcode,
        f"{model_code} {model_name}",
        f"{DeviceState(state).label} · {place}",
        reverse("device", args=[barcode]),
        facts={
            "state": state,
            "place": place,
            "model_id": model_id,
            "valid_through": valid_through.isoformat() if valid_through else "",
            "verbs": verbs_from(state),
        },
        unit_path=unit_path,
        right="assets.view",
    )


def find_place(code: str) -> Scanned | None:
    """A store, shelf, box or bench by its code; a box that is not full is said so."""
    place = Place.objects.select_related("unit", "person").filter(code=code).first()
    return None if place is None else place_scanned(place)


def place_scanned(place: Place) -> Scanned:
    """A place as the scan page shows it."""
    if place.kind == PlaceKind.PERSON and place.person is not None:
        return person_scanned(place.person)
    warning: Text = ""
    text = str(place.get_kind_display())
    count = None
    if place.kind == PlaceKind.BOX:
        count = box_count(place)
        text = _("%(count)s of %(capacity)s devices") % {
            "count": count,
            "capacity": place.capacity or "–",
        }
        if place.capacity and count < place.capacity:
            warning = _("Not full: %(count)s of %(capacity)s.") % {
                "count": count,
                "capacity": place.capacity,
            }
    return Scanned(
        "box" if place.kind == PlaceKind.BOX else "place",
        place.pk,
        place.code,
        place.name,
        text,
        reverse("place", args=[place.code]),
        warning,
        {"count": count, "capacity": place.capacity, "kind": place.kind},
        unit_path=place.unit.path,
        right="assets.view",
    )


def box_count(box: Place) -> int:
    """Devices in a box and in the boxes that stand in it."""
    inside = Q(place__path__startswith=box.path)
    return int(Device.objects.filter(inside).aggregate(count=Count("pk"))["count"])


def find_person(code: str) -> Scanned | None:
    """A person by the staff number on the card."""
    from dianheng.identity.models import Person

    person = (
        Person.objects.select_related("unit")
        .filter(person_no=code, is_system=False, is_active=True)
        .first()
    )
    return None if person is None else person_scanned(person)


def person_scanned(person: Any) -> Scanned:
    """A person as the scan page shows it: what they carry."""
    place = Place.objects.filter(person=person, kind=PlaceKind.PERSON).first()
    return Scanned(
        "person",
        person.pk,
        person.person_no,
        person.name,
        str(person.unit or ""),
        reverse("place", args=[place.code]) if place else "",
        unit_path=person.unit.path if person.unit else "",
        right="assets.view",
    )


def find_lot(code: str) -> Scanned | None:
    """A lot by its code; where its own page is, the app that has one registers before."""
    from ..models import Lot

    lot = Lot.objects.select_related("model", "unit").filter(code=code).first()
    if lot is None:
        return None
    return Scanned(
        "lot",
        lot.pk,
        lot.code,
        str(lot.model),
        lot.tender_batch,
        f"{reverse('devices')}?lot={lot.code}",
        unit_path=lot.unit.path,
        right="assets.view",
    )


def find_document(code: str) -> Scanned | None:
    """A certificate or paper by its number, or by the text of its QR code."""
    from dianheng.documents.models import IssuedDocument

    read = code.rsplit("#", 1)[-1].split("~")
    is_qr = len(read) == 10 and read[0] == "DH1"
    if not is_qr and len(code) > 60:
        return None
    number = unquote(read[2]) if is_qr else code
    found = (
        IssuedDocument.objects.select_related("unit", "end")
        .defer("data")
        .filter(number=number)
        .first()
    )
    if found is None:
        return None
    warning: Text = ""
    if hasattr(found, "end"):
        warning = _("Does not count any more: %(state)s.") % {
            "state": found.end.get_state_display()
        }
    elif (
        is_qr and found.code_text and code.rsplit("#", 1)[-1] != found.code_text.rsplit("#", 1)[-1]
    ):
        warning = _("The QR code is not the one that was issued with this number.")
    return Scanned(
        "certificate",
        found.pk,
        found.number,
        str(found.get_kind_display()),
        str(found.issued_on),
        reverse("document", args=[found.number]),
        warning,
        {"subjects": found.subjects, "conclusion": found.conclusion},
        unit_path=found.unit.path,
        right="documents.view",
    )
