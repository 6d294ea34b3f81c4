from django.apps import AppConfig


class FieldworkConfig(AppConfig):
    name = "dianheng.fieldwork"
    label = "fieldwork"

    def ready(self) -> None:
        from dianheng.assets.panels import register_panel
        from dianheng.common.todo import register_todo
        from dianheng.customers.panels import register_point_actions, register_point_panel
        from dianheng.customers.registry import register_point_hold

        from . import menu, registrations, rights  # noqa: F401
        from .panels import checks_panel, device_panel, orders_panel, point_hold, point_steps
        from .todo import field_todo, first_checks, rules_to_sign

        register_panel(40, device_panel)
        register_point_panel(20, orders_panel)
        register_point_panel(30, checks_panel)
        register_point_actions(10, point_steps)
        register_point_hold(point_hold)
        register_todo(field_todo)
        register_todo(first_checks, counts=False)
        register_todo(rules_to_sign, counts=False)
