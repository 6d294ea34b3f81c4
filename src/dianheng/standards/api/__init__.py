"""Records of rooms, certificates, plans and orders of send-outs, by machine; under `/api/v1/`."""

from ninja import Router

from . import certificates, environment, sendout_plans, sendouts

router = Router(tags=["standards"])
for part in (environment, certificates, sendout_plans, sendouts):
    router.add_router("", part.router)
