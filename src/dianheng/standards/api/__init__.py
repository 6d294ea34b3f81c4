"""Records of rooms, plans and orders of send-outs, by machine; mounted under `/api/v1/`."""

from ninja import Router

from . import environment, sendout_plans, sendouts

router = Router(tags=["standards"])
for part in (environment, sendout_plans, sendouts):
    router.add_router("", part.router)
