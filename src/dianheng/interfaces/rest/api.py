"""REST under /api/v1/: each endpoint translates and calls the service that pages call too."""

import importlib
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import APIKeyCookie, HttpBearer

from dianheng.common.access import note_access, note_refusal
from dianheng.common.errors import Refused, null_sent
from dianheng.identity.selectors import rights_of
from dianheng.identity.services import token_noted, token_person

from .form_faults import form_faults

VERSION = "1"
# One dated line for each step of the version: docs/reference/rest.md.
ROUTERS = (
    ("", "dianheng.interfaces.rest.devices"),
    ("", "dianheng.seals.api"),
    ("", "dianheng.warehouse.api"),
    ("", "dianheng.standards.api"),
    ("", "dianheng.verification.api"),
    ("", "dianheng.supply.api"),
    ("", "dianheng.fieldwork.api"),
    ("", "dianheng.analysis.api"),
    ("", "dianheng.workflow.api"),
    ("calc", "dianheng.interfaces.rest.calculators"),
)


class Bearer(HttpBearer):
    """`Authorization: Bearer …` from `dianheng token`; its scopes narrow the person's rights."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        found = token_person(token)
        if found is None:
            return None
        request.user = found.person
        request.via = "rest"  # type: ignore[attr-defined]
        scopes = frozenset(found.scopes)
        request.scopes = scopes  # type: ignore[attr-defined]
        token_noted(request, found)
        request.rights = SimpleLazyObject(  # type: ignore[attr-defined]
            lambda: rights_of(found.person_id).narrowed(scopes)
        )
        return found


class Session(APIKeyCookie):
    """A logged-in browser, for pages that ask REST; POST needs the CSRF token."""

    param_name = "sessionid"

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        if not request.user.is_authenticated or request.user.must_change_password:  # type: ignore[union-attr]
            return None
        return request.user  # with rights, as identity.middleware left it


class Rest(NinjaAPI):
    """Ninja with our errors: `{code, text, facts, errors[]}` for whatever is refused."""

    def _get_urls(self) -> Any:
        urls = super()._get_urls()
        for url in urls:
            # Authentication is Ninja's here; the pages' login redirect is not for machines.
            url.callback = login_not_required(url.callback)
        return urls


api = Rest(
    title="Dianheng",
    version=VERSION,
    description="电衡: electric-energy metering management",
    auth=[Bearer(), Session()],
    docs_url=None,
    urls_namespace="rest",
)


def _answer(
    request: HttpRequest, status: int, code: str, text: str, errors: Any = ()
) -> HttpResponse:
    body = {"code": code, "text": text, "facts": {}, "errors": list(errors)}
    return api.create_response(request, body, status=status)


@api.exception_handler(Refused)
def refused(request: HttpRequest, error: Refused) -> HttpResponse:
    """What a service refused."""
    note_refusal(request, error)
    return api.create_response(request, error.as_dict(), status=error.status)


@api.exception_handler(DataError)
def unkept(request: HttpRequest, error: DataError) -> HttpResponse:
    """What no database holds."""
    found = null_sent(error)
    if found is None:
        raise error
    return refused(request, found)


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Every field that is not of the form, at once."""
    return _answer(
        request, 422, "bad_input", _("The request is not of the form."), form_faults(error.errors)
    )


@api.exception_handler(AuthenticationError)
def unknown(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    """No token, a wrong one, or one that has ended."""
    if "Authorization" in request.headers:
        note_access(request, "failed", "token")
    return _answer(
        request, 401, "login", _("A valid token is needed: dianheng token --person LOGIN")
    )


@api.exception_handler(HttpError)
def failed(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Unreadable bodies and the like."""
    return _answer(
        request, error.status_code, "bad_input" if error.status_code == 400 else "error", str(error)
    )


for prefix, module in ROUTERS:
    api.add_router(prefix, importlib.import_module(module).router)
