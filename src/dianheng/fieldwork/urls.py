"""Addresses of checks on site."""

from django.urls import path

from .views import checks, composite, diagnosis, doubt, due, orders, tasks, transformers

urlpatterns = [
    path("field/due/", due.due_list, name="field_due"),
    path("field/tasks/", tasks.task_list, name="field_tasks"),
    path("field/tasks/new/", tasks.task_new, name="field_task_new"),
    path("field/tasks/<str:number>/", tasks.task, name="field_task"),
    path("field/tasks/<str:number>/cancel/", tasks.task_cancel, name="field_task_cancel"),
    path("field/tasks/<str:number>/enter/", checks.enter, name="field_enter"),
    path(
        "field/tasks/<str:number>/transformers/<str:barcode>/",
        transformers.enter,
        name="field_enter_transformer",
    ),
    path("field/tasks/<str:number>/upload/", checks.upload, name="field_upload"),
    path("field/checks/", checks.check_list, name="field_checks"),
    path("field/checks/upload/", checks.upload_any, name="field_upload_any"),
    path("field/checks/<str:number>/", checks.check, name="field_check"),
    path("field/checks/<str:number>/again/", checks.again, name="field_check_again"),
    path("field/checks/<str:number>/evidence/", checks.evidence, name="field_evidence"),
    path("field/checks/<str:number>/paper/", checks.paper, name="field_paper"),
    path("field/orders/", orders.order_list, name="field_orders"),
    path("field/orders/<str:number>/", orders.order, name="field_order"),
    path("field/diagnosis/", diagnosis.page, name="field_diagnosis"),
    path("processes/<str:number>/notice.pdf", doubt.notice, name="doubt_notice"),
    path("processes/<str:number>/opening.pdf", doubt.opening, name="doubt_opening"),
    path("usage-points/<str:number>/composite/", composite.page, name="point_composite"),
]
