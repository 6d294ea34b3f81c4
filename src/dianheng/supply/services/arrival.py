"""A delivery at the door: scanned against its file, then received."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.assets.choices import DeviceState, PlaceKind, Verb
from dianheng.assets.models import Device, Place
from dianheng.assets.services import devices_transition
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused
from dianheng.common.search import clean_code
from dianheng.identity.services import idempotent, remember, require, write_batch

from ..choices import ArrivalState, ScanResult
from ..models import Arrival, ArrivalBox, ArrivalScan

AT_ONCE = 500
RECEIVING = (PlaceKind.STORE, PlaceKind.SHELF, PlaceKind.LABORATORY)
OPEN = (ArrivalState.ANNOUNCED, ArrivalState.SCANNING, ArrivalState.PARTLY)


def arrival_make(
    *,
    arrival: Arrival,
    place: Place,
    actor: Actor,
    delivery_note_no: str = "",
    arrived_on: date | None = None,
) -> Arrival:
    """Open an announced arrival for scanning: where it is received, by which delivery note.

    The number of the arrival was taken with its delivery file; a partly received one is opened
    again for the rest.
    """
    faults = _place_faults(place)
    if arrived_on is not None and arrived_on > timezone.localdate():
        text = gettext_lazy("This day has not come yet.")
        faults.append({"field": "arrived_on", "code": "date_future", "text": text})
    if faults:
        raise BadInput(gettext_lazy("The arrival cannot be opened."), faults)
    actor = require(actor, "supply.receive", arrival.unit_id)
    with write_batch(actor=actor, action="arrival.make"):
        found = _locked(arrival)
        _refuse_received(found)
        found.state, found.place = ArrivalState.SCANNING, place
        found.delivery_note_no = delivery_note_no.strip() or found.delivery_note_no
        found.arrived_on = arrived_on or found.arrived_on or timezone.localdate()
        found.save(update_fields=["state", "place", "delivery_note_no", "arrived_on"])
    return found


def _place_faults(place: Place) -> list[dict[str, Any]]:
    if place.kind in RECEIVING and place.is_active:
        return []
    text = gettext_lazy("Devices are received in a store, on a shelf or in a laboratory.")
    return [{"field": "place", "code": "place", "text": text}]


def refuse_place(place: Place) -> None:
    """Refuse a place in which nothing is received."""
    faults = _place_faults(place)
    if faults:
        raise BadInput(faults[0]["text"], faults)


def arrival_scan(
    *, arrival: Arrival, scans: Sequence[Mapping[str, Any]], actor: Actor
) -> dict[str, Any]:
    """Keep and answer scans at the door; a key that was sent before is answered, not kept again.

    What is over or foreign is refused on the screen and kept by name.

    Args:
        scans: `{key, code, at}`, or `{key, undo, at}` to take one back, in order. A code is a
            device's or that of a box as the delivery file packs it.

    Returns:
        `{"results": […], "total": n}` as the scan field of the pages wants it.
    """
    if len(scans) > AT_ONCE:
        raise BadInput(gettext_lazy("Send at most %(n)s scans at once.") % {"n": AT_ONCE})
    actor = require(actor, "supply.receive", arrival.unit_id)
    with write_batch(actor=actor, action="arrival.scan"):
        found = _locked(arrival)
        if found.state != ArrivalState.SCANNING:
            text = gettext_lazy("Open the arrival first: say where it is received.")
            raise Refused(Refusal("arrival_closed", text, {"arrival": found.number}))
        taking = _Taking(found, scans, actor)
        return {"results": [taking.take(scan) for scan in scans], "total": taking.count}


def arrival_confirm(
    *,
    arrival: Arrival,
    actor: Actor,
    checks: Sequence[Mapping[str, str]] = (),
    request_key: str = "",
) -> Arrival:
    """Receive what was scanned; what is missing stays on order and is named.

    Args:
        checks: package, papers, quantity: each with check, requirement, result, conclusion.
    """
    actor = require(actor, "supply.receive", arrival.unit_id)
    with write_batch(actor=actor, action="arrival.confirm") as batch:
        if idempotent(request_key, "arrival.confirm") is not None:
            return Arrival.objects.get(pk=arrival.pk)
        found = _locked(arrival)
        if found.state != ArrivalState.SCANNING:
            text = gettext_lazy("Open the arrival first: say where it is received.")
            raise Refused(Refusal("arrival_closed", text, {"arrival": found.number}))
        good = found.scans.filter(result=ScanResult.GOOD, is_undone=False)
        fresh = list(
            Device.objects.filter(
                pk__in=good.values("device_id"), state=DeviceState.ON_ORDER
            ).values_list("pk", flat=True)
        )
        if not fresh:
            text = gettext_lazy("Nothing new was scanned. Scan what has come, then confirm.")
            raise Refused(Refusal("nothing_scanned", text, {"arrival": found.number}))
        devices_transition(
            device_ids=fresh, verb=Verb.ARRIVE, actor=batch.actor, place_id=found.place_id,
            document=f"arrival:{found.number}",
        )  # fmt: skip
        found.received = good.count()
        is_whole = found.received == found.announced
        found.state = ArrivalState.RECEIVED if is_whole else ArrivalState.PARTLY
        found.received_at, found.received_by_id = batch.at, actor.person_id
        if checks:
            found.checks = [dict(check) for check in checks]
        found.save(update_fields=["state", "received", "received_at", "received_by", "checks"])
        remember(request_key, "arrival.confirm", {"arrival": found.pk})
    return found


def _locked(arrival: Arrival) -> Arrival:
    rows = Arrival.objects.select_for_update(of=("self",))
    return rows.select_related("line__order", "place", "unit", "lot").get(pk=arrival.pk)


def _refuse_received(arrival: Arrival) -> None:
    if arrival.state not in OPEN:
        text = gettext_lazy("Arrival %(no)s is received in full.") % {"no": arrival.number}
        raise Refused(Refusal("arrival_closed", text, {"arrival": arrival.number}))


class _Taking:
    """The scans of one request: what they name is read once, then each is answered."""

    def __init__(self, arrival: Arrival, scans: Sequence[Mapping[str, Any]], actor: Actor):
        self.arrival, self.actor = arrival, actor
        keys = [str(scan.get(name, ""))[:100] for scan in scans for name in ("key", "undo")]
        codes = [clean_code(str(scan.get("code", "")))[:200] for scan in scans]
        self.boxes: dict[str, ArrivalBox] = {
            box.code: box for box in arrival.boxes.filter(code__in=codes)
        }
        inside = [pk for box in self.boxes.values() for pk in box.device_ids]
        rows = Device.objects.select_related("model")
        self.by_id = {device.pk: device for device in rows.filter(pk__in=inside)}
        self.devices = {device.barcode: device for device in rows.filter(barcode__in=codes)}
        self.known: dict[str, list[ArrivalScan]] = {}
        for row in arrival.scans.filter(client_key__in=[key for key in keys if key]):
            self.known.setdefault(row.client_key, []).append(row)
        wanted = {*codes, *(device.barcode for device in self.by_id.values())}
        self.kept = {
            row.code: row for row in arrival.scans.filter(is_undone=False, code__in=wanted)
        }
        self.count = arrival.scans.filter(result=ScanResult.GOOD, is_undone=False).count()
        self.segments = list(arrival.line.segments.values_list("first_body", "last_body"))

    def take(self, scan: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one scan."""
        key = str(scan.get("key", ""))[:100]
        if scan.get("undo"):
            outcome, title, text = self._undo(str(scan["undo"])[:100])
        else:
            code = clean_code(str(scan.get("code", "")))[:200]
            outcome, title, text = self._one(key, code, _moment(scan.get("at")))
        return {
            "key": key, "outcome": outcome, "title": title, "text": text, "count": self.count,
            "expected": self.arrival.announced,
        }  # fmt: skip

    def _one(self, key: str, code: str, at: Any) -> tuple[str, str, str]:
        if not key or not code:
            return "refused", code, _("A scan has a key and a code.")
        if key in self.known:
            rows = self.known[key]
            title = rows[0].box_code or rows[0].code[-8:]
            return self._answer(rows[0].result, title, len(rows))
        box = self.boxes.get(code)
        if box is not None:
            return self._box(key, box, at)
        if code in self.kept:
            return "repeat", code[-8:], _("Already scanned.")
        device = self.devices.get(code)
        result = self._result(code, device)
        self._keep(key, [(code, device)], result, "", at)
        return self._answer(result, code[-8:], 1)

    def _box(self, key: str, box: ArrivalBox, at: Any) -> tuple[str, str, str]:
        fresh = [
            (device.barcode, device)
            for pk in box.device_ids
            if (device := self.by_id.get(pk)) is not None and device.barcode not in self.kept
        ]
        if not fresh:
            return "repeat", box.code, _("Already scanned.")
        self._keep(key, fresh, ScanResult.GOOD, box.code, at)
        return self._answer(ScanResult.GOOD, box.code, len(fresh))

    def _result(self, code: str, device: Device | None) -> str:
        if device is not None and device.arrival_no == self.arrival.number:
            return ScanResult.GOOD
        if len(code) == 22 and any(first <= code[:21] <= last for first, last in self.segments):
            return ScanResult.OVER
        if device is not None and device.arrival_no:
            others = Arrival.objects.filter(
                number=device.arrival_no, line__order_id=self.arrival.line.order_id
            )
            if others.exists():
                return ScanResult.OVER
        return ScanResult.FOREIGN

    def _keep(
        self, key: str, rows: list[tuple[str, Device | None]], result: str, box: str, at: Any
    ) -> None:
        made = ArrivalScan.objects.bulk_create(
            [
                ArrivalScan(
                    arrival=self.arrival, code=code, device=device, result=result, box_code=box,
                    client_key=key, scanned_at=at, person_id=self.actor.person_id,
                )
                for code, device in rows
            ]
        )  # fmt: skip
        self.known[key] = made
        self.kept |= {row.code: row for row in made}
        if result == ScanResult.GOOD:
            self.count += len(made)

    def _answer(self, result: str, title: str, count: int) -> tuple[str, str, str]:
        if result == ScanResult.GOOD:
            return "good", title, _("%(n)s devices.") % {"n": count} if count > 1 else ""
        if result == ScanResult.OVER:
            return "refused", title, _("Over: of this order, but not in this delivery file.")
        return "refused", title, _("Foreign: not of this order. Put it aside.")

    def _undo(self, key: str) -> tuple[str, str, str]:
        rows = [row for row in self.known.get(key, ()) if not row.is_undone]
        if not rows:
            return "undone", "", _("There is nothing to take back.")
        arrived = Device.objects.filter(pk__in=[row.device_id for row in rows if row.device_id])
        if (
            arrived.filter(arrival_no=self.arrival.number)
            .exclude(state=DeviceState.ON_ORDER)
            .exists()
        ):
            return "refused", rows[0].code[-8:], _("Is received already and stays.")
        ArrivalScan.objects.filter(pk__in=[row.pk for row in rows]).update(is_undone=True)
        for row in rows:
            row.is_undone = True
            self.kept.pop(row.code, None)
        if rows[0].result == ScanResult.GOOD:
            self.count -= len(rows)
        return "undone", rows[0].box_code or rows[0].code[-8:], ""


def _moment(text: Any) -> Any:
    try:
        found = parse_datetime(str(text)) if text else None
    except ValueError:
        found = None
    return found if found is not None and timezone.is_aware(found) else timezone.now()
