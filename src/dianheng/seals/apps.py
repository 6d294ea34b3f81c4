from django.apps import AppConfig


class SealsConfig(AppConfig):
    name = "dianheng.seals"
    label = "seals"

    def ready(self) -> None:
        from dianheng.assets.choices import Verb
        from dianheng.assets.panels import register_panel
        from dianheng.assets.selectors import register_scan
        from dianheng.assets.services import register_transition_guard

        from . import menu, rights  # noqa: F401
        from .panel import seals_panel
        from .selectors import faults_unsealed, find_seal

        register_scan(40, find_seal)
        register_panel(30, seals_panel)
        # A verdict without its seals is no verdict: whoever qualifies a meter seals it first.
        register_transition_guard(Verb.QUALIFY, faults_unsealed)
