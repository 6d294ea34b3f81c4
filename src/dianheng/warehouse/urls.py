"""Addresses of the store."""

from django.urls import path

from . import views

urlpatterns = [
    path("stock/", views.stock, name="stock"),
    path("stock/in/<str:code>/", views.stock, name="stock_in_place"),
    path("stock/recheck/", views.recheck, name="stock_recheck"),
    path("stock/scan/", views.scan_new, name="stock_scan_new"),
    path("stock/scan/<int:session_id>/", views.scan_session, name="stock_scan"),
    path("stock/scan/<int:session_id>/codes/", views.scan_codes, name="stock_scan_codes"),
    path("stock/scan/<int:session_id>/book/", views.scan_book, name="stock_scan_book"),
    path("stock/scan/<int:session_id>/drop/", views.scan_drop, name="stock_scan_drop"),
    path("movements/", views.movements, name="movements"),
    path("movements/<str:number>/", views.movement, name="movement"),
    path("movements/<str:number>/receive/", views.movement_receive, name="movement_receive"),
    path("movements/<str:number>/take-back/", views.movement_take_back, name="movement_take_back"),
    path("movements/<str:number>/note/", views.movement_note, name="movement_note"),
]
