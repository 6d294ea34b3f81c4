"""How the relative error of a meter comes about, from pulses or from energies."""

from decimal import Decimal

from dianheng.metrology.errors import WrongValue
from dianheng.metrology.quantities import EXACT, ZERO, relative_error_pct
from dianheng.metrology.rule_sets import RuleSet


def standard_pulses(
    *,
    standard_constant_imp_per_kwh: Decimal,
    meter_constant_imp_per_kwh: Decimal,
    meter_pulses: Decimal,
    current_ratio: Decimal = Decimal(1),
    voltage_ratio: Decimal = Decimal(1),
) -> Decimal:
    """Pulses that the standard meter would count for a meter without error.

    Args:
        standard_constant_imp_per_kwh: constant of the standard.
        meter_constant_imp_per_kwh: constant of the meter under test.
        meter_pulses: pulses of the meter during the count.
        current_ratio: ratio of the current transformer outside the meter.
        voltage_ratio: ratio of the voltage transformer outside the meter.

    Raises:
        WrongValue: a constant or ratio is not positive.

    Source:
        docs/sources/jjg-596.md, error definition.

    >>> standard_pulses(standard_constant_imp_per_kwh=Decimal(60000),
    ...                 meter_constant_imp_per_kwh=Decimal(1200), meter_pulses=Decimal(10))
    Decimal('500')
    """
    divisor = EXACT.multiply(
        meter_constant_imp_per_kwh, EXACT.multiply(current_ratio, voltage_ratio)
    )
    if divisor <= ZERO or standard_constant_imp_per_kwh <= ZERO:
        raise WrongValue("not_positive", "constants and ratios are greater than zero")
    return EXACT.divide(EXACT.multiply(standard_constant_imp_per_kwh, meter_pulses), divisor)


def pulse_error_pct(preset_pulses: Decimal, counted_pulses: Decimal) -> Decimal:
    """Error by the standard-meter method: (m0 - m) / m, in %.

    Args:
        preset_pulses: m0, pulses of the standard for a meter without error.
        counted_pulses: m, pulses the standard counted.

    >>> pulse_error_pct(Decimal(500), Decimal(498)).quantize(Decimal("0.0001"))
    Decimal('0.4016')
    """
    return relative_error_pct(preset_pulses, counted_pulses)


def energy_error_pct(
    rules: RuleSet,
    *,
    meter_kwh: Decimal,
    standard_kwh: Decimal,
    accuracy_class: str = "",
    standard_error_pct: Decimal | None = None,
) -> Decimal:
    """Error by energies: (meter - standard) / standard, in %.

    A known error of the standard is added only where it is not negligible, that is more than a
    fifth of the class of the meter.

    Args:
        rules: edition of JJG 596.
        meter_kwh: energy shown by the meter.
        standard_kwh: energy shown by the standard; not zero.
        accuracy_class: class of the meter, needed with `standard_error_pct`.
        standard_error_pct: known error of the standard, %.

    Raises:
        WrongValue: the standard shows zero.
        NoRule: unknown class.

    Source:
        docs/sources/jjg-596.md, error definition.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> energy_error_pct(rule_set("JJG 596", "2012"), meter_kwh=Decimal("1.002"),
    ...     standard_kwh=Decimal(1), accuracy_class="0.2S", standard_error_pct=Decimal("0.05"))
    Decimal('0.250')
    """
    error = relative_error_pct(meter_kwh, standard_kwh)
    if standard_error_pct is None:
        return error
    share = rules.figure("negligible_standard_error/of_class").value
    class_value = rules.figure(f"class_value_pct/{accuracy_class}").value
    if abs(standard_error_pct) > EXACT.multiply(share, class_value):
        return EXACT.add(error, standard_error_pct)
    return error
