"""Home, search, jobs."""

from django.urls import path

from . import views

urlpatterns = [
    path("", views.home, name="home"),
    path("home/figures/", views.home_figures, name="home_figures"),
    path("shell/status/", views.shell_status, name="shell_status"),
    path("find/", views.find, name="find"),
    path("find/code/", views.find_code, name="find_code"),
    path("jobs/", views.jobs, name="jobs"),
    path("jobs/<int:job_id>/", views.job, name="job"),
    path("jobs/<int:job_id>/stop/", views.job_stop, name="job_stop"),
    path("jobs/<int:job_id>/errors.xlsx", views.job_errors, name="job_errors"),
    path("jobs/<int:job_id>/files/<str:name>", views.job_file, name="job_file"),
]
