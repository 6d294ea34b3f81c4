"""Addresses of orders, deliveries, arrivals, inspections and returns."""

from django.urls import path

from .views import arrivals, inspections, lots, maker_tests, orders, returns, sent, switching

urlpatterns = [
    path("orders/", orders.order_list, name="orders"),
    path("orders/new/", orders.order_new, name="order_new"),
    path("orders/<str:order_no>/", orders.order, name="order"),
    path("orders/<str:order_no>/close/", orders.order_close, name="order_close"),
    path("orders/<str:order_no>/lines/new/", orders.line_new, name="order_line_new"),
    path(
        "orders/<str:order_no>/lines/<int:line_no>/segment/", orders.segment_new, name="segment_new"
    ),
    path(
        "orders/<str:order_no>/lines/<int:line_no>/delivery/",
        orders.delivery_new,
        name="delivery_new",
    ),
    path("deliveries/<str:number>/", orders.delivery, name="delivery"),
    *orders.PAGES.paths("deliveries/<str:number>/"),
    path("arrivals/", arrivals.arrival_list, name="arrivals"),
    path("arrivals/<str:number>/", arrivals.arrival, name="arrival"),
    path("arrivals/<str:number>/open/", arrivals.arrival_open, name="arrival_open"),
    path("arrivals/<str:number>/scan/", arrivals.arrival_scan, name="arrival_scan"),
    path("arrivals/<str:number>/codes/", arrivals.arrival_codes, name="arrival_codes"),
    path("arrivals/<str:number>/confirm/", arrivals.arrival_confirm, name="arrival_confirm"),
    path("arrivals/<str:number>/form/", arrivals.arrival_paper, name="arrival_paper"),
    path("inspections/", inspections.inspection_list, name="inspections"),
    path("inspections/new/<str:lot>/", inspections.inspection_new, name="inspection_new"),
    path("inspections/<str:number>/", inspections.inspection, name="inspection"),
    *[
        path(
            f"inspections/<str:number>/{step}/",
            inspections.inspection_step,
            {"step": step},
            name=name,
        )
        for step, name in (
            ("publish", "draw_publish"),
            ("close", "draw_close"),
            ("read", "sample_read"),
            ("judge", "sample_judge"),
        )
    ],
    path("inspections/<str:number>/withdraw/", inspections.inspection_void, name="inspection_void"),
    path("inspections/<str:number>/task/", inspections.sample_task, name="sample_task"),
    path("inspections/<str:number>/result/", inspections.sample_record, name="sample_record"),
    path(
        "inspections/<str:number>/decide/<str:department>/",
        inspections.acceptance_decide,
        name="acceptance_decide",
    ),
    path(
        "inspections/<str:number>/devices/",
        inspections.inspection_devices,
        name="inspection_devices",
    ),
    path("inspections/<str:number>/form/", inspections.inspection_paper, name="inspection_paper"),
    path("inspections/<str:number>/report/", inspections.report_issue, name="report_issue"),
    path(
        "inspections/<str:number>/again/",
        inspections.inspection_resubmit,
        name="inspection_resubmit",
    ),
    path("reports/<str:number>/anew/", inspections.report_supersede, name="report_supersede"),
    path("inspections/<str:number>/send/", sent.sample_send, name="sample_send"),
    path("inspections/<str:number>/sent/hand-over/", sent.sent_hand_over, name="sent_hand_over"),
    path("inspections/<str:number>/sent/withdraw/", sent.sent_withdraw, name="sent_withdraw"),
    path("inspections/<str:number>/sent/report/", sent.sent_report, name="sent_report"),
    path("inspections/<str:number>/sent/back/", sent.sent_back, name="sent_back"),
    path("inspections/<str:number>/sent/list/", sent.sent_sheet, name="sent_sheet"),
    path("inspections/<str:number>/sent/slip/", sent.sent_paper, name="sent_paper"),
    path("inspections/<str:number>/sent/file/", sent.sent_file, name="sent_file"),
    path("lots/", lots.lot_list, name="lots"),
    path("lots/<str:code>/", lots.lot, name="lot"),
    path("lots/<str:code>/tests/new/", maker_tests.maker_tests_new, name="maker_tests_new"),
    path("lots/<str:code>/tests/blank/", maker_tests.maker_tests_blank, name="maker_tests_blank"),
    path("maker-tests/<str:number>/", maker_tests.maker_tests, name="maker_tests"),
    *maker_tests.PAGES.paths("maker-tests/<str:number>/"),
    path("lots/<str:code>/failures/", lots.lot_failures_pdf, name="lot_failures"),
    path("lots/<str:lot>/return/<str:kind>/", returns.return_new, name="return_new"),
    path("severity/", switching.switching_list, name="switching_list"),
    path("severity/<str:unit>/<str:maker>/<str:model>/", switching.switching, name="switching"),
    path(
        "severity/<str:unit>/<str:maker>/<str:model>/resume/",
        switching.inspection_resume,
        name="inspection_resume",
    ),
    path("returns/", returns.return_list, name="returns"),
    path("returns/<str:number>/back/", returns.return_come_back, name="return_come_back"),
    path("returns/<str:number>/", returns.return_order, name="return_order"),
    path(
        "returns/<str:number>/notify/",
        returns.return_step,
        {"step": "notify"},
        name="return_notify",
    ),
    path("returns/<str:number>/ship/", returns.return_step, {"step": "ship"}, name="return_ship"),
    path("returns/<str:number>/form/", returns.return_paper, name="return_paper"),
]
