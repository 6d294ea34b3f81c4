"""Addresses of the office."""

from django.urls import path

from . import views

urlpatterns = [
    path("processes/<str:number>/sheet.pdf", views.approval_sheet, name="approval_sheet"),
]
