"""Addresses of the store."""

from django.urls import path

from .views import labels, movements, scanning, stock

urlpatterns = [
    path("stock/", stock.stock, name="stock"),
    path("stock/lines/", stock.lines, name="stock_lines"),
    path("stock/in/<str:code>/", stock.stock, name="stock_in_place"),
    path("stock/in/<str:code>/unpack/", stock.unpack, name="stock_unpack"),
    path("stock/recheck/", stock.locked, name="stock_recheck"),
    path("stock/ageing/", stock.ageing, name="stock_ageing"),
    path("stock/scan/", scanning.scan_new, name="stock_scan_new"),
    path("stock/scan/<int:session_id>/", scanning.scan_session, name="stock_scan"),
    path("stock/scan/<int:session_id>/codes/", scanning.scan_codes, name="stock_scan_codes"),
    path("stock/scan/<int:session_id>/damaged/", scanning.scan_damaged, name="stock_scan_damaged"),
    path("stock/scan/<int:session_id>/book/", scanning.scan_book, name="stock_scan_book"),
    path("stock/scan/<int:session_id>/drop/", scanning.scan_drop, name="stock_scan_drop"),
    path("movements/", movements.movements, name="movements"),
    path("movements/<str:number>/", movements.movement, name="movement"),
    path("movements/<str:number>/receive/", movements.movement_receive, name="movement_receive"),
    path("movements/<str:number>/refuse/", movements.movement_refuse, name="movement_refuse"),
    path("movements/<str:number>/close/", movements.movement_close, name="movement_close"),
    path(
        "movements/<str:number>/take-back/",
        movements.movement_take_back,
        name="movement_take_back",
    ),
    path("movements/<str:number>/note/", movements.movement_note, name="movement_note"),
    path("labels/<int:run_id>/", labels.labels_run, name="labels_run"),
    path("labels/<str:kind>/<str:code>/", labels.labels_one, name="labels_one"),
]
