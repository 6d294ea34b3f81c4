"""Addresses of devices, places and models."""

from django.urls import path

from .views import device, devices, places

urlpatterns = [
    path("devices/", devices.devices, name="devices"),
    path("devices/new/", places.register, name="device_register"),
    path("devices/states/", places.states, name="device_states"),
    path("devices/<str:barcode>/", device.device, name="device"),
    path("devices/<str:barcode>/record/", device.device_audit, name="device_audit"),
    path("devices/<str:barcode>/correct/", device.correct, name="device_correct"),
    path("devices/<str:barcode>/lose/", device.lose, name="device_lose"),
    path("devices/<str:barcode>/find/", device.find, name="device_find"),
    path("places/", places.places, name="place_list"),
    path("places/new/", places.place_add, name="place_add"),
    path("places/<str:code>/", places.place, name="place"),
    path("models/", places.models, name="models"),
    path("scan/", places.scan_page, name="scan"),
]
