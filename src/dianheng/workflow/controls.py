"""What of this app can carry a clause of a regulation out: processes and their forms."""

from collections.abc import Iterable
from urllib.parse import quote

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from dianheng.common.controls import Control, kind_of_list, register_control_kind

from .selectors import forms_of, packs_in_force, titles_of


def _processes() -> Iterable[Control]:
    return (
        Control(one.code, titles_of(one), reverse("pack", args=[one.code]), one.code)
        for one in packs_in_force()
    )


def _forms() -> Iterable[Control]:
    return (
        Control(
            f"{one.code}/{form.name}", form.title,
            f"{reverse('pack', args=[one.code])}#form-{quote(form.name)}", titles_of(one),
        )
        for one in packs_in_force()
        for form in forms_of(one)
    )  # fmt: skip


register_control_kind(
    kind_of_list("process", _("Process"), _processes),
    kind_of_list("form", _("Form of a process"), _forms),
)
