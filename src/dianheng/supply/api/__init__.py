"""Orders, deliveries, arrivals, inspections, returns by machine; mounted under `/api/v1/`."""

from ninja import Router

from . import arrivals, inspections, maker_tests, orders, returns

router = Router(tags=["supply"])
for part in (orders, arrivals, maker_tests, inspections, returns):
    router.add_router("", part.router)
