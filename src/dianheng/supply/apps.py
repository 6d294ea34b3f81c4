from django.apps import AppConfig


class SupplyConfig(AppConfig):
    name = "dianheng.supply"
    label = "supply"

    def ready(self) -> None:
        from dianheng.assets.choices import Verb
        from dianheng.assets.services import register_transition_guard
        from dianheng.common.todo import register_todo

        from . import menu, rights, tasks  # noqa: F401
        from .registrations import todo
        from .services.inspection import guard_before_acceptance

        register_transition_guard(Verb.BEGIN_VERIFICATION, guard_before_acceptance)
        register_todo(todo)
