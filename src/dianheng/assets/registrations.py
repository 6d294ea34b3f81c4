"""What this app puts on its own pages from the apps below: documents about a device."""

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from dianheng.documents.selectors import documents_about

from .models import Device
from .panels import register_document, register_panel


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
