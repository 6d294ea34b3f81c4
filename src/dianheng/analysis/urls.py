"""Addresses of analyses."""

from django.urls import path

from .views import error_analysis, maker_differences, traces, trials

urlpatterns = [
    path("error-analysis/", error_analysis.error_analysis, name="error_analysis"),
    path("error-analysis/<str:by>/<path:key>/", error_analysis.group_records, name="error_records"),
    path("maker-data/", maker_differences.maker_data, name="maker_data"),
    path("maker-data/groups.csv", maker_differences.maker_data_csv, name="maker_data_csv"),
    path(
        "maker-data/<str:item>/<path:narrow>/",
        maker_differences.maker_devices,
        name="maker_devices",
    ),
    path("trials/", trials.trial_list, name="rule_trials"),
    path("trials/add/", trials.trial_add, name="rule_trial_add"),
    path("trials/<int:key>/", trials.trial, name="rule_trial"),
    path("traces/", traces.trace_list, name="traces"),
    path("traces/add/", traces.trace_add, name="trace_add"),
    path("traces/<str:number>/", traces.trace, name="trace"),
    path("traces/<str:number>/recall/", traces.recall, name="trace_recall"),
    path("traces/<str:number>/records.csv", traces.trace_csv, name="trace_csv"),
]
