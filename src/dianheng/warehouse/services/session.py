"""Scan sessions: every scan is kept at once and answered, booked together as one movement."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.assets.choices import DeviceState, PlaceKind
from dianheng.assets.models import Device, Place
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused
from dianheng.common.search import clean_code
from dianheng.identity.models import Person, Unit
from dianheng.identity.services import require

from ..choices import OUTWARD, TO_PERSON, TO_PLACE, LineState, Purpose, ScanOutcome, SessionState
from ..models import Movement, MovementLine, Scan, ScanSession
from ..rules import STATES
from ..selectors import leaving_faults
from .movement import (
    handover_receive,
    stock_release,
    stock_reserve,
    stock_return,
    stock_send,
    stock_take_in,
)

AT_ONCE = 500  # scans of one request; the browser sends what waits in parts
RIGHTS = {
    Purpose.DISTRIBUTE: "warehouse.hand_over",
    Purpose.FOR_TEST: "warehouse.hand_over",
    Purpose.ISSUE: "warehouse.hand_over",
    Purpose.RECEIVE: "warehouse.receive",
}


def session_make(
    *,
    purpose: str,
    unit: Unit,
    actor: Actor,
    to_place: Place | None = None,
    to_person: Person | None = None,
    movement: Movement | None = None,
    basis: str = "",
    expected: int | None = None,
) -> ScanSession:
    """Begin to scan: the target is set first, then devices are scanned."""
    if purpose not in Purpose.values:
        raise BadInput(gettext_lazy("There is no such purpose."))
    faults = []
    if purpose in TO_PLACE and to_place is None:
        faults.append(
            {"field": "to_place", "code": "missing", "text": gettext_lazy("Say to which place.")}
        )
    if purpose in TO_PERSON and to_person is None:
        faults.append(
            {"field": "to_person", "code": "missing", "text": gettext_lazy("Say to which person.")}
        )
    if purpose == Purpose.RESERVE and not basis.strip():
        faults.append(
            {"field": "basis", "code": "missing", "text": gettext_lazy("Say for which order.")}
        )
    if faults:
        raise BadInput(gettext_lazy("The target is not complete."), faults)
    actor = require(actor, RIGHTS.get(Purpose(purpose), "warehouse.move"), unit.pk)
    if movement is not None:
        expected = movement.count - movement.received_count
    return ScanSession.objects.create(
        person_id=actor.person_id, purpose=purpose, unit=unit, to_place=to_place, to_person=to_person,
        movement=movement, basis=basis, expected=expected,
    )  # fmt: skip


def session_scan(
    *, session: ScanSession, scans: Sequence[Mapping[str, Any]], actor: Actor
) -> dict[str, Any]:
    """Keep and answer scans; a key that was sent before is answered as before.

    Args:
        scans: `{key, code, at}`, or `{key, undo, at}` to take one back, in order.

    Returns:
        `{"results": […], "total": n}` as the scan field of the pages wants it.
    """
    _refuse_others(session, actor)
    if len(scans) > AT_ONCE:
        raise BadInput(gettext_lazy("Send at most %(n)s scans at once.") % {"n": AT_ONCE})
    with transaction.atomic():
        session = ScanSession.objects.select_for_update().get(pk=session.pk)
        _refuse_over(session)
        taking = _Taking(session, scans)
        results = [taking.take(scan) for scan in scans]
        return {"results": results, "total": taking.count}


def _refuse_others(session: ScanSession, actor: Actor) -> None:
    if session.person_id != actor.person_id:
        raise Refused(
            Refusal(
                "no_right",
                gettext_lazy("These are the scans of somebody else."),
                {"session": session.pk},
            )
        )


def _refuse_over(session: ScanSession) -> None:
    if session.state != SessionState.OPEN:
        raise Refused(
            Refusal(
                "session_over",
                gettext_lazy("These scans are booked or dropped already. Begin anew."),
                {"session": session.pk},
            )
        )


class _Taking:
    """The scans of one request: what they name is read once, then each is answered."""

    def __init__(self, session: ScanSession, scans: Sequence[Mapping[str, Any]]):
        self.session = session
        keys = [str(scan.get("key", "")) for scan in scans]
        undone = [str(scan["undo"]) for scan in scans if scan.get("undo")]
        self.known = {s.key: s for s in session.scans.filter(key__in=[*keys, *undone])}
        codes = [clean_code(str(scan.get("code", "")))[:400] for scan in scans]
        self.devices = {
            d.barcode: d
            for d in Device.objects.filter(barcode__in=codes).select_related(
                "model", "place", "meter"
            )
        }
        missing = [code for code in codes if code not in self.devices]
        if missing:
            self.devices |= {
                d.asset_no: d
                for d in Device.objects.filter(asset_no__in=missing)
                .exclude(asset_no="")
                .select_related("model", "place", "meter")
            }
        self.boxes = {p.code: p for p in Place.objects.filter(code__in=codes, kind=PlaceKind.BOX)}
        self.taken: set[int] = set()
        self.taken_boxes: set[int] = set()
        for device_id, box_id in session.scans.filter(outcome=ScanOutcome.GOOD).values_list(
            "device_id", "box_id"
        ):
            if device_id:
                self.taken.add(device_id)
            if box_id:
                self.taken_boxes.add(box_id)
        self.in_boxes = _in_boxes(self.taken_boxes)
        self.awaited = (
            set(
                MovementLine.objects.filter(movement=session.movement, state=LineState.UNDERWAY)
                .values_list("device_id", flat=True)
            )
            if session.movement_id
            else set()
        )  # fmt: skip
        self.faults = (
            leaving_faults([d.pk for d in self.devices.values()])
            if session.purpose in OUTWARD
            else {}
        )

    @property
    def count(self) -> int:
        return len(self.taken | self.in_boxes)

    def take(self, scan: Mapping[str, Any]) -> dict[str, Any]:
        key = str(scan.get("key", ""))[:100]
        if not key:
            return {
                "key": "",
                "outcome": "refused",
                "title": "",
                "text": _("A scan without key."),
                "count": self.count,
            }
        if key in self.known:
            return {**self.known[key].answer, "count": self.count}
        if scan.get("undo"):
            return self._undo(key, str(scan["undo"]), scan)
        code = clean_code(str(scan.get("code", "")))[:400]
        outcome, title, text, device, box = self._judge(code)
        if outcome == ScanOutcome.GOOD:
            if device is not None:
                self.taken.add(device.pk)
            if box is not None:
                self.taken_boxes.add(box.pk)
                self.in_boxes |= _in_boxes({box.pk})
        answer = {
            "key": key,
            "outcome": str(outcome),
            "title": title,
            "text": text,
            "expected": self.session.expected,
        }
        if device is not None and outcome != ScanOutcome.GOOD:
            answer["next"] = [
                {"label": _("Device"), "url": reverse("device", args=[device.barcode])}
            ]
        self.known[key] = Scan.objects.create(
            session=self.session, key=key, code=code, outcome=outcome, device=device, box=box,
            answer=answer, scanned_at=_moment(scan.get("at")),
        )  # fmt: skip
        return {**answer, "count": self.count}

    def _undo(self, key: str, undo: str, scan: Mapping[str, Any]) -> dict[str, Any]:
        earlier = self.known.get(undo) or self.session.scans.filter(key=undo).first()
        text = _("There is nothing to take back.")
        outcome = ScanOutcome.REFUSED
        if earlier is not None and earlier.outcome == ScanOutcome.GOOD:
            earlier.outcome = ScanOutcome.UNDONE
            earlier.save(update_fields=["outcome"])
            if earlier.device_id:
                self.taken.discard(earlier.device_id)
            if earlier.box_id:
                self.taken_boxes.discard(earlier.box_id)
                self.in_boxes = _in_boxes(self.taken_boxes)
            outcome, text = ScanOutcome.UNDONE, ""
        answer = {
            "key": key,
            "outcome": str(outcome),
            "title": earlier.code if earlier else "",
            "text": text,
        }
        self.known[key] = Scan.objects.create(
            session=self.session, key=key, code=undo, outcome=ScanOutcome.UNDONE, answer=answer,
            scanned_at=_moment(scan.get("at")),
        )  # fmt: skip
        return {**answer, "count": self.count}

    def _judge(self, code: str) -> tuple[ScanOutcome, str, str, Device | None, Place | None]:
        """Outcome, big word, sentence, and what it is."""
        box = self.boxes.get(code)
        if box is not None:
            return self._judge_box(box)
        device = self.devices.get(code)
        if device is None:
            return (
                ScanOutcome.REFUSED,
                code,
                _("Neither a device nor a box has this code."),
                None,
                None,
            )
        title = device.barcode[-8:] if len(device.barcode) > 8 else device.barcode
        if device.pk in self.taken:
            return ScanOutcome.REPEAT, title, _("Already scanned."), device, None
        if device.pk in self.in_boxes:
            return ScanOutcome.REPEAT, title, _("Already scanned with its box."), device, None
        reason = self._against(device)
        if reason:
            return ScanOutcome.REFUSED, title, reason, device, None
        return ScanOutcome.GOOD, title, device.model.name, device, None

    def _judge_box(self, box: Place) -> tuple[ScanOutcome, str, str, Device | None, Place | None]:
        if box.pk in self.taken_boxes:
            return ScanOutcome.REPEAT, box.code, _("Already scanned."), None, box
        inside = list(
            Device.objects.filter(place__path__startswith=box.path).select_related(
                "model", "place", "meter"
            )
        )
        if not inside:
            return ScanOutcome.REFUSED, box.code, _("The box is empty."), None, box
        if self.session.purpose in OUTWARD:
            self.faults |= leaving_faults([d.pk for d in inside])
        reasons = [reason for device in inside if (reason := self._against(device))]
        if reasons:
            text = _("%(bad)s of %(all)s devices in it cannot: %(reason)s") % {
                "bad": len(reasons), "all": len(inside), "reason": reasons[0],
            }  # fmt: skip
            return ScanOutcome.REFUSED, box.code, text, None, box
        text = _("%(n)s devices.") % {"n": len(inside)}
        if box.capacity and len(inside) < box.capacity:
            text = _("%(n)s devices; not full: it holds %(capacity)s.") % {
                "n": len(inside),
                "capacity": box.capacity,
            }
        return ScanOutcome.GOOD, box.code, text, None, box

    def _against(self, device: Device) -> str:
        """Why this device cannot, in the user's words; empty when it can."""
        if self.session.movement_id:
            return "" if device.pk in self.awaited else _("Does not belong to this hand-over.")
        states = STATES.get(self.session.purpose)
        fault = self.faults.get(device.pk)
        if fault:
            return fault
        if states is not None and device.state not in states:
            return _("Is “%(state)s”: not possible here.") % {
                "state": DeviceState(device.state).label
            }
        return ""


