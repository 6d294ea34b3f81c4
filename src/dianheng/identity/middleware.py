"""Nobody sees a page without login; each request knows the person's rights."""

from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from .services import right_used


class LoginRequired(LoginRequiredMiddleware):
    """Every view but those marked `login_not_required`; scans in flight get 401 and are kept."""

    def process_view(
        self, request: HttpRequest, view_func: Any, view_args: Any, view_kwargs: Any
    ) -> HttpResponse | None:
        if request.user.is_authenticated:
            person: Any = request.user
            request.rights = person.rights  # type: ignore[attr-defined]
            if (
                person.must_change_password
                and request.resolver_match
                and (
                    request.resolver_match.url_name not in ("password", "logout", "set_language")
                    and getattr(view_func, "login_required", True)
                )
            ):
                return redirect("password")
            for right in getattr(view_func, "rights", ()):
                right_used(person.pk, right, person.rights.grant(right))
        return super().process_view(request, view_func, view_args, view_kwargs)

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> HttpResponse:
        """Machines and fragments get 401 in words; people get the login page."""
        if getattr(request, "htmx", False):
            response = HttpResponse(status=401)
            response["HX-Redirect"] = (
                f"{reverse('login')}?next={request.htmx.current_url_abs_path or '/'}"  # type: ignore[attr-defined]
            )
            return response
        if not request.accepts("text/html"):
            return JsonResponse(
                {"code": "login", "text": _("Please log in again; nothing was lost."), "facts": {}, "errors": []},
                status=401,
            )  # fmt: skip
        return super().handle_no_permission(request, view_func)
