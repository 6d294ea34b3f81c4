"""Request number for the logs, and refusals turned into answers in one place."""

import logging
import time
import uuid
from collections.abc import Callable

from csp.constants import HEADER
from csp.utils import build_policy
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from .access import note_refusal
from .errors import Refused, null_sent

log = logging.getLogger("dianheng.request")
Handler = Callable[[HttpRequest], HttpResponse]


class RequestLog:
    """One line a request: method, route, status, time. No path values, no person's data."""

    def __init__(self, get_response: Handler):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        request.request_id = request.headers.get("X-Request-Id", "")[:64] or uuid.uuid4().hex  # type: ignore[attr-defined]
        response = self.get_response(request)
        response.headers["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]
        match = request.resolver_match
        log.info(
            "request",
            extra={
                "method": request.method,
                "route": match.route if match else "",
                "status": response.status_code,
                "milliseconds": round((time.perf_counter() - started) * 1000, 1),
                "request_id": request.request_id,  # type: ignore[attr-defined]
            },
        )
        return response


class ContentPolicy:
    """The policy of the settings, which is the same for every answer: written out once."""

    def __init__(self, get_response: Handler):
        self.get_response, self.policy = get_response, build_policy()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault(HEADER, self.policy)  # type: ignore[attr-defined]
        return response


class Refusals:
    """A `Refused` that a view lets through becomes a page, a fragment or JSON."""

    def __init__(self, get_response: Handler):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        exception = null_sent(exception) or exception
        if not isinstance(exception, Refused):
            return None
        note_refusal(request, exception)
        if request.accepts("text/html") or getattr(request, "htmx", False):
            template = "common/refused.html" + (
                "#notice" if getattr(request, "htmx", False) else ""
            )
            return render(
                request, template, {"refusals": exception.refusals}, status=exception.status
            )
        return JsonResponse(exception.as_dict(), status=exception.status)
