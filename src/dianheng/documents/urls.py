"""Certificates and other issued documents; the public lists that need no login."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path

from . import views

urlpatterns = [
    path("certificates/", views.document_list, name="documents"),
    path("certificates/<str:number>/", views.document, name="document"),
    path("certificates/<str:number>/pdf/", views.document_file, name="document_pdf"),
    path("certificates/<str:number>/data/", views.document_data_file, name="document_data"),
    path("certificates/<str:number>/end/", views.document_end, name="document_end"),
    path("print-ledger/", views.copies, name="document_copies"),
    path("numbers/", views.numbers, name="numbers"),
    path("issuing-bodies/", views.bodies, name="issuing_bodies"),
    path("issuing-bodies/<int:unit_id>/", views.body, name="issuing_body"),
    # What the public needs to check a paper; each holds only what stands on papers.
    path("public/revocations.json", login_not_required(views.revocations), name="revocations"),
    path("public/keys.json", login_not_required(views.keys), name="public_keys"),
    path("public/check.html", login_not_required(views.check_page), name="check_page"),
]
