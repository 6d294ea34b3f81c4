"""Long work on delivery files. A repeat is harmless: what is taken already stays as it is."""

from typing import Any

from django.utils.translation import gettext as _

from dianheng.common.jobs import JobRun, job_handler

from .models import DeliveryFile
from .services import delivery_check, delivery_take


@job_handler("supply.check")
def check_job(run: JobRun) -> dict[str, Any]:
    """Check a delivery file."""
    delivery = DeliveryFile.objects.select_related("line__order").get(pk=run.params["delivery"])
    return _result(delivery_check(delivery=delivery, actor=run.actor, tell=run.progress))


@job_handler("supply.take")
def take_job(run: JobRun) -> dict[str, Any]:
    """Take a delivery file."""
    delivery = DeliveryFile.objects.select_related("line__order").get(pk=run.params["delivery"])
    taken = delivery_take(
        delivery=delivery, actor=run.actor, with_warnings=run.params["with_warnings"],
        tell=run.progress, request_key=f"job-{run.job.pk}",
    )  # fmt: skip
    return _result(taken)


def _result(delivery: DeliveryFile) -> dict[str, Any]:
    from django.urls import reverse

    return {
        "text": _("%(rows)s devices, %(faults)s faults, %(warnings)s remarks.")
        % {
            "rows": f"{delivery.row_count:,}",
            "faults": delivery.fault_count,
            "warnings": delivery.warning_count,
        },
        "links": [{"url": reverse("delivery", args=[delivery.number]), "label": delivery.number}],
        "delivery": delivery.number,
        "state": delivery.state,
    }
