"""Pages of rule sets: figures with their sources, and who signed them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from dianheng.common.errors import NotFound, Refused
from dianheng.common.forms import take_refusal
from dianheng.common.pages import needs, no_right
from dianheng.identity.selectors import units_with_right
from dianheng.identity.services import actor_of
from dianheng.metrology.rule_sets import rule_sets as all_rule_sets

from .. import forms, services
from ..models import RuleSetSignature
from ..selectors.laboratory import signed_rule_sets
from ..words import rules_title, rules_url, trade_word
from .common import VIEW


@needs(VIEW)
def rule_sets(request: HttpRequest) -> HttpResponse:
    """All rule sets: what is confirmed, what is signed and by whom."""
    unit = request.user.unit  # type: ignore[union-attr]
    signed = signed_rule_sets(unit, all_rule_sets()) if unit else {}
    rows = [
        {
            "rules": rules,
            "url": rules_url(rules),
            "title": rules_title(rules),
            "signature": signed.get(rules.digest),
            "open": len(rules.unconfirmed),
            "tone": "good" if rules.is_confirmed or rules.digest in signed else "warn",
        }
        for rules in all_rule_sets()
    ]
    context = {
        "title": _("Rule sets"),
        "rows": rows,
        "unit": unit,
        "unsigned": sum(1 for row in rows if row["tone"] == "warn"),
    }
    return render(request, "verification/rule_sets.html", context)


@needs(VIEW)
def rule_set_page(request: HttpRequest, name: str) -> HttpResponse:
    """One rule set: its figures with source and certainty; where the metrologist signs."""
    rules = next((each for each in all_rule_sets() if each.name.replace("/", "_") == name), None)
    if rules is None:
        raise NotFound(_("There is no such rule set."))
    right = "verification.confirm_rules"
    units = units_with_right(request.rights, right)  # type: ignore[attr-defined]
    initial = {"digest": rules.digest, "unit": getattr(request.user, "unit_id", None)}
    form = forms.SignForm(request.POST or None, units=units, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        about = {"unit": data["unit"], "standard": rules.standard, "edition": rules.edition}
        try:
            if request.POST.get("act") == "unsign":
                services.rule_set_unsign(
                    **about, statement=data["statement"], actor=actor_of(request)
                )
            else:
                services.rule_set_sign(
                    **about,
                    digest=data["digest"],
                    statement=data["statement"],
                    actor=actor_of(request),
                )
        except Refused as refused:
            take_refusal(form, refused, request)
        else:
            messages.success(request, _("Recorded."))
            return redirect("rule_set", name)
    unit = request.user.unit  # type: ignore[union-attr]
    context = {
        "title": rules.name,
        "rules": rules,
        "full_title": rules_title(rules),
        "signature": signed_rule_sets(unit, [rules]).get(rules.digest) if unit else None,
        "signatures": RuleSetSignature.objects.filter(
            standard=rules.standard, edition=rules.edition
        ).select_related("signed_by", "unit")[:50],
        "count": len(rules.figures),
        "groups": [(part, rules.figures_of(part)) for part in rules.parts],
        "tables": rules.tables.items(),
        "things": [
            ("rules", rules.name, ""),
            *(("limit", f"{rules.name}/{part}", trade_word("part", part)) for part in rules.parts),
        ],
        "form": form,
        "refusal": None if request.rights.may(right) else no_right(right),  # type: ignore[attr-defined]
        "crumbs": [(_("Rule sets"), reverse("rule_sets"))],
    }
    return render(request, "verification/rule_set.html", context)
