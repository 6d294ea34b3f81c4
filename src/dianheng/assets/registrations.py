"""What this app has from and for the apps below: documents about a device, services of packs."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.documents.selectors import documents_about
from dianheng.workflow.models import ProcessInstance
from dianheng.workflow.registry import Service, Subject, register_service, register_subject

from .models import Device
from .panels import register_document, register_panel
from .selectors import device_stands, lot_stands
from .services import (
    barcodes_of,
    devices_condemn,
    devices_reprieve,
    devices_scrap,
    scrap_devices,
)

Answer = Mapping[str, Any]


def documents_panel(device: Device, request: HttpRequest) -> str:
    """Certificates and papers that name the device."""
    if not request.rights.may("documents.view", device.unit.path):  # type: ignore[attr-defined]
        return ""
    rows = documents_about(f"device:{device.barcode}").select_related("unit").defer("data")[:20]
    return render_to_string("assets/documents_panel.html", {"rows": rows}, request)


register_panel(50, documents_panel)
register_document("document", _("Document"), lambda number: reverse("document", args=[number]))
register_document("register", _("Take-over"), lambda number: reverse("register", args=[number]))
register_document("takeover", _("Take-over"))
register_document("work", _("Work order"))


def process_paths(numbers: Sequence[str]) -> dict[str, list[str]]:
    """Paths of the units of processes, by number."""
    rows = ProcessInstance.objects.filter(number__in=numbers).values_list("number", "unit__path")
    return {number: [path] for number, path in rows}


register_document(
    "process", _("Process"), lambda number: reverse("process", args=[number]), process_paths
)


# -- what processes may do -----------------------------------------------------------------------


def scrap_check(
    *, devices: Any, caller: ProcessInstance, actor: Actor, request_key: str, barcodes: Any = ""
) -> Answer:
    """Refuse devices that cannot be scrapped before anybody appraises them."""
    codes = barcodes_of(devices or [], str(barcodes or ""))
    return {"count": str(len(scrap_devices(codes, caller.unit)))}


def condemn(
    *, devices: Any, reason: Any, caller: ProcessInstance, actor: Actor, request_key: str,
    barcodes: Any = "",
) -> Answer:  # fmt: skip
    """Condemn the devices of a process that was approved."""
    count = devices_condemn(
        barcodes=barcodes_of(devices or [], str(barcodes or "")), unit=caller.unit,
        document=caller.document, reason=str(reason or caller.title), actor=actor,
        request_key=request_key,
    )  # fmt: skip
    return {"count": str(count)}


def reprieve(*, caller: ProcessInstance, actor: Actor, request_key: str) -> Answer:
    """Take back what the process condemned."""
    devices_reprieve(
        document=caller.document, reason=caller.title, actor=actor, request_key=request_key
    )
    return {}


def scrap(
    *, devices: Any, caller: ProcessInstance, actor: Actor, request_key: str, barcodes: Any = ""
) -> Answer:
    """Scrap the devices that the process condemned."""
    count = devices_scrap(
        barcodes=barcodes_of(devices or [], str(barcodes or "")), unit=caller.unit,
        document=caller.document, actor=actor, request_key=request_key,
    )  # fmt: skip
    return {"count": str(count)}


register_service(
    Service(
        "assets.scrap_check", _("Look up devices to be scrapped"), ("devices",), scrap_check,
        optional=("barcodes",), reads=True, knows_caller=True,
    ),
    Service(
        "assets.condemn", _("Condemn devices"), ("devices", "reason"), condemn,
        optional=("barcodes",), knows_caller=True,
    ),
    Service("assets.reprieve", _("Take condemned devices back"), (), reprieve, knows_caller=True),
    Service(
        "assets.scrap", _("Scrap devices"), ("devices",), scrap, optional=("barcodes",),
        knows_caller=True,
    ),
)  # fmt: skip
register_subject(
    Subject(
        "device", _("Device"), device_stands, lambda barcode: reverse("device", args=[barcode])
    ),
    Subject(
        "lot", _("Lot"), lot_stands, lambda code: ""
    ),  # its page is the business of who inspects it
)
