"""Addresses of analyses."""

from django.urls import path

from .views import traces, trials

urlpatterns = [
    path("trials/", trials.trial_list, name="rule_trials"),
    path("trials/add/", trials.trial_add, name="rule_trial_add"),
    path("trials/<int:key>/", trials.trial, name="rule_trial"),
    path("traces/", traces.trace_list, name="traces"),
    path("traces/add/", traces.trace_add, name="trace_add"),
    path("traces/<str:number>/", traces.trace, name="trace"),
    path("traces/<str:number>/recall/", traces.recall, name="trace_recall"),
    path("traces/<str:number>/records.csv", traces.trace_csv, name="trace_csv"),
]
