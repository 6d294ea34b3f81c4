"""Orders, deliveries, arrivals, inspections, returns by machine; mounted under `/api/v1/`."""

from ninja import Router

from . import arrivals, inspections, orders, returns

router = Router(tags=["supply"])
for part in (orders, arrivals, inspections, returns):
    router.add_router("", part.router)
