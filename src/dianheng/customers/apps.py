from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "dianheng.customers"
    label = "customers"

    def ready(self) -> None:
        from dianheng.common.search import register_search
        from dianheng.identity.registry import register_master_tables

        from . import menu, rights  # noqa: F401
        from .panels import own_steps, register_point_actions
        from .selectors import search_points

        register_point_actions(90, own_steps)
        register_master_tables("customers_usagepoint")
        register_search(search_points)
