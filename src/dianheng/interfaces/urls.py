"""Addresses for machines, and the calculators' pages."""

from django.urls import path

from . import views
from .rest.api import api

urlpatterns = [
    path("api/v1/", api.urls),
    path("calculators/", views.calculators, name="calculators"),
    path("calculators/<str:name>/", views.calculator, name="calculator"),
]
