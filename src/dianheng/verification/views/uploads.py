"""Pages of uploads: what came in, what was refused and why."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.common.errors import NotFound
from dianheng.common.lists import Choice, Column, Contains, Days, ListPage, Numbers, PageAction
from dianheng.common.lists.columns import show
from dianheng.common.pages import needs, no_right, opens_to
from dianheng.identity.models import Unit

from ..choices import UPLOAD_TONE, Source, UploadState
from ..models import Upload
from .common import VIEW, action

SEND = "verification.upload"


def _list_actions(request: HttpRequest) -> list[PageAction]:
    rights: Any = request.rights  # type: ignore[attr-defined]
    refusal = None if rights.may(SEND) else no_right(SEND)
    return [action(_("Send a file"), reverse("upload_file"), refusal)]


UPLOADS = ListPage(
    key="verification.uploads",
    title=gettext_lazy("Uploads of benches"),
    rows=lambda scope: Upload.objects.defer("body", "answer", "extra").select_related(
        "received_by"
    ),
    right=VIEW,
    unit_field="unit",
    actions=_list_actions,
    columns=[
        Column("received_at", gettext_lazy("Received at"), kind="moment"),
        Column(
            "state",
            gettext_lazy("State"),
            kind="state",
            choices=UploadState.choices,
            tones=UPLOAD_TONE,
        ),
        Column("source", gettext_lazy("Door"), "get_source_display"),
        Column("bench_no", gettext_lazy("Bench"), kind="code"),
        Column("taken", gettext_lazy("Taken"), kind="number"),
        Column("refused", gettext_lazy("Refused"), kind="number"),
        Column("upload_id", gettext_lazy("Number"), kind="code"),
        Column("source_name", gettext_lazy("File"), kind="code"),
        Column("body_size", gettext_lazy("Size"), kind="number", unit="B"),
        Column("signature", gettext_lazy("Signature"), hidden=True),
        Column("received_by", gettext_lazy("Sent by"), "received_by.name"),
        Column("sha256", gettext_lazy("Digest"), kind="code", hidden=True),
    ],
    filters=[
        Choice("state", gettext_lazy("State"), options=UploadState.choices),
        Choice("source", gettext_lazy("Door"), options=Source.choices),
        Contains("bench", gettext_lazy("Bench"), "bench_no"),
        Numbers("refused", gettext_lazy("Refused")),
        Days("received", gettext_lazy("Received at"), "received_at", of_moment=True),
    ],
    search=("upload_id", "source_name"),
    row_url=lambda row: reverse("upload", args=[row.pk]),
    cards=("received_at", "state", "bench_no", "taken"),
    empty_text=gettext_lazy(
        "Nothing came in yet. Benches send by REST, by file or by middle tables; a file is also "
        "sent from here."
    ),
)


@opens_to(VIEW)
def upload_list(request: HttpRequest) -> HttpResponse:
    """All uploads, the newest first."""
    return UPLOADS.answer(request)


def _visible(request: HttpRequest, key: int) -> Upload:
    found = get_object_or_404(Upload.objects.select_related("unit", "bench", "received_by"), pk=key)
    # Of which nobody knows whose it is (a file in a folder of no bench): who may see all units.
    tops = Unit.objects.filter(parent__isnull=True).values_list("path", flat=True)
    paths = [found.unit.path] if found.unit else list(tops)
    if not all(request.rights.may(VIEW, path) for path in paths):  # type: ignore[attr-defined]
        raise NotFound(_("There is no such upload."))
    return found


@needs(VIEW)
def upload(request: HttpRequest, key: int) -> HttpResponse:
    """One upload: the answer given, device by device."""
    found = _visible(request, key)
    devices = found.answer.get("devices", [])
    context = {
        "title": _("Upload of %(at)s") % {"at": show(found.received_at)},
        "upload": found,
        "tone": UPLOAD_TONE[UploadState(found.state)],
        "taken": [device for device in devices if device.get("status") == 201],
        "refused": [device for device in devices if device.get("status") != 201],
        "missing": found.answer.get("missing_positions", []),
        "trouble": found.answer if "code" in found.answer else None,
        "list_title": UPLOADS.title,
        "head": _head(found),
    }
    return render(request, "verification/upload.html", context)


def _head(found: Upload) -> str:
    """The beginning of what came in, readable."""
    body = bytes(found.body)[:3000]
    try:
        return json.dumps(json.loads(bytes(found.body)), ensure_ascii=False, indent=1)[:3000]
    except ValueError:
        return body.decode("utf-8", "replace").replace("\0", "\N{SYMBOL FOR NULL}")


@needs(VIEW)
def upload_body(request: HttpRequest, key: int) -> HttpResponse:
    """What came in, byte for byte."""
    found = _visible(request, key)
    return HttpResponse(
        bytes(found.body),
        content_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="upload-{key}.bin"'},
    )


def answer_of(found: Upload) -> dict[str, Any]:
    """The answer as it was given."""
    return dict(found.answer)
