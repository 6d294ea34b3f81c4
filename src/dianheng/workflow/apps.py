from django.apps import AppConfig


class WorkflowConfig(AppConfig):
    name = "dianheng.workflow"
    label = "workflow"

    def ready(self) -> None:
        from dianheng.identity.registry import register_master_tables

        from . import controls, menu, registrations, rights  # noqa: F401

        register_master_tables(
            "workflow_packversion",
            "workflow_packinforce",
            "workflow_packswitch",
            "workflow_laneposts",
            "workflow_dutyacceptance",
        )
