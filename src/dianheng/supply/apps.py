from django.apps import AppConfig


class SupplyConfig(AppConfig):
    name = "dianheng.supply"
    label = "supply"

    def ready(self) -> None:
        from dianheng.assets.choices import Verb
        from dianheng.assets.panels import register_document, register_panel
        from dianheng.assets.selectors import register_scan
        from dianheng.assets.services import register_transition_guard
        from dianheng.common.figures import register_figure
        from dianheng.common.search import register_code, register_search
        from dianheng.common.todo import register_todo
        from dianheng.documents.registry import register_supersede
        from dianheng.identity.registry import register_master_tables
        from dianheng.verification.registry import register_stated_errors

        from . import find, menu, rights, tasks  # noqa: F401
        from .figures import lots_accepted
        from .registrations import todo
        from .selectors.maker_tests import maker_errors
        from .services.sample import guard_before_acceptance

        register_master_tables("supply_headermapping", "supply_makertesthead")
        register_transition_guard(Verb.BEGIN_VERIFICATION, guard_before_acceptance)
        register_todo(todo)
        register_figure(20, lots_accepted)
        for searcher in find.SEARCHERS:
            register_search(searcher)
        register_code(find.resolve_code)
        register_scan(25, find.find_code)
        register_panel(20, find.device_panel)
        register_panel(25, find.stated_panel)
        register_supersede(find.supersede_url)
        register_stated_errors(maker_errors)
        for prefix, (label, page) in find.DOCUMENTS.items():
            register_document(prefix, label, find.document_url(page), find.document_paths(page))
