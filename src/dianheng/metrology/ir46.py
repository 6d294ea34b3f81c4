"""Classes A to E after OIML R 46: permissible errors, starting current, no-load time."""

from decimal import Decimal
from typing import NamedTuple

from dianheng.metrology.errors import NoRule, WrongValue
from dianheng.metrology.loads import read_factor
from dianheng.metrology.plates import Connection, Wiring
from dianheng.metrology.quantities import EXACT, ZERO
from dianheng.metrology.rule_sets import Figure, RuleRef, RuleSet

CLASSES = ("A", "B", "C", "D", "E")
_MAX_C_FACTOR = Decimal("0.8")
_MIN_L_FACTOR = Decimal("0.5")


class StartAndNoLoad(NamedTuple):
    """Starting current, A; time between two pulses at it, s; time of the no-load test, min."""

    start_current_a: Decimal
    pulse_interval_s: Decimal
    no_load_min: Decimal
    rule: RuleRef


class PermissibleError(NamedTuple):
    """Base maximum permissible error at a current, and the range that decided."""

    mpe_pct: Decimal
    range_name: str
    rule: RuleRef


def start_current_a(
    rules: RuleSet, *, ir46_class: str, connection: Connection, itr_a: Decimal
) -> tuple[Decimal, Figure]:
    """Starting current, A, with its figure.

    Raises:
        NoRule: the tables have none for the class (class E).
    """
    figure = rules.find(f"start_current_ratio/{connection}/{ir46_class}")
    if figure is None:
        raise NoRule(
            "no_class",
            f"{rules.name} has no starting current for this class",
            {"class": ir46_class, "connection": connection.value},
        )
    return EXACT.multiply(figure.value, itr_a), figure


def start_and_no_load(
    rules: RuleSet,
    *,
    ir46_class: str,
    connection: Connection,
    wiring: Wiring,
    un_v: Decimal,
    imin_a: Decimal,
    itr_a: Decimal,
    constant_imp_per_kwh: Decimal,
) -> StartAndNoLoad:
    """Starting current, pulse interval at it, and time of the no-load test.

    Args:
        rules: edition of GB/T 17215.321.
        ir46_class: A to E.
        connection: direct or via transformer.
        wiring: gives m.
        un_v: reference voltage, V.
        imin_a: Imin, A.
        itr_a: Itr, A.
        constant_imp_per_kwh: constant of the meter.

    Raises:
        NoRule: no figure for the class.
        WrongValue: a quantity is not positive, or Imin is above Itr.

    Source:
        docs/sources/gb-t-17215-321.md, starting and no load.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> found = start_and_no_load(rule_set("GB/T 17215.321", "2021"), ir46_class="B",
    ...     connection=Connection.DIRECT, wiring=Wiring.SINGLE_PHASE, un_v=Decimal(220),
    ...     imin_a=Decimal("0.25"), itr_a=Decimal("0.5"), constant_imp_per_kwh=Decimal(1200))
    >>> found.start_current_a, round(found.pulse_interval_s, 1), round(found.no_load_min, 1)
    (Decimal('0.020'), Decimal('681.8'), Decimal('55.1'))
    """
    _check_currents(imin_a, itr_a)
    for name, quantity in (("un_v", un_v), ("constant_imp_per_kwh", constant_imp_per_kwh)):
        if quantity <= ZERO:
            raise WrongValue("not_positive", f"{name} is greater than zero", {"field": name})
    current, ratio = start_current_a(
        rules, ir46_class=ir46_class, connection=connection, itr_a=itr_a
    )
    base_error = _mpe_figure(rules, "from_imin/unity", ir46_class)
    voltage = rules.figure("no_load/voltage_ratio")
    cm = EXACT.multiply(constant_imp_per_kwh, wiring.power_factor_m)
    interval = EXACT.divide(Decimal(3_600_000), EXACT.multiply(EXACT.multiply(cm, un_v), current))
    test_voltage = EXACT.multiply(voltage.value, un_v)
    divisor = EXACT.multiply(
        EXACT.multiply(base_error.value, cm), EXACT.multiply(test_voltage, imin_a)
    )
    hours = EXACT.divide(Decimal(100_000), divisor)
    return StartAndNoLoad(
        current,
        interval,
        EXACT.multiply(hours, Decimal(60)),
        rules.ref(ratio, base_error, voltage),
    )


