"""Addresses of standards and laboratories."""

from django.urls import path

from .views import chains, environment, installations, laboratory, reminders, standards, testing

urlpatterns = [
    path("laboratory/", laboratory.overview, name="laboratory"),
    path("laboratory/standards/", standards.standard_list, name="standards"),
    path("laboratory/standards/<str:barcode>/", standards.standard, name="standard"),
    path(
        "laboratory/standards/<str:barcode>/certificate/",
        standards.standard_certificate,
        name="standard_certificate",
    ),
    path("laboratory/certificates/<int:key>/", standards.certificate, name="certificate"),
    path(
        "laboratory/certificates/<int:key>/values/",
        standards.certificate_values,
        name="certificate_values",
    ),
    path(
        "laboratory/certificates/<int:key>/file/",
        standards.certificate_file,
        name="certificate_file",
    ),
    path("laboratory/reminders/", reminders.reminder_list, name="reminders"),
    path("laboratory/reminders/<int:key>/", reminders.reminder, name="reminder"),
    path("laboratory/outside/", chains.outside_list, name="outside_standards"),
    path("laboratory/outside/new/", chains.outside_new, name="outside_standard_new"),
    path("laboratory/outside/<int:key>/", chains.outside, name="outside_standard"),
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
        "laboratory/parts/<int:key>/out/",
        installations.installation_unequip,
        name="installation_unequip",
    ),
    path(
        "laboratory/installation/<str:code>/stop/",
        installations.installation_stop,
        name="installation_stop",
    ),
    path("laboratory/installation/<str:code>/test/", testing.test_new, name="test_new"),
    path("laboratory/tests/<int:key>/", testing.test, name="standard_test"),
    path("laboratory/tests/<int:key>/correct/", testing.test_correct, name="test_correct"),
    path("laboratory/records/", environment.environment_list, name="environment_records"),
    path("laboratory/records/file/", environment.environment_file, name="environment_file"),
    path("laboratory/withdraw/<str:kind>/<int:key>/", laboratory.withdraw, name="paper_withdraw"),
    path("laboratory/environment/", laboratory.environment_new, name="environment_new"),
]
