"""Addresses for machines, and the calculators' pages."""

from django.urls import path

from . import views
from .benches.tester_template import tester_template
from .benches.views import upload_file
from .rest.api import api

urlpatterns = [
    path("api/v1/", api.urls),
    path("uploads/file/", upload_file, name="upload_file"),
    path("bench-loads/<str:number>/tester.csv", tester_template, name="tester_template"),
    path("calculators/", views.calculators, name="calculators"),
    path("calculators/<str:name>/", views.calculator, name="calculator"),
]
