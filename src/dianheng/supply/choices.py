"""States of orders, deliveries, arrivals, inspections, returns: one list, with meaning."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class OrderState(TextChoices):
    """Where a purchase order stands."""

    OPEN = "open", pgettext_lazy("order", "Open")
    CLOSED = "closed", _("Closed")  # nothing more is taken on it


class ArrivalState(TextChoices):
    """Where an arrival stands."""

    ANNOUNCED = "announced", _("Announced")  # on the way
    SCANNING = "scanning", _("Being scanned")
    PARTLY = "partly", _("Partly received")  # something of the file has not come
    RECEIVED = "received", pgettext_lazy("goods", "Received")


class ScanResult(TextChoices):
    """What a scanned code is for an arrival."""

    GOOD = "good", _("Announced")
    OVER = "over", pgettext_lazy("arrival", "Over")  # of this order, but not in this file
    FOREIGN = "foreign", _("Foreign")  # not of this order


class InspectionState(TextChoices):
    """Where the inspection of a lot stands."""

    STATED = "stated", _("Split stated")
    PUBLISHED = "published", _("Seed's digest published")
    DRAWN = "drawn", _("Sample drawn")  # lot closed, seed revealed
    JUDGED = "judged", _("Sample judged")  # the two departments decide
    ACCEPTED = "accepted", _("Accepted")
    REJECTED = "rejected", _("Rejected")
    VOID = "void", _("Withdrawn")  # before the draw


INSPECTION_OPEN = (
    InspectionState.STATED,
    InspectionState.PUBLISHED,
    InspectionState.DRAWN,
    InspectionState.JUDGED,
)


class Outcome(TextChoices):
    """Result of a device of the sample."""

    PASS = "pass", _("Conforms")
    FAIL = "fail", _("Does not conform")


class ResultSource(TextChoices):
    """Where a result of the sample comes from."""

    HAND = "hand", _("Entered by hand")
    VERIFICATION = "verification", _("Verified here")
    CENTRE = "centre", _("Report of the higher centre")


class Department(TextChoices):
    """Who signs the unified form."""

    TECHNICAL = "technical", _("Technical department")
    ASSET = "asset", _("Asset department")


class Opinion(TextChoices):
    """What a department decides."""

    ACCEPT = "accept", _("Accept")
    REJECT = "reject", _("Reject")


class SentState(TextChoices):
    """Where a sample stands that was sent away."""

    LISTED = "listed", _("Listed")
    HANDED_OVER = "handed_over", _("Handed over")
    REPORTED = "reported", _("Report entered")
    BACK = "back", _("Came back")
    WITHDRAWN = "withdrawn", _("List withdrawn")  # before the hand-over; tested here after all


class ReturnState(TextChoices):
    """Where a return to the maker stands."""

    DRAWN_UP = "drawn_up", _("Drawn up")
    NOTIFIED = "notified", _("Maker notified")
    SHIPPED = "shipped", _("Shipped")


class ReturnKind(TextChoices):
    """Why devices go back."""

    LOT = "lot", _("Lot rejected")
    FAILED = "failed", _("Failed in full inspection")
    CONTROL = "control", _("Outside internal control")


# Reasons of returns that the program gives by itself; others stand as people wrote them.
RETURN_REASONS = {
    "sampling_rejected": _("Rejected by the sample"),
    "verification_failed": _("Failed in full verification"),
    "internal_band": _("Outside internal control, returned under the contract"),
}

# What is looked at when a delivery is received; the codes are those of the acceptance form.
ARRIVAL_CHECKS = {
    "packing": (_("Packing"), _("Whole, dry, seals in place")),
    "documents": (_("Papers that came along"), _("Packing list, certificates of conformity, manual")),
    "factory_report": (_("Maker's test report"), _("Results of each device")),
    "quantity": (_("Quantity"), _("As in the delivery file")),
    "bar_code": (_("Bar codes"), _("Within the number segment, readable")),
    "model": (_("Model"), _("As ordered")),
    "type_sample": (_("Against the sealed type sample"), _("The same")),
    "appearance": (_("Appearance, looked at by sample"), _("No damage")),
}  # fmt: skip

# Colours of states, decided here only: good, busy, warn, bad, calm.
ORDER_TONE = {OrderState.OPEN: "busy", OrderState.CLOSED: "calm"}
ARRIVAL_TONE = {
    ArrivalState.ANNOUNCED: "calm",
    ArrivalState.SCANNING: "busy",
    ArrivalState.PARTLY: "warn",
    ArrivalState.RECEIVED: "good",
}
SCAN_TONE = {ScanResult.GOOD: "good", ScanResult.OVER: "warn", ScanResult.FOREIGN: "bad"}
INSPECTION_TONE = {
    InspectionState.STATED: "busy",
    InspectionState.PUBLISHED: "busy",
    InspectionState.DRAWN: "busy",
    InspectionState.JUDGED: "warn",
    InspectionState.ACCEPTED: "good",
    InspectionState.REJECTED: "bad",
    InspectionState.VOID: "calm",
}
SENT_TONE = {
    SentState.LISTED: "warn",
    SentState.HANDED_OVER: "busy",
    SentState.REPORTED: "busy",
    SentState.BACK: "good",
    SentState.WITHDRAWN: "calm",
}
SEVERITY = {
    "normal": _("Normal inspection"),
    "tightened": _("Tightened inspection"),
    "discontinued": _("Inspection discontinued"),
}
SEVERITY_TONE = {"normal": "good", "tightened": "warn", "discontinued": "bad"}
OUTCOME_TONE = {Outcome.PASS: "good", Outcome.FAIL: "bad"}
RETURN_TONE = {
    ReturnState.DRAWN_UP: "warn",
    ReturnState.NOTIFIED: "busy",
    ReturnState.SHIPPED: "calm",
}
