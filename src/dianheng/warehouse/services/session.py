"""Scan sessions: every scan is kept at once and answered, booked together as one movement.

What a scan costs does not grow with the scans before it: only what the sent codes name is
read, and the count is kept with the session.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.assets.choices import DeviceState, PlaceKind
from dianheng.assets.models import Device, Place
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, NotFound, Refusal, Refused
from dianheng.common.search import clean_code
from dianheng.identity.models import Person, Unit
from dianheng.identity.services import require

from ..choices import OUTWARD, TO_PERSON, TO_PLACE, LineState, Purpose, ScanOutcome, SessionState
from ..models import Movement, MovementLine, Scan, ScanSession
from ..rules import STATES
from ..selectors import leaving_faults
from .handover import handover_receive
from .movement import (
    stock_release,
    stock_reserve,
    stock_return,
    stock_send,
    stock_take_in,
)

DAMAGED = "damaged:"  # what the keys of notes on damage begin with, then the device
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
    *, session_id: int, scans: Sequence[Mapping[str, Any]], actor: Actor
) -> dict[str, Any]:
    """Keep and answer scans; a key that was sent before is answered as before.

    Args:
        session_id: a session of the actor's own; read here, since it is locked by that.
        scans: `{key, code, at}`, or `{key, undo, at}` to take one back, in order.

    Returns:
        `{"results": […], "total": n}` as the scan field of the pages wants it.
    """
    if len(scans) > AT_ONCE:
        raise BadInput(gettext_lazy("Send at most %(n)s scans at once.") % {"n": AT_ONCE})
    with transaction.atomic():
        rows = ScanSession.objects.select_related("to_place", "movement")
        session = (
            rows.select_for_update(of=("self",))
            .filter(pk=session_id, person_id=actor.person_id)
            .first()
        )
        if session is None:
            raise NotFound(gettext_lazy("There is no such scan session of yours."))
        _refuse_over(session)
        taking = _Taking(session, scans)
        results = [taking.take(scan) for scan in scans]
        taking.write()
        return {"results": results, "total": session.count}


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
        self.made: list[Scan] = []
        codes = {clean_code(str(scan.get("code", "")))[:400] for scan in scans} - {""}
        rows = Device.objects.select_related("model", "place__unit")
        self.devices = {d.barcode: d for d in rows.filter(barcode__in=codes)}
        self.boxes: dict[str, Place] = {}
        if rest := codes - self.devices.keys():
            boxes = Place.objects.filter(code__in=rest, kind=PlaceKind.BOX)
            self.boxes = {box.code: box for box in boxes}
        if rest := rest - self.boxes.keys():
            self.devices |= {d.asset_no: d for d in rows.filter(asset_no__in=rest)}
        named = [d.pk for d in self.devices.values()]
        self._read_earlier(scans, named)
        self.awaited = self._awaited(named)
        self.faults = leaving_faults(named) if named and session.purpose in OUTWARD else {}

    def _read_earlier(self, scans: Sequence[Mapping[str, Any]], named: Sequence[int]) -> None:
        """Of the session's earlier scans those with these keys or devices; and its boxes, which are few."""
        keys = {str(scan.get(name) or "")[:100] for scan in scans for name in ("key", "undo")}
        wanted = (
            Q(key__in=keys)
            | Q(outcome=ScanOutcome.GOOD, device_id__in=named)
            | Q(outcome=ScanOutcome.GOOD, box_id__isnull=False)
        )
        earlier = list(self.session.scans.filter(wanted).select_related("box"))
        good = [scan for scan in earlier if scan.outcome == ScanOutcome.GOOD]
        self.known = {scan.key: scan for scan in earlier}
        self.taken = {scan.device_id for scan in good if scan.device_id}
        self.taken_boxes = {scan.box.pk: scan.box.path for scan in good if scan.box}

    def _awaited(self, device_ids: Sequence[int]) -> set[int]:
        """Which of the devices are on their way with the hand-over that is received."""
        if not self.session.movement_id:
            return set()
        return set(
            MovementLine.objects.filter(
                movement=self.session.movement, state=LineState.UNDERWAY, device__in=device_ids
            ).values_list("device_id", flat=True)
        )

    def _in_taken_box(self, device: Device) -> bool:
        return device.place.path.startswith(tuple(self.taken_boxes.values()))

    def take(self, scan: Mapping[str, Any]) -> dict[str, Any]:
        """Judge and keep one scan."""
        key = str(scan.get("key", ""))[:100]
        if not key:
            return {
                "key": "",
                "outcome": "refused",
                "title": "",
                "text": _("A scan without key."),
                "count": self.session.count,
            }
        if key in self.known:
            return {**self.known[key].answer, "count": self.session.count}
        if scan.get("undo"):
            return self._undo(key, str(scan["undo"])[:100], scan)
        code = clean_code(str(scan.get("code", "")))[:400]
        found = self._judge(code)
        if found.outcome == ScanOutcome.GOOD:
            if found.device is not None:
                self.taken.add(found.device.pk)
                self.session.count += 1
            if found.box is not None:
                self.taken_boxes[found.box.pk] = found.box.path
                self.session.count += found.adds
        answer: dict[str, Any] = {
            "key": key,
            "outcome": str(found.outcome),
            "title": found.title,
            "text": found.text,
            "warning": found.warning,
            "expected": self.session.expected,
        }
        if found.device is not None and found.outcome != ScanOutcome.GOOD:
            url = reverse("device", args=[found.device.barcode])
            answer["next"] = [{"label": _("Device"), "url": url}]
        self._keep(
            key, code, found.outcome, answer, scan,
            device=found.device, box=found.box, adds=found.adds,
        )  # fmt: skip
        return {**answer, "count": self.session.count}

    def _keep(
        self, key: str, code: str, outcome: str, answer: dict[str, Any], scan: Mapping[str, Any],
        **what: Any,
    ) -> None:  # fmt: skip
        made = Scan(
            session=self.session, key=key, code=code, outcome=outcome, answer=answer,
            scanned_at=_moment(scan.get("at")), **what,
        )  # fmt: skip
        self.known[key] = made
        self.made.append(made)

    def write(self) -> None:
        """Keep what was judged."""
        if not self.made:
            return
        Scan.objects.bulk_create(self.made)
        ScanSession.objects.filter(pk=self.session.pk).update(count=self.session.count)

    def _undo(self, key: str, undo: str, scan: Mapping[str, Any]) -> dict[str, Any]:
        earlier = self.known.get(undo)
        text = _("There is nothing to take back.")
        outcome = ScanOutcome.REFUSED
        if earlier is not None and earlier.outcome == ScanOutcome.GOOD:
            earlier.outcome = ScanOutcome.UNDONE
            if earlier.pk:
                earlier.save(update_fields=["outcome"])
            if earlier.device_id:
                self.taken.discard(earlier.device_id)
                self.session.count -= 1
            if earlier.box_id:
                self.taken_boxes.pop(earlier.box_id, None)
                self.session.count -= earlier.adds
            outcome, text = ScanOutcome.UNDONE, ""
        answer = {
            "key": key,
            "outcome": str(outcome),
            "title": earlier.code if earlier else "",
            "text": text,
        }
        self._keep(key, undo, ScanOutcome.UNDONE, answer, scan)
        return {**answer, "count": self.session.count}

    def _judge(self, code: str) -> "_Found":
        """What the code is, and whether it can be taken."""
        box = self.boxes.get(code)
        if box is not None:
            return self._judge_box(box)
        device = self.devices.get(code)
        if device is None:
            text = _("Neither a device nor a box has this code.")
            return _Found(ScanOutcome.REFUSED, code, text)
        title = device.barcode[-8:] if len(device.barcode) > 8 else device.barcode
        if device.pk in self.taken:
            return _Found(ScanOutcome.REPEAT, title, _("Already scanned."), device)
        if self._in_taken_box(device):
            return _Found(ScanOutcome.REPEAT, title, _("Already scanned with its box."), device)
        if reason := self._against(device):
            return _Found(ScanOutcome.REFUSED, title, reason, device)
        return _Found(ScanOutcome.GOOD, title, device.model.name, device)

    def _judge_box(self, box: Place) -> "_Found":
        if box.path.startswith(tuple(self.taken_boxes.values())):
            return _Found(ScanOutcome.REPEAT, box.code, _("Already scanned."), box=box)
        if self.session.to_place and self.session.to_place.path.startswith(box.path):
            text = _("This is where the devices go; it cannot stand in itself.")
            return _Found(ScanOutcome.REFUSED, box.code, text, box=box)
        inside = list(
            Device.objects.filter(place__path__startswith=box.path).select_related(
                "model", "place__unit"
            )
        )
        if not inside and self.session.purpose != Purpose.MOVE:
            return _Found(ScanOutcome.REFUSED, box.code, _("The box is empty."), box=box)
        keys = [d.pk for d in inside]
        if self.session.purpose in OUTWARD:
            self.faults |= leaving_faults(keys)
        self.awaited |= self._awaited(keys)
        reasons = [reason for device in inside if (reason := self._against(device))]
        if reasons:
            text = _("%(bad)s of %(all)s devices in it cannot: %(reason)s") % {
                "bad": len(reasons), "all": len(inside), "reason": reasons[0],
            }  # fmt: skip
            return _Found(ScanOutcome.REFUSED, box.code, text, box=box)
        alone = (
            self.session.scans.filter(outcome=ScanOutcome.GOOD, device__in=keys).count()
            + sum(1 for scan in self.made if scan.outcome == ScanOutcome.GOOD and scan.device_id in keys)
        )  # fmt: skip
        found = _Found(
            ScanOutcome.GOOD, box.code, _("%(n)s devices.") % {"n": len(inside)}, box=box,
            adds=len(inside) - alone,
        )  # fmt: skip
        if box.capacity and len(inside) < box.capacity:
            found.warning = _("Not full: %(n)s of %(capacity)s.") % {
                "n": len(inside),
                "capacity": box.capacity,
            }
            found.text = found.warning
        return found

    def _against(self, device: Device) -> str:
        """Why this device cannot, in the user's words; empty when it can."""
        if self.session.movement_id:
            return "" if device.pk in self.awaited else self._not_awaited(device)
        states = STATES.get(self.session.purpose)
        fault = self.faults.get(device.pk)
        if fault:
            return fault
        if states is not None and device.state not in states:
            return _("Is “%(state)s”: not possible here.") % {
                "state": DeviceState(device.state).label
            }
        if device.place.kind == PlaceKind.TRANSIT:
            return _("Is on the way with a hand-over: receive it or take it back there.")
        return ""

    def _not_awaited(self, device: Device) -> str:
        """Over or foreign, and where the register has it."""
        movement = self.session.movement
        assert movement is not None
        words = {"place": device.place.name, "no": movement.number}
        if movement.lines.filter(device=device).exclude(state=LineState.UNDERWAY).exists():
            return _("Is received with %(no)s already.") % words
        if device.place.unit_id == movement.unit_id:
            return _("Over: it is not on %(no)s; the register has it at %(place)s.") % words
        return _("Foreign: it is not on %(no)s; the register has it at %(place)s.") % words


