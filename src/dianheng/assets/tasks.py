"""Long work on lists out of former systems. A repeat is harmless: what is taken stays as it is."""

from typing import Any

from django.utils.translation import gettext as _

from dianheng.common.jobs import JobRun, job_handler

from .models import RegisterFile
from .services.takeover import register_check, register_take


@job_handler("assets.check")
def check_job(run: JobRun) -> dict[str, Any]:
    """Check a register file."""
    register = RegisterFile.objects.get(pk=run.params["register"])
    return _result(register_check(register=register, actor=run.actor, tell=run.progress))


@job_handler("assets.take")
def take_job(run: JobRun) -> dict[str, Any]:
    """Take a register file."""
    register = RegisterFile.objects.get(pk=run.params["register"])
    taken = register_take(
        register=register, actor=run.actor, with_warnings=run.params["with_warnings"],
        tell=run.progress, request_key=f"job-{run.job.pk}",
    )  # fmt: skip
    return _result(taken)


def _result(register: RegisterFile) -> dict[str, Any]:
    from django.urls import reverse

    return {
        "text": _("%(rows)s devices, %(faults)s faults, %(warnings)s remarks.")
        % {
            "rows": f"{register.row_count:,}",
            "faults": register.fault_count,
            "warnings": register.warning_count,
        },
        "links": [{"url": reverse("register", args=[register.number]), "label": register.number}],
        "register": register.number,
        "state": register.state,
    }
