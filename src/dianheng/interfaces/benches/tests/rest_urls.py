"""The addresses of the program, with the verification router where the program has it not yet."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from dianheng.common.errors import Refused
from dianheng.config import urls
from dianheng.interfaces.rest import api as rest
from dianheng.verification.api import router

urlpatterns = list(urls.urlpatterns)

if "dianheng.verification.api" not in rest.ROUTERS.values():  # pragma: no cover
    own = rest.Rest(auth=[rest.Bearer(), rest.Session()], urls_namespace="own")
    own.add_router("", router)

    @own.exception_handler(Refused)
    def refused(request: HttpRequest, error: Refused) -> HttpResponse:
        return own.create_response(request, error.as_dict(), status=error.status)

    urlpatterns.insert(0, path("api/v1/", own.urls))
