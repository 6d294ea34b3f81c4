"""What of this app can carry a clause of a regulation out: rule sets, their tables, test schemes."""

from collections.abc import Iterable

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from dianheng.common.controls import Control, kind_of_list, register_control_kind
from dianheng.metrology.rule_sets import rule_sets

from .models import TestScheme
from .words import rules_title, rules_url, trade_word


def _rule_sets() -> Iterable[Control]:
    return (
        Control(rules.name, rules.name, rules_url(rules), rules_title(rules))
        for rules in rule_sets()
    )


def _parts() -> Iterable[Control]:
    return (
        Control(
            f"{rules.name}/{part}", f"{rules.name} · {trade_word('part', part)}",
            f"{rules_url(rules)}#part-{part}", rules_title(rules),
        )
        for rules in rule_sets()
        for part in rules.parts
    )  # fmt: skip


def _schemes() -> Iterable[Control]:
    return (
        Control(code, name, reverse("scheme", args=[code]), code)
        for code, name in TestScheme.objects.filter(is_active=True).values_list("code", "name")
    )


register_control_kind(
    kind_of_list("rules", _("Rule set"), _rule_sets),
    kind_of_list("limit", _("Limit table"), _parts),
    kind_of_list("scheme", _("Test scheme"), _schemes),
)
