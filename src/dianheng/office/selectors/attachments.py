"""Files and photos of processes."""

from datetime import datetime

from django.db.models import QuerySet

from dianheng.workflow.models import ProcessInstance

from ..models import ProcessFile


def files_of(instance: ProcessInstance) -> QuerySet[ProcessFile]:
    """Files of a process in the order in which they came."""
    return ProcessFile.objects.filter(instance=instance).select_related(
        "file", "person", "acting_for"
    )


def file_digests(instance: ProcessInstance) -> list[str]:
    """What an approver decides on of the files: their contents."""
    return sorted(files_of(instance).values_list("file__digest", flat=True))


def file_times(instance: ProcessInstance) -> list[datetime]:
    """When the files of a process came."""
    return list(files_of(instance).values_list("at", flat=True))
