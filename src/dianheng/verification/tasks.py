"""Long work of this app as jobs."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from dianheng.common.jobs import JobRun, job_handler

from .models import VerificationTask
from .services.certificates import PART, certificate_lines, certificates_issue


@job_handler("verification.certificates")
def certificates(run: JobRun) -> dict[str, Any]:
    """Issue certificates in committed parts; a repeat goes on with those that have none yet."""
    task = VerificationTask.objects.get(pk=run.params["task"])
    chosen = run.params.get("devices")
    lines = certificate_lines(task, by_rule=chosen is None)
    if chosen is not None:
        lines = [line for line in lines if line.device_id in set(chosen)]
    done, total = 0, len(lines)
    run.progress(0, total, _("Signing certificates"))
    while lines:
        part, lines = lines[:PART], lines[PART:]
        done += len(certificates_issue(task=task, lines=part, actor=run.actor))
        run.progress(done, total, _("Signing certificates"))
    return {
        "text": _("%(n)s certificates and notices issued.") % {"n": done},
        "links": [{"url": reverse("documents"), "label": _("Certificates and papers")}],
    }
