"""Writes of tests of measuring standards: repeatability, stability, intermediate checks, comparison."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused
from dianheng.identity.services import require, write_batch
from dianheng.metrology import standard_tests as rules
from dianheng.metrology.dispersion import standard_deviation
from dianheng.metrology.errors import NoRule
from dianheng.metrology.quantities import mean
from dianheng.metrology.rule_sets import RuleSet, rule_set_on

from ..choices import TestKind
from ..models import StandardInstallation, StandardTest
from ..rights import RIGHT
from ..selectors.testing import examined_since, judge, series_of

MOST_READINGS = 200


def test_record(
    *,
    installation: StandardInstallation,
    kind: str,
    done_on: date,
    check_standard: str,
    point: str,
    unit: str,
    readings: Sequence[Decimal],
    actor: Actor,
    limit: Decimal | None = None,
    reference: Decimal | None = None,
    u_ours: Decimal | None = None,
    u_reference: Decimal | None = None,
    note: str = "",
    replaces: StandardTest | None = None,
    reason: str = "",
) -> StandardTest:
    """Record a test of a measuring standard and say what it comes to by JJF 1033 of its day.

    Args:
        readings: repeats at one point; of a comparison our own value or values.
        limit: of all kinds but a comparison, whose limit follows from both uncertainties.
        reference, u_ours, u_reference: of a comparison only.
        replaces: the mistyped test that this one corrects, for a reason.

    Raises:
        BadInput: every fault at once.
        Refused: `twice`, `replaced`: it is recorded, or corrected, already.
    """
    errors = []
    is_comparison = kind == TestKind.COMPARISON
    if kind not in TestKind.values or not check_standard.strip() or not point.strip():
        errors.append(("point", _("A test needs its kind, the check standard and the point.")))
    if done_on > timezone.localdate():
        errors.append(("done_on", _("The day of the test is still to come.")))
    least = 1 if is_comparison else 2
    if not least <= len(readings) <= MOST_READINGS:
        text = _("A test has %(least)s to %(most)s readings.")
        errors.append(("readings", text % {"least": least, "most": MOST_READINGS}))
    if not is_comparison and (limit is None or limit <= 0):
        errors.append(("limit", _("Say the limit: a number above 0.")))
    if is_comparison and (
        reference is None or not u_ours or not u_reference or u_ours <= 0 or u_reference <= 0
    ):
        text = _("A comparison needs the reference value and both expanded uncertainties.")
        errors.append(("reference", text))
    if replaces is not None and not reason.strip():
        errors.append(("reason", _("Say what was wrong.")))
    if errors:
        raise BadInput(
            _("The test is not taken."),
            [{"field": field, "code": "wrong", "text": text} for field, text in errors],
        )
    actor = require(actor, RIGHT, installation.unit_id)
    try:
        book = rule_set_on("JJF 1033", done_on)
    except NoRule:
        raise BadInput(_("No edition of JJF 1033 is known for that day.")) from None
    centre = mean(readings)
    made = StandardTest(
        installation=installation, kind=kind, done_on=done_on, check_standard=check_standard.strip(),
        point=point.strip(), unit=unit.strip(), readings=list(readings), mean=centre,
        deviation=standard_deviation(readings) if len(readings) > 1 else None, reference=reference,
        u_ours=u_ours, u_reference=u_reference, edition=book.edition, note=note.strip(),
        made_by_id=actor.person_id, limit=limit or Decimal(0), replaces=replaces,
        reason=reason.strip() if replaces else "",
    )  # fmt: skip
    with write_batch(actor=actor, action="standard.test", reason=made.reason):
        # One at a time: what is recorded at once would not be judged with the other.
        StandardInstallation.objects.select_for_update().get(pk=installation.pk)
        _guard_once(made)
        result = _judge(made, book)
        made.found, made.limit, made.finding = result.found, result.limit, result.finding.value
        made.save()
    return made


def _guard_once(made: StandardTest) -> None:
    if made.replaces_id and StandardTest.objects.filter(replaces=made.replaces_id).exists():
        raise Refused(
            Refusal("replaced", _("This test was corrected already. Correct the newer one."))
        )
    if any(row.done_on == made.done_on for row in series_of(made)):
        raise Refused(Refusal("twice", _("This test of this point is recorded for this day.")))


def _judge(made: StandardTest, book: RuleSet) -> rules.StandardTestResult:
    if made.kind == TestKind.REPEATABILITY:
        return rules.repeatability(book, made.readings, budget=made.limit)
    if made.kind == TestKind.COMPARISON:
        assert made.reference is not None and made.u_ours and made.u_reference
        return rules.comparison(
            book, ours=made.mean, reference=made.reference, u_ours=made.u_ours,
            u_reference=made.u_reference,
        )  # fmt: skip
    return judge(book, made, series_of(made), examined_since(made.installation))
