"""What the office adds to the page of a process."""

from django.http import HttpRequest
from django.template.loader import render_to_string

from dianheng.identity.selectors import setting
from dianheng.workflow.models import ProcessInstance

from .selectors import files_of


def files_panel(instance: ProcessInstance, request: HttpRequest) -> str:
    """Files and photos with what they show, and the way to add some."""
    context = {
        "instance": instance,
        "files": list(files_of(instance)),
        "at_most_mb": setting("documents.file_mb", instance.unit_id),
    }
    return render_to_string("office/files.html", context, request)
