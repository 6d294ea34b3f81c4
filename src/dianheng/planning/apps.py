from django.apps import AppConfig


class PlanningConfig(AppConfig):
    name = "dianheng.planning"
    label = "planning"

    def ready(self) -> None:
        from dianheng.identity.registry import register_master_tables

        from . import controls, menu, registrations, rights  # noqa: F401

        register_master_tables("planning_resource")
