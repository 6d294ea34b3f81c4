"""Addresses of devices, places and models."""

from django.urls import path

from .views import device, devices, installations, masters, places, registers, states

urlpatterns = [
    path("devices/", devices.devices, name="devices"),
    path("devices/new/", devices.register, name="device_register"),
    path("devices/states/", states.states, name="device_states"),
    path("devices/registers/", registers.registers, name="registers"),
    path("devices/registers/new/", registers.register_new, name="register_new"),
    path("devices/registers/words/", registers.state_words, name="state_words"),
    path(
        "devices/registers/words/<int:key>/drop/", registers.state_word_drop, name="state_word_drop"
    ),
    path("devices/registers/<str:number>/", registers.register, name="register"),
    *registers.PAGES.paths("devices/registers/<str:number>/"),
    path(
        "devices/registers/<str:number>/states/", registers.register_states, name="register_states"
    ),
    path("devices/<str:barcode>/", device.device, name="device"),
    path("devices/<str:barcode>/record/", device.device_audit, name="device_audit"),
    path("devices/<str:barcode>/correct/", device.correct, name="device_correct"),
    path("devices/<str:barcode>/lose/", device.lose, name="device_lose"),
    path("devices/<str:barcode>/find/", device.find, name="device_find"),
    path("places/", places.places, name="place_list"),
    path("places/new/", places.place_add, name="place_add"),
    path("places/<str:code>/", places.place, name="place"),
    path("places/<str:code>/change/", places.place_change, name="place_change"),
    path("makers/", masters.makers, name="makers"),
    path("makers/new/", masters.maker_add, name="maker_add"),
    path("makers/<str:code>/", masters.maker, name="maker"),
    path("makers/<str:code>/change/", masters.maker_change, name="maker_change"),
    path("models/", masters.models, name="models"),
    path("models/new/", masters.model_add, name="model_add"),
    path("models/<str:maker>/<path:code>/change/", masters.model_change, name="model_change"),
    path("models/<str:maker>/<path:code>/", masters.model, name="model"),
    path("usage-points/<str:number>/install/", installations.install, name="usage_point_install"),
    path("usage-points/<str:number>/remove/", installations.remove, name="usage_point_remove"),
    path("scan/", places.scan_page, name="scan"),
]