def permissible_error(
    rules: RuleSet,
    *,
    ir46_class: str,
    connection: Connection,
    imin_a: Decimal,
    itr_a: Decimal,
    imax_a: Decimal,
    current_a: Decimal,
    factor: str,
) -> PermissibleError:
    """Base maximum permissible error, %, at a current and power factor.

    From Itr to Imax and from Imin below Itr it stands in the tables; below Imin down to the
    starting current it is the error at Imin times Imin / I.

    Args:
        rules: edition of GB/T 17215.321.
        ir46_class: A to E.
        connection: decides the starting current.
        imin_a: Imin, A.
        itr_a: Itr, A.
        imax_a: Imax, A.
        current_a: the current, A.
        factor: `1.0`, or from `0.5L` to `0.8C`.

    Raises:
        NoRule: current below the starting current or above Imax, factor outside the range, or
            no figure for the class.
        WrongValue: currents of the plate not in order.

    Source:
        docs/sources/gb-t-17215-321.md, permissible errors.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> permissible_error(rule_set("GB/T 17215.321", "2021"), ir46_class="B",
    ...     connection=Connection.DIRECT, imin_a=Decimal("0.25"), itr_a=Decimal("0.5"),
    ...     imax_a=Decimal(60), current_a=Decimal("0.1"), factor="1.0").mpe_pct
    Decimal('3.75')
    """
    _check_currents(imin_a, itr_a, imax_a)
    kind = _factor_kind(read_factor(factor))
    if current_a > imax_a:
        raise NoRule("current_out_of_range", "the current is above Imax", {"range": "> Imax"})
    if current_a >= itr_a:
        figure = _mpe_figure(rules, f"from_itr/{kind}", ir46_class)
        return PermissibleError(figure.value, "Itr <= I <= Imax", rules.ref(figure))
    figure = _mpe_figure(rules, f"from_imin/{kind}", ir46_class)
    if current_a >= imin_a:
        return PermissibleError(figure.value, "Imin <= I < Itr", rules.ref(figure))
    start, ratio = start_current_a(rules, ir46_class=ir46_class, connection=connection, itr_a=itr_a)
    if current_a < start:
        raise NoRule(
            "current_out_of_range", "the current is below the starting current", {"range": "< Ist"}
        )
    mpe = EXACT.divide(EXACT.multiply(figure.value, imin_a), current_a)
    return PermissibleError(mpe, "Ist <= I < Imin", rules.ref(figure, ratio))


def _mpe_figure(rules: RuleSet, group: str, ir46_class: str) -> Figure:
    figure = rules.find(f"mpe_pct/{group}/{ir46_class}")
    if figure is None:
        raise NoRule("no_class", f"{rules.name} has no such class", {"class": ir46_class[:20]})
    return figure


def _factor_kind(factor: str) -> str:
    if factor == "1.0":
        return "unity"
    value = Decimal(factor.rstrip("LC"))
    if factor.endswith("L") and value >= _MIN_L_FACTOR:
        return "other"
    if factor.endswith("C") and value >= _MAX_C_FACTOR:
        return "other"
    raise NoRule(
        "factor_out_of_range", "errors stand for factors from 0.5L to 0.8C", {"factor": factor}
    )


def _check_currents(imin_a: Decimal, itr_a: Decimal, imax_a: Decimal | None = None) -> None:
    if not ZERO < imin_a <= itr_a or (imax_a is not None and itr_a > imax_a):
        raise WrongValue("rating_order", "0 < Imin <= Itr <= Imax")
