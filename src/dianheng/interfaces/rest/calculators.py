"""`/api/v1/calc/`: the calculators, each the same function that the workflow calls."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router

router = Router(tags=["calculators"])
