"""Processes and the catalogue of business items by machine; mounted under `/api/v1/`."""

from ninja import Router

from . import catalogue, processes

router = Router(tags=["processes"])
for part in (catalogue, processes):  # `processes/catalogue` before `processes/{number}`
    router.add_router("", part.router)
