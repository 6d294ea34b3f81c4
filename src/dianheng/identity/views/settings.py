"""The company's own values: what they mean, where they come from, how sure that is."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.common.errors import NotFound
from dianheng.common.forms import answer_form
from dianheng.common.pages import needs, no_right

from ..forms import SettingForm
from ..models import Setting
from ..registry import all_settings
from ..selectors import setting
from ..services import actor_of, setting_change

CERTAINTY = {
    "confirmed": gettext_lazy("confirmed by the source"),
    "from_memory": gettext_lazy("from memory, to be confirmed"),
    "doubtful": gettext_lazy("doubtful"),
    "project": gettext_lazy("our own choice"),
}
CERTAINTY_TONES = {"confirmed": "good", "from_memory": "warn", "doubtful": "bad", "project": "calm"}


@needs("identity.view")
def settings(request: HttpRequest) -> HttpResponse:
    """All settings with the value in force today."""
    today = timezone.localdate()
    rows = (
        Setting.objects.select_related("unit").filter(valid_from__lte=today).order_by("valid_from")
    )
    own: dict[str, list[Setting]] = {}
    for row in rows:
        own.setdefault(row.key, []).append(row)
    lines = [
        {
            "kind": kind,
            "value": setting(kind.key),
            "is_own": any(row.unit_id is None for row in own.get(kind.key, [])),
            "units": len({row.unit_id for row in own.get(kind.key, []) if row.unit_id}),
            "certainty": CERTAINTY.get(kind.certainty, kind.certainty),
            "tone": CERTAINTY_TONES.get(kind.certainty, "calm"),
        }
        for kind in all_settings().values()
    ]
    return render(request, "identity/settings.html", {"title": _("Settings"), "lines": lines})


@needs("identity.view")
def setting_page(request: HttpRequest, key: str) -> HttpResponse:
    """One setting: its history, and a new value from a day on."""
    kind = all_settings().get(key)
    if kind is None:
        raise NotFound(_("There is no setting %(key)s.") % {"key": key})
    form = SettingForm(request.POST or None, initial={"valid_from": timezone.localdate()})
    form.fields["unit"].limit(request.rights.paths("identity.settings"))  # type: ignore[attr-defined]

    def change(data: dict[str, Any]) -> str:
        unit = data.pop("unit")
        setting_change(key=key, unit_id=unit.pk if unit else None, **data, actor=actor_of(request))
        return reverse("setting", args=[key])

    return answer_form(
        request, form, change, title=kind.label, submit=_("Change"), back=reverse("settings"),
        crumbs=[(_("Settings"), reverse("settings"))], success=_("The setting is changed."),
        template="identity/setting.html",
        kind=kind, things=[("setting", key, "")], value=setting(key), certainty=CERTAINTY.get(kind.certainty, kind.certainty),
        tone=CERTAINTY_TONES.get(kind.certainty, "calm"),
        history=Setting.objects.filter(key=key).select_related("unit").order_by("-valid_from"),
        refusal=None if request.rights.may("identity.settings") else no_right("identity.settings"),  # type: ignore[attr-defined]
    )  # fmt: skip
