"""Addresses of seals."""

from django.urls import path

from . import views

urlpatterns = [
    path("seals/", views.seals, name="seals"),
    path("seals/enrol/", views.enrol, name="seals_enrol"),
    path("seals/receive/", views.receive, name="seals_receive"),
    path("seals/issue/", views.issue, name="seals_issue"),
    path("seals/give-back/", views.give_back, name="seals_give_back"),
    path("seals/apply/", views.apply, name="seals_apply"),
    path("seals/scrap/", views.scrap, name="seals_scrap"),
    path("seals/lose/", views.lose, name="seals_lose"),
    path("seals/<str:seal_no>/", views.seal, name="seal"),
    path("seals/<str:seal_no>/open/", views.seal_open, name="seal_open"),
]
