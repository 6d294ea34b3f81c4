from django.apps import AppConfig


class WarehouseConfig(AppConfig):
    name = "dianheng.warehouse"
    label = "warehouse"

    def ready(self) -> None:
        from django.urls import reverse

        from dianheng.assets.choices import Verb
        from dianheng.assets.panels import register_actions, register_document
        from dianheng.assets.services import register_transition_guard, stock_fold
        from dianheng.common.ticks import register_tick
        from dianheng.common.todo import register_todo

        from . import menu, rights  # noqa: F401
        from .registrations import device_actions, lock_old_stock, todo
        from .selectors import guard_outward

        register_transition_guard(Verb.ISSUE, guard_outward)
        register_transition_guard(Verb.SEND, guard_outward)
        register_tick("stock.fold", 10, stock_fold)
        register_tick("stock.recheck", 1800, lock_old_stock)
        register_todo(todo)
        register_actions(20, device_actions)
        register_document("movement", lambda number: reverse("movement", args=[number]))
