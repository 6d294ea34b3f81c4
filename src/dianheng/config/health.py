"""/healthz says whether the whole works, /alive whether this process answers.

Both are for machines (a load balancer, `dianheng serve`, a watchdog), need no login and
tell nothing about people or data.
"""

from functools import cache
from importlib.metadata import version

from django.contrib.auth.decorators import login_not_required
from django.db import OperationalError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

WORKER_SILENT_S = 15
CANNOT_CONNECT_NOW = "57P03"  # the server is starting, stopping or recovering


@cache
def this_version() -> str:
    return version("dianheng")


@login_not_required
@never_cache
@require_safe
def alive(request: HttpRequest) -> JsonResponse:
    """This process answers; nothing else is asked."""
    return JsonResponse({"status": "ok", "version": this_version()})


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when the database answers and a job worker was seen lately, else 503 with the reason."""
    database, worker = database_state()
    is_well = database == "ok" and worker == "ok"
    return JsonResponse(
        {
            "status": "ok" if is_well else "unwell",
            "database": database,
            "worker": worker,
            "version": this_version(),
        },
        status=200 if is_well else 503,
    )


def database_state() -> tuple[str, str]:
    """("ok" or a reason, "ok" or a reason) of database and job worker."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "select extract(epoch from now() - max(last_heartbeat))::float8"
                " from procrastinate_workers"
            )
            silent_s = cursor.fetchone()[0]
    except OperationalError as error:
        connection.close()
        state = getattr(error.__cause__, "sqlstate", None)
        is_starting = state == CANNOT_CONNECT_NOW or "starting up" in str(error)
        return ("recovering" if is_starting else "does not answer"), "unknown"
    if silent_s is None:
        return "ok", "no worker"
    if silent_s >= WORKER_SILENT_S:
        return "ok", f"worker not seen for {silent_s:.0f} s"
    return "ok", "ok"
