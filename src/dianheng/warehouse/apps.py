from django.apps import AppConfig


class WarehouseConfig(AppConfig):
    name = "dianheng.warehouse"
    label = "warehouse"

    def ready(self) -> None:
        from django.urls import reverse

        from dianheng.assets.choices import Verb
        from dianheng.assets.panels import (
            register_actions,
            register_document,
            register_thing_actions,
        )
        from dianheng.assets.selectors import register_scan
        from dianheng.assets.services import register_transition_guard, stock_fold
        from dianheng.common.figures import register_figure
        from dianheng.common.lists import BulkAction, register_bulk_action
        from dianheng.common.search import register_code, register_search
        from dianheng.common.ticks import register_tick
        from dianheng.common.todo import register_todo
        from dianheng.documents.choices import LabelKind

        from . import menu, rights  # noqa: F401
        from . import registrations as ours
        from .figures import recheck_soon
        from .labels import OF_DEVICES
        from .selectors import guard_outward
        from .views.labels import perform_of, preview_of

        register_transition_guard(Verb.ISSUE, guard_outward)
        register_transition_guard(Verb.SEND, guard_outward)
        register_tick("stock.fold", 10, stock_fold)
        register_tick("stock.recheck", 1800, ours.lock_old_stock)
        register_todo(ours.todo)
        register_actions(20, ours.device_actions)
        register_thing_actions(ours.thing_actions)
        register_search(ours.find_movements)
        register_code(ours.code_url)
        register_scan(60, ours.find_movement)
        register_document(
            "movement",
            ours.note_name,
            lambda number: reverse("movement", args=[number]),
            ours.movement_paths,
        )
        register_figure(40, recheck_soon)
        for kind in LabelKind:
            register_bulk_action(
                "devices" if kind in OF_DEVICES else "places",
                BulkAction(
                    kind, kind.label, preview_of(kind), perform_of(kind), right="documents.print"
                ),
            )