@dataclass
class _Found:
    """What a code came to: outcome, big word, sentence, what it is."""

    outcome: ScanOutcome
    title: str
    text: str
    device: Device | None = None
    box: Place | None = None
    warning: str = ""
    adds: int = 0  # devices that a box brings, those not scanned by themselves before


def _moment(text: Any) -> datetime | None:
    try:
        return parse_datetime(str(text)) if text else None
    except ValueError:
        return None


def session_book(*, session: ScanSession, actor: Actor) -> Movement:
    """Book the scans as one movement: all of it or nothing; a repeat gives the same movement."""
    _refuse_others(session, actor)
    with transaction.atomic():
        row = ScanSession.objects.select_for_update().get(pk=session.pk)
        if row.state == SessionState.BOOKED and row.movement is not None:
            return row.movement
        _refuse_over(row)
        good = row.scans.filter(outcome=ScanOutcome.GOOD)
        call: dict[str, Any] = {
            "device_ids": list(
                good.filter(device__isnull=False).values_list("device_id", flat=True)
            ),
            "box_ids": list(good.filter(box__isnull=False).values_list("box_id", flat=True)),
            "actor": actor,
            "request_key": f"scan-session:{row.pk}",
        }
        purpose = Purpose(row.purpose)
        if purpose == Purpose.RECEIVE:
            assert row.movement is not None
            movement = handover_receive(
                movement=row.movement, place=row.to_place, extra=_extra(row), damaged=_damaged(row),
                **call,
            )  # fmt: skip
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


