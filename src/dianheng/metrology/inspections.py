"""What is looked at or tried, and answers yes or no."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from dianheng.metrology.items import Item, item_ref
from dianheng.metrology.plates import MeterPlate
from dianheng.metrology.rule_sets import RuleSet
from dianheng.metrology.verdicts import Conclusion, Step, Verdict


def finding_verdict(
    rules: RuleSet, item: Item, *, is_passed: bool | None, findings: Iterable[str] = ()
) -> Verdict:
    """Judge what is looked at and not measured: appearance, communication.

    Args:
        rules: rule set that asks for the item.
        item: the item.
        is_passed: what the tester or bench found; None is "not said".
        findings: what was wrong, as codes or words.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> finding_verdict(rule_set("JJG 596", "2012"), Item.APPEARANCE, is_passed=True,
    ...                 findings=["display damaged"]).conclusion.value
    'fail'
    """
    found = tuple(findings)
    ref = item_ref(rules, item)
    if found:
        conclusion, reason = Conclusion.FAIL, "findings"
    elif is_passed is None:
        conclusion, reason = Conclusion.INCOMPLETE, "result_missing"
    elif is_passed:
        conclusion, reason = Conclusion.PASS, "no_findings"
    else:
        conclusion, reason = Conclusion.FAIL, "found_wrong"
    return Verdict(
        item, "", conclusion, reason, ref, derivation=(Step("findings", {"findings": found}),)
    )


def ac_voltage_verdict(
    rules: RuleSet,
    plate: MeterPlate,
    *,
    voltage_kv: Decimal | None,
    duration_s: Decimal | None,
    has_breakdown: bool | None,
) -> Verdict:
    """Judge the AC voltage test: no breakdown at the voltage of the enclosure for a minute.

    Source:
        docs/sources/jjg-596.md, AC voltage test.

    >>> from dianheng.metrology.examples import household_meter
    >>> from dianheng.metrology.rule_sets import rule_set
    >>> ac_voltage_verdict(rule_set("JJG 596", "2012"), household_meter(), voltage_kv=Decimal(2),
    ...                    duration_s=Decimal(60), has_breakdown=False).reason
    'voltage_too_low'
    """
    voltage = rules.figure(f"ac_voltage/enclosure_{plate.enclosure}_kv")
    duration = rules.figure("ac_voltage/duration_s")
    ref = rules.ref(voltage, duration)
    if has_breakdown:
        conclusion, reason = Conclusion.FAIL, "breakdown"
    elif has_breakdown is None:
        conclusion, reason = Conclusion.INCOMPLETE, "result_missing"
    elif voltage_kv is None or voltage_kv < voltage.value:
        conclusion, reason = Conclusion.INCOMPLETE, "voltage_too_low"
    elif duration_s is None or duration_s < duration.value:
        conclusion, reason = Conclusion.INCOMPLETE, "test_too_short"
    else:
        conclusion, reason = Conclusion.PASS, "no_breakdown"
    return Verdict(
        Item.AC_VOLTAGE,
        "",
        conclusion,
        reason,
        ref,
        unit="kV",
        value=voltage_kv,
        limit_low=voltage.value,
        derivation=(Step("ac_voltage", {"duration_s": duration_s, "least_s": duration.value}),),
    )


def relay_verdict(rules: RuleSet, *, open_s: Decimal | None, close_s: Decimal | None) -> Verdict:
    """Judge the relay: opened and closed on command, each within 5 s; None is "did not".

    Source:
        docs/sources/jjg-596.md, relay.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> rules = rule_set("JJG 596", "2012")
    >>> relay_verdict(rules, open_s=Decimal("1.2"), close_s=None).reason
    'not_closed'
    """
    limit = rules.figure("relay/limit_s")
    reason = "opens_and_closes"
    if open_s is None:
        reason = "not_opened"
    elif close_s is None:
        reason = "not_closed"
    elif max(open_s, close_s) > limit.value:
        reason = "too_slow"
    times = [seconds for seconds in (open_s, close_s) if seconds is not None]
    return Verdict(
        Item.RELAY,
        "",
        Conclusion.PASS if reason == "opens_and_closes" else Conclusion.FAIL,
        reason,
        rules.ref(limit),
        unit="s",
        value=max(times, default=None),
        limit_high=limit.value,
        derivation=(Step("relay", {"open_s": open_s, "close_s": close_s}),),
    )


def key_state_verdict(acceptance: RuleSet, key_state: str | None) -> Verdict:
    """Judge the keys of the security chip: `formal` passes, `test` fails.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> key_state_verdict(rule_set("Q/GDW 1206", "2013"), "test").reason
    'test_keys'
    """
    ref = item_ref(acceptance, Item.KEY_STATE)
    if key_state == "formal":
        conclusion, reason = Conclusion.PASS, "formal_keys"
    elif key_state == "test":
        conclusion, reason = Conclusion.FAIL, "test_keys"
    else:
        conclusion, reason = Conclusion.INCOMPLETE, "result_missing"
    return Verdict(
        Item.KEY_STATE,
        "",
        conclusion,
        reason,
        ref,
        derivation=(Step("key_state", {"key_state": key_state}),),
    )


def parameter_verdict(
    acceptance: RuleSet, *, ordered: Mapping[str, str], found: Mapping[str, str]
) -> Verdict:
    """Judge parameters and preset prices: every ordered value was read back as ordered.

    Args:
        acceptance: edition of Q/GDW 1206.
        ordered: value by name of the parameter, as text.
        found: what was read from the meter.

    Returns:
        Fail with the names that differ; incomplete with the names that were not read.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> verdict = parameter_verdict(rule_set("Q/GDW 1206", "2013"), ordered={"price_1": "0.5460"},
    ...                             found={"price_1": "0.5640"})
    >>> verdict.reason, verdict.derivation[0].facts["differing"]
    ('parameter_differs', ('price_1',))
    """
    differing = tuple(
        sorted(name for name in ordered if name in found and found[name] != ordered[name])
    )
    missing = tuple(sorted(name for name in ordered if name not in found))
    if differing:
        conclusion, reason = Conclusion.FAIL, "parameter_differs"
    elif missing:
        conclusion, reason = Conclusion.INCOMPLETE, "parameter_not_read"
    else:
        conclusion, reason = Conclusion.PASS, "as_ordered"
    return Verdict(
        Item.PARAMETER,
        "",
        conclusion,
        reason,
        item_ref(acceptance, Item.PARAMETER),
        derivation=(Step("parameters", {"differing": differing, "missing": missing}),),
    )