def _in_boxes(boxes: set[int]) -> set[int]:
    if not boxes:
        return set()
    paths = Place.objects.filter(pk__in=boxes).values_list("path", flat=True)
    found: set[int] = set()
    for path in paths:
        found |= set(
            Device.objects.filter(place__path__startswith=path).values_list("pk", flat=True)
        )
    return found


def _moment(text: Any) -> datetime | None:
    try:
        return parse_datetime(str(text)) if text else None
    except ValueError:
        return None


def session_devices(session: ScanSession) -> list[int]:
    """Keys of the devices that the session's good scans mean, boxes opened."""
    rows = session.scans.filter(outcome=ScanOutcome.GOOD).values_list("device_id", "box_id")
    devices = {device for device, _box in rows if device}
    return sorted(devices | _in_boxes({box for _device, box in rows if box}))


def session_book(*, session: ScanSession, actor: Actor) -> Movement:
    """Book the scans as one movement: all of it or nothing; a repeat gives the same movement."""
    _refuse_others(session, actor)
    with transaction.atomic():
        row = ScanSession.objects.select_for_update().get(pk=session.pk)
        if row.state == SessionState.BOOKED and row.movement is not None:
            return row.movement
        _refuse_over(row)
        keys = session_devices(row)
        call: dict[str, Any] = {
            "device_ids": keys,
            "actor": actor,
            "request_key": f"scan-session:{row.pk}",
        }
        purpose = Purpose(row.purpose)
        if purpose == Purpose.RECEIVE:
            assert row.movement is not None
            movement = handover_receive(movement=row.movement, place=row.to_place, **call)
        elif purpose in (Purpose.STOCK_IN, Purpose.MOVE):
            assert row.to_place is not None
            movement = stock_take_in(place=row.to_place, basis=row.basis, purpose=purpose, **call)
        elif purpose == Purpose.RETURN:
            assert row.to_place is not None
            movement = stock_return(place=row.to_place, basis=row.basis, **call)
        elif purpose == Purpose.RESERVE:
            movement = stock_reserve(basis=row.basis, **call)
        elif purpose == Purpose.RELEASE:
            movement = stock_release(basis=row.basis, **call)
        else:
            movement = stock_send(
                purpose=purpose,
                to_place=row.to_place,
                to_person=row.to_person,
                basis=row.basis,
                **call,
            )
        row.state, row.movement = SessionState.BOOKED, movement
        row.save(update_fields=["state", "movement"])
    return movement


def session_drop(*, session: ScanSession, actor: Actor) -> None:
    """Forget the scans; nothing was booked."""
    _refuse_others(session, actor)
    ScanSession.objects.filter(pk=session.pk, state=SessionState.OPEN).update(
        state=SessionState.DROPPED
    )
