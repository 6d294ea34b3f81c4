"""All addresses: each app brings its own."""

import importlib.util

from django.urls import include, path

from dianheng.config.health import alive, healthz
from dianheng.config.settings import INSTALLED_APPS

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("alive", alive, name="alive"),
    path("i18n/", include("django.conf.urls.i18n")),
    *[
        path("", include(f"{app}.urls"))
        # What machines ask for most stands first: the resolver tries one after the other.
        for app in sorted(INSTALLED_APPS, key=lambda app: app != "dianheng.interfaces")
        if app.startswith("dianheng.") and importlib.util.find_spec(f"{app}.urls")
    ],
]

handler500 = "dianheng.common.views.broken"
