"""What of this app can carry a clause of a regulation out: settings, prompts at unusual changes."""

from collections.abc import Iterable

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from dianheng.common.controls import Control, kind_of_list, register_control_kind

from .choices import Unusual
from .registry import all_settings


def _settings() -> Iterable[Control]:
    return (
        Control(kind.key, kind.label, reverse("setting", args=[kind.key]), kind.key)
        for kind in all_settings().values()
    )


def _prompts() -> Iterable[Control]:
    return (
        Control(
            f"unusual.{code}", label, f"{reverse('unusual_changes')}?reason={code}",
            _("Unusual changes"),
        )
        for code, label in Unusual.choices
    )  # fmt: skip


register_control_kind(
    kind_of_list("setting", _("Setting"), _settings),
    kind_of_list("prompt", _("Prompt"), _prompts),
)
