"""Addresses of usage points."""

from django.urls import path

from . import views

urlpatterns = [
    path("usage-points/", views.usage_points, name="usage_points"),
    path("usage-points/new/", views.point_new, name="usage_point_new"),
    path("usage-points/import/", views.point_import, name="usage_points_import"),
    path("usage-points/template/", views.template, name="usage_points_template"),
    path("usage-points/<str:number>/", views.usage_point, name="usage_point"),
    path("usage-points/<str:number>/change/", views.point_change, name="usage_point_change"),
    path("usage-points/<str:number>/close/", views.point_close, name="usage_point_close"),
    path("usage-points/<str:number>/reopen/", views.point_reopen, name="usage_point_reopen"),
]