def _extra(session: ScanSession) -> list[str]:
    """Codes that came and do not stand on the hand-over, by bar code where there is one."""
    assert session.movement is not None
    rows = (
        session.scans.filter(outcome=ScanOutcome.REFUSED, box__isnull=True)
        .exclude(device__in=session.movement.lines.values("device"))
        .values_list("code", "device__barcode")
    )
    return [barcode or code for code, barcode in rows]


def session_damaged(*, session: ScanSession, code: str, text: str, actor: Actor) -> None:
    """Say what is wrong with a device that was scanned on arrival; an empty text unsays it.

    Kept as a further scan of the device, with the text as its answer.
    """
    _refuse_others(session, actor)
    code, text = clean_code(code)[:400], " ".join(text.split())[:200]
    with transaction.atomic():
        row = ScanSession.objects.select_for_update().get(pk=session.pk)
        _refuse_over(row)
        device = Device.objects.filter(Q(barcode=code) | Q(asset_no=code)).first()
        if device is None or row.movement is None or not _has_come(row, device):
            fault = _("Scan it first: %(code)s is not among what has come.") % {"code": code}
            raise BadInput(fault, [{"field": "code", "code": "not_received", "text": fault}])
        kept = row.scans.filter(key=f"{DAMAGED}{device.pk}")
        if not text:
            kept.delete()
        elif not kept.update(answer={"damaged": text}):
            Scan.objects.create(
                session=row, key=f"{DAMAGED}{device.pk}", code=device.barcode, device=device,
                outcome=ScanOutcome.REPEAT, answer={"damaged": text},
            )  # fmt: skip


def _has_come(session: ScanSession, device: Device) -> bool:
    """Whether the device was scanned, by itself or with its box."""
    good = session.scans.filter(outcome=ScanOutcome.GOOD)
    boxes = tuple(good.filter(box__isnull=False).values_list("box__path", flat=True))
    return good.filter(device=device).exists() or device.place.path.startswith(boxes)


def damaged_scans(session: ScanSession) -> QuerySet[Scan]:
    """What was said about devices that came damaged."""
    return session.scans.filter(key__startswith=DAMAGED)


def _damaged(session: ScanSession) -> dict[int, str]:
    """What is wrong, by device; not of devices whose scan was taken back."""
    return {
        scan.device_id: scan.answer["damaged"]
        for scan in damaged_scans(session).select_related("device__place")
        if _has_come(session, scan.device)
    }


def session_drop(*, session: ScanSession, actor: Actor) -> None:
    """Forget the scans; nothing was booked."""
    _refuse_others(session, actor)
    ScanSession.objects.filter(pk=session.pk, state=SessionState.OPEN).update(
        state=SessionState.DROPPED
    )
