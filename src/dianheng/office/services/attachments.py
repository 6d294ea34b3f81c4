"""Files and photos of processes."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from dianheng.common.actor import Actor
from dianheng.common.errors import Refusal, Refused
from dianheng.documents.services import upload_keep, uploads_judge
from dianheng.identity.selectors import rights_of
from dianheng.identity.services import require, write_batch
from dianheng.workflow.models import ProcessInstance
from dianheng.workflow.selectors import visible_instance

from ..models import ProcessFile


def files_add(
    *, instance: ProcessInstance, sent: Sequence[Any], actor: Actor, text: str = ""
) -> list[ProcessFile]:
    """Put files to a process that is under way; who may see it may do so.

    The same content is kept once: sent again, it stays the line that is there.

    Raises:
        BadInput: a file may not be kept; each is named with its reason.
        Refused: the process has ended.
    """
    actor = require(actor, "workflow.view")
    found = visible_instance(instance.number, actor.person_id, rights_of(actor.person_id))
    if found.ended_at is not None:
        raise Refused(
            Refusal(
                "process_ended",
                _("%(number)s has ended; nothing is added to it. File the paper in the archive.")
                % {"number": found.number},
                {"number": found.number},
            )
        )
    uploads = uploads_judge(sent)
    with write_batch(actor=actor, action="process.files"):
        ids = [upload_keep(upload=upload, actor=actor).pk for upload in uploads]
        ProcessFile.objects.bulk_create(
            [
                ProcessFile(
                    instance=found, file_id=file_id, name=upload.name, media_type=upload.media_type,
                    text=text.strip()[:2000], person_id=actor.person_id, acting_for_id=actor.acting_for_id,
                )
                for file_id, upload in zip(ids, uploads, strict=True)
            ],
            ignore_conflicts=True,
        )  # fmt: skip
        return list(ProcessFile.objects.filter(instance=found, file__in=ids).order_by("pk"))
