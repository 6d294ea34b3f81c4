"""Addresses of standards and laboratories."""

from django.urls import path

from .views import installations, laboratory

urlpatterns = [
    path("laboratory/", laboratory.overview, name="laboratory"),
    path("laboratory/standards/", laboratory.standard_list, name="standards"),
    path("laboratory/standards/<str:barcode>/", laboratory.standard, name="standard"),
    path(
        "laboratory/standards/<str:barcode>/certificate/",
        laboratory.standard_certificate,
        name="standard_certificate",
    ),
    path("laboratory/authorisation/", laboratory.authorisation_new, name="authorisation_new"),
    path("laboratory/installation/", installations.installation_new, name="installation_new"),
    path("laboratory/installation/<str:code>/", installations.installation, name="installation"),
    path(
        "laboratory/installation/<str:code>/certificate/",
        installations.installation_certificate,
        name="installation_certificate",
    ),
    path(
        "laboratory/installation/<str:code>/equip/",
        installations.installation_equip,
        name="installation_equip",
    ),
    path(
        "laboratory/installation/<str:code>/stop/",
        installations.installation_stop,
        name="installation_stop",
    ),
    path("laboratory/withdraw/<str:kind>/<int:key>/", laboratory.withdraw, name="paper_withdraw"),
    path("laboratory/environment/", laboratory.environment_new, name="environment_new"),
]
