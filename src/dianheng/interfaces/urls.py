"""Addresses for machines."""

from django.urls import path

from .rest.api import api

urlpatterns = [path("api/v1/", api.urls)]
