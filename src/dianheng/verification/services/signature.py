"""A metrologist's signatures under rule sets."""

from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused
from dianheng.identity.models import Unit
from dianheng.identity.services import require, write_batch
from dianheng.metrology.errors import NoRule
from dianheng.metrology.rule_sets import RuleSet, rule_set

from ..models import RuleSetSignature


def _rules(standard: str, edition: str) -> RuleSet:
    try:
        return rule_set(standard, edition)
    except NoRule:
        raise BadInput(_("There is no such rule set.")) from None


def rule_set_sign(
    *, unit: Unit, standard: str, edition: str, digest: str, statement: str, actor: Actor
) -> RuleSetSignature:
    """A metrologist confirms a rule set, exactly the content that was shown.

    Args:
        unit: the laboratory; the signature holds for it and all below it.
        standard: for example `JJG 596`.
        edition: for example `2012`.
        digest: digest of the content that was shown.
        statement: what the metrologist says: against which text the figures were checked.
        actor: needs `verification.confirm_rules`.

    Raises:
        Refused: `changed` when the program holds another content than was shown.
    """
    rules = _rules(standard, edition)
    if not statement.strip():
        raise BadInput(_("Say against which text the figures were checked."))
    actor = require(actor, "verification.confirm_rules", unit.pk)
    if digest != rules.digest:
        raise Refused(
            Refusal(
                "changed",
                _("The rule set is not the one that was shown. Look at it again."),
                {"standard": standard, "edition": edition},
            )
        )
    return _signature(unit, rules, statement, actor, is_withdrawal=False)


def rule_set_unsign(
    *, unit: Unit, standard: str, edition: str, statement: str, actor: Actor
) -> RuleSetSignature:
    """Take a signature back: from now on the rule set decides nothing again."""
    if not statement.strip():
        raise BadInput(_("Say why the signature is taken back."))
    actor = require(actor, "verification.confirm_rules", unit.pk)
    return _signature(unit, _rules(standard, edition), statement, actor, is_withdrawal=True)


def _signature(
    unit: Unit, rules: RuleSet, statement: str, actor: Actor, *, is_withdrawal: bool
) -> RuleSetSignature:
    action = "rules.unsign" if is_withdrawal else "rules.sign"
    with write_batch(actor=actor, action=action, reason=statement) as batch:
        return RuleSetSignature.objects.create(
            unit=unit,
            standard=rules.standard,
            edition=rules.edition,
            digest=rules.digest,
            is_withdrawal=is_withdrawal,
            declaration=statement.strip(),
            signed_by_id=actor.person_id,
            acting_for_id=actor.acting_for_id,
            signed_at=batch.at,
        )
