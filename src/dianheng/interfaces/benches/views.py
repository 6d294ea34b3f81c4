"""The file of a bench sent from the page: for benches and testers without a connection."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.assets.models import Device
from dianheng.common.access import note_refusal
from dianheng.common.errors import BadInput
from dianheng.common.forms import Form, answer_form
from dianheng.common.pages import needs
from dianheng.identity.selectors import units_with_right
from dianheng.identity.services import actor_of
from dianheng.standards.selectors import bench_label, benches
from dianheng.verification.choices import Source
from dianheng.verification.services import upload_keep_refused, upload_receive
from dianheng.verification.services.upload import MOST_BYTES

from .forms import envelope_of_files

SEND = "verification.upload"


class BenchField(forms.ModelChoiceField):
    """One bench."""

    def label_from_instance(self, obj: Any) -> str:
        return bench_label(obj)


class FileForm(Form):
    """What a bench wrote to a disk."""

    bench = BenchField(Device.objects.none(), label=gettext_lazy("Bench"), empty_label=None)
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy(
            "The upload format, the State Grid record layout, or the table of a transformer tester: "
            ".json or .csv. A table with every point stands on the page of a load."
        ),
    )
    points = forms.FileField(
        label=gettext_lazy("File of the points"),
        required=False,
        help_text=gettext_lazy("Where the bench writes two: …header.csv above, …points.csv here."),
    )

    def __init__(self, *args: Any, units: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["bench"].queryset = benches(units)  # type: ignore[attr-defined]


@needs(SEND)
def upload_file(request: HttpRequest) -> HttpResponse:
    """Send a file in; every device of it is taken or refused by itself."""
    rights = request.rights  # type: ignore[attr-defined]
    units = list(units_with_right(rights, SEND).values_list("pk", flat=True))
    form = FileForm(request.POST or None, request.FILES or None, units=units)

    def act(data: dict[str, Any]) -> str:
        files = [data["file"], *([data["points"]] if data["points"] else [])]
        files.sort(key=lambda file: "points" in file.name.lower())
        bodies = [file.read() for file in files]
        kind = "application/json"
        if files[0].name.lower().endswith(".csv"):
            kind = f"text/csv; first={len(bodies[0])}" if len(bodies) == 2 else "text/csv"
        about: dict[str, Any] = {
            "body": b"".join(bodies),
            "actor": actor_of(request),
            "source": Source.PAGE,
            "content_type": kind,
            "source_name": files[0].name,
            "bench_no": data["bench"].barcode,
        }
        envelope = None
        try:
            # What is too large is refused, and kept, by the service.
            if len(about["body"]) <= MOST_BYTES:
                names = [file.name for file in files]
                envelope = envelope_of_files(names, bodies, data["bench"].barcode)
        except BadInput as error:
            upload_keep_refused(error=error, **about)
            raise
        received = upload_receive(envelope=envelope, **about)
        note_refusal(request, received.denied)
        return reverse("upload", args=[received.upload.pk])

    return answer_form(
        request,
        form,
        act,
        title=_("Send the file of a bench"),
        submit=_("Send the file"),
        back=reverse("uploads"),
        crumbs=[(_("Uploads of benches"), reverse("uploads"))],
        intro=_(
            "For a bench or tester without a connection. What came in is kept as it is; the same "
            "file sent twice changes nothing."
        ),
    )
