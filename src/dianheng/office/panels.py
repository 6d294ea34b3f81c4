"""What the office adds to the page of a process."""

from django.http import HttpRequest
from django.template.loader import render_to_string

from dianheng.identity.selectors import setting
from dianheng.workflow.choices import InstanceState
from dianheng.workflow.models import ProcessInstance

from .models import ArchivePiece
from .selectors import files_of, may_read, piece_of_process
from .services.destruction import PACK


def files_panel(instance: ProcessInstance, request: HttpRequest) -> str:
    """Files and photos with what they show, and the way to add some."""
    context = {
        "instance": instance,
        "files": list(files_of(instance)),
        "at_most_mb": setting("documents.file_mb"),
    }
    return render_to_string("office/files.html", context, request)


def archive_panel(instance: ProcessInstance, request: HttpRequest) -> str:
    """Where an ended process was filed, or the way to file it."""
    if instance.state != InstanceState.DONE:
        return ""
    piece = piece_of_process(instance.number)
    may_file = request.rights.may("archives.file")  # type: ignore[attr-defined]
    if piece is None and not may_file:
        return ""
    is_list = instance.pack.code == PACK and may_file
    destroyed = ArchivePiece.objects.filter(destruction=instance.number).count() if is_list else 0
    context = {
        "instance": instance,
        "piece": piece,
        "is_open": piece is not None and may_read(piece, request.rights),  # type: ignore[attr-defined]
        "may_file": may_file,
        "is_list": is_list and not destroyed,
        "destroyed": destroyed,
    }
    return render_to_string("office/archive_panel.html", context, request)
