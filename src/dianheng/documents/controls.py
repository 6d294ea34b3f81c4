"""What of this app can carry a clause of a regulation out: papers and labels."""

from collections.abc import Iterable

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from dianheng.common.controls import Control, kind_of_list, register_control_kind

from .choices import DocumentKind, LabelKind


def _papers() -> Iterable[Control]:
    lists = ((DocumentKind, "documents"), (LabelKind, "document_copies"))
    return (
        Control(code, label, f"{reverse(page)}?kind={code}")
        for kinds, page in lists
        for code, label in kinds.choices
    )


register_control_kind(kind_of_list("paper", _("Paper"), _papers))
