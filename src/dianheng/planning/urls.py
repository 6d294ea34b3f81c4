"""Addresses of resources and tasks of meetings."""

from django.urls import path

from . import views

urlpatterns = [
    path("resources/", views.resource_list, name="resources"),
    path("resources/week/", views.week, name="resource_week"),
    path("resources/add/", views.resource_add, name="resource_add"),
    path("resources/<str:code>/", views.resource, name="resource"),
    path("resources/<str:code>/change/", views.resource_edit, name="resource_change"),
    path("meeting-tasks/", views.assignment_list, name="assignments"),
    path("meeting-tasks/<int:key>/", views.assignment, name="assignment"),
]
