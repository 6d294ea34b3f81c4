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
        for app in INSTALLED_APPS
        if app.startswith("dianheng.") and importlib.util.find_spec(f"{app}.urls")
    ],
]
