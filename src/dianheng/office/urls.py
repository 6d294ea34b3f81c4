"""Addresses of the office."""

from django.urls import path

from . import views

urlpatterns = [
    path("processes/<str:number>/sheet.pdf", views.approval_sheet, name="approval_sheet"),
    path("processes/<str:number>/files/", views.process_files, name="process_files"),
    path("processes/<str:number>/files/<int:key>/", views.process_file, name="process_file"),
]
