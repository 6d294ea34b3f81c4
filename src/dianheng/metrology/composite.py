"""Composite error of a metering device: meter, transformers and secondary circuits together.

The ratio errors add up; the phase displacements turn the phasors, which counts the more, the
lower the power factor.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from dianheng.metrology.errors import WrongValue
from dianheng.metrology.plates import Wiring
from dianheng.metrology.quantities import EXACT, HUNDRED, PI, SQRT_3, ZERO, plain_text
from dianheng.metrology.rule_sets import RuleRef, RuleSet
from dianheng.metrology.verdicts import Step, Verdict, measured_verdict
from dianheng.metrology.wirings import ELEMENT_COUNT

# % that one minute of arc counts at tan(phi) = 1: 100 pi/10800, shortened 0.0291.
PCT_PER_MINUTE = EXACT.divide(EXACT.multiply(HUNDRED, PI), Decimal(10800))

_TWO, _THREE = Decimal(2), Decimal(3)
_TWO_SQRT_3 = EXACT.multiply(_TWO, SQRT_3)


class ComplexError(NamedTuple):
    """Ratio error in % and phase displacement in minutes of arc, positive where it leads."""

    f_pct: Decimal = ZERO
    delta_min: Decimal = ZERO


class Element(NamedTuple):
    """Errors of what one measuring element of the meter is connected through.

    In three-wire circuits the first element has Uab and Ia, the second Ucb and Ic.
    """

    current: ComplexError = ComplexError()
    voltage: ComplexError = ComplexError()
    drop: ComplexError = ComplexError()


class CompositeError(NamedTuple):
    """The composite error and what it is made of, % each."""

    transformers_pct: Decimal
    drop_pct: Decimal
    meter_pct: Decimal
    total_pct: Decimal
    rule: RuleRef
    steps: tuple[Step, ...]


class OperatingPoint(NamedTuple):
    """Errors of all parts at one load and one power factor."""

    load_pct: Decimal  # of the rated primary current
    cos_phi: Decimal
    is_inductive: bool
    elements: tuple[Element, ...]
    meter_error_pct: Decimal


class Advice(NamedTuple):
    """What is left of the largest composite error when one part is made good."""

    part: str  # meter, ct_1, vt_1, drop_1 and so on
    worst_now_pct: Decimal
    worst_then_pct: Decimal
    gain_pct: Decimal


def tan_phi(cos_phi: Decimal, *, is_inductive: bool = True) -> Decimal:
    """Tangent of the load angle: positive for an inductive load.

    Raises:
        WrongValue: the power factor is not above 0 and at most 1.

    >>> tan_phi(Decimal("0.8")), tan_phi(Decimal("0.8"), is_inductive=False)
    (Decimal('0.75'), Decimal('-0.75'))
    """
    if not ZERO < cos_phi <= 1:
        raise WrongValue(
            "factor_out_of_range",
            "a power factor is above 0 and at most 1",
            {"cos_phi": plain_text(cos_phi)},
        )
    sine = EXACT.sqrt(EXACT.subtract(Decimal(1), EXACT.multiply(cos_phi, cos_phi)))
    tangent = EXACT.divide(sine, cos_phi)
    return tangent if is_inductive else EXACT.minus(tangent)


def combined_error_pct(wiring: Wiring, errors: Sequence[ComplexError], tangent: Decimal) -> Decimal:
    """Error of the measured energy that errors of the quantities of each element cause, %.

    Args:
        wiring: circuit; it decides how many errors there are.
        errors: by element, current leading voltage counted positive.
        tangent: of the load angle, inductive positive.

    Raises:
        WrongValue: not one error for each element.

    Source:
        docs/sources/dl-t-448.md, composite error.

    >>> one = ComplexError(Decimal("0.2"), Decimal(10))
    >>> round(combined_error_pct(Wiring.SINGLE_PHASE, [one], Decimal(2)), 4)
    Decimal('0.7818')
    """
    if len(errors) != ELEMENT_COUNT[wiring]:
        raise WrongValue(
            "element_count",
            "not the number of elements of this circuit",
            {"wiring": wiring.value, "needed": str(ELEMENT_COUNT[wiring])},
        )
    ratio = ZERO
    minutes = ZERO
    for each in errors:
        ratio = EXACT.add(ratio, each.f_pct)
        minutes = EXACT.add(minutes, each.delta_min)
    count = Decimal(len(errors))
    turned = EXACT.multiply(EXACT.multiply(PCT_PER_MINUTE, minutes), tangent)
    found = EXACT.divide(EXACT.add(ratio, turned), count)
    if wiring is Wiring.THREE_PHASE_THREE_WIRE:
        # The elements run 30 degrees ahead of and behind the load: they do not weigh the same.
        first, second = errors
        of_ratio = EXACT.multiply(EXACT.subtract(second.f_pct, first.f_pct), tangent)
        difference = EXACT.subtract(first.delta_min, second.delta_min)
        of_phase = EXACT.multiply(PCT_PER_MINUTE, difference)
        found = EXACT.add(found, EXACT.divide(EXACT.add(of_ratio, of_phase), _TWO_SQRT_3))
    return found


def composite_error(
    rules: RuleSet,
    *,
    wiring: Wiring,
    elements: Sequence[Element],
    meter_error_pct: Decimal,
    cos_phi: Decimal,
    is_inductive: bool = True,
) -> CompositeError:
    """Composite error at an operating point: meter + transformers + secondary circuits.

    Args:
        rules: edition of DL/T 448.
        wiring: circuit of the meter.
        elements: errors by element: one, three, or in three-wire circuits two.
        meter_error_pct: error of the meter at this point, %.
        cos_phi: power factor, above 0, at most 1.
        is_inductive: the current lags.

    Raises:
        WrongValue: not one element for each element of the circuit, or no power factor.

    Source:
        docs/sources/dl-t-448.md, composite error.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> one = ComplexError(Decimal("-0.1"), Decimal(10))
    >>> found = composite_error(rule_set("DL/T 448", "2016"), wiring=Wiring.SINGLE_PHASE,
    ...     elements=[Element(current=one)], meter_error_pct=Decimal("0.3"),
    ...     cos_phi=Decimal("0.8"))
    >>> round(found.total_pct, 4)
    Decimal('0.4182')
    """
    tangent = tan_phi(cos_phi, is_inductive=is_inductive)
    through = [
        ComplexError(
            EXACT.add(each.current.f_pct, each.voltage.f_pct),
            EXACT.subtract(each.current.delta_min, each.voltage.delta_min),
        )
        for each in elements
    ]
    # A voltage that leads counts like a current that lags.
    drops = [ComplexError(each.drop.f_pct, EXACT.minus(each.drop.delta_min)) for each in elements]
    transformers = combined_error_pct(wiring, through, tangent)
    drop = combined_error_pct(wiring, drops, tangent)
    total = EXACT.add(EXACT.add(meter_error_pct, transformers), drop)
    return CompositeError(
        transformers,
        drop,
        meter_error_pct,
        total,
        rules.ref(rules.figure(f"composite_error/{wiring.value}")),
        (
            Step("load_angle", {"cos_phi": cos_phi, "tan_phi": tangent}),
            Step("transformers", _facts(through, transformers)),
            Step("secondary_circuits", _facts(drops, drop)),
            Step(
                "composite",
                {
                    "meter_pct": meter_error_pct,
                    "transformers_pct": transformers,
                    "drop_pct": drop,
                    "total_pct": total,
                },
            ),
        ),
    )


def composite_over(
    rules: RuleSet, wiring: Wiring, points: Sequence[OperatingPoint]
) -> tuple[CompositeError, ...]:
    """Composite errors over load and power factor, in the order of the points.

    Args:
        rules: edition of DL/T 448.
        wiring: circuit of the meter.
        points: each with the errors of all parts at its load.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> points = [OperatingPoint(Decimal(100), Decimal(cos), True, (Element(),), Decimal("0.1"))
    ...           for cos in ("1", "0.5")]
    >>> [str(round(each.total_pct, 2))
    ...  for each in composite_over(rule_set("DL/T 448", "2016"), Wiring.SINGLE_PHASE, points)]
    ['0.10', '0.10']
    """
    return tuple(
        composite_error(
            rules,
            wiring=wiring,
            elements=each.elements,
            meter_error_pct=each.meter_error_pct,
            cos_phi=each.cos_phi,
            is_inductive=each.is_inductive,
        )
        for each in points
    )


def burden_range_pct(
    rules: RuleSet,
    wiring: Wiring,
    point: OperatingPoint,
    lower: Mapping[str, ComplexError],
) -> tuple[Decimal, Decimal]:
    """Between which composite errors the burdens in service can lie at a point, %.

    Each transformer whose errors are known at its rated and at its lower burden may stand at
    either; the composite error adds up what each of them shifts it by.

    Args:
        point: with the errors at rated burden.
        lower: errors at lower burden by part: ct_1, vt_1 and so on.

    Returns:
        The smallest and the largest composite error; equal where no part is known at lower burden.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> point = OperatingPoint(Decimal(100), Decimal(1), True,
    ...     (Element(current=ComplexError(Decimal("-0.10"))),), Decimal("0.2"))
    >>> low, high = burden_range_pct(rule_set("DL/T 448", "2016"), Wiring.SINGLE_PHASE, point,
    ...     {"ct_1": ComplexError(Decimal("0.05")), "vt_1": ComplexError(Decimal("-0.02"))})
    >>> round(low, 2), round(high, 2)
    (Decimal('0.08'), Decimal('0.25'))
    """
    (base,) = composite_over(rules, wiring, [point])
    low = high = base.total_pct
    for name, error in lower.items():
        (moved,) = composite_over(rules, wiring, [_with(point, name, error)])
        shift = EXACT.subtract(moved.total_pct, base.total_pct)
        low = EXACT.add(low, min(shift, ZERO))
        high = EXACT.add(high, max(shift, ZERO))
    return low, high


def what_to_change_first(
    rules: RuleSet, wiring: Wiring, points: Sequence[OperatingPoint]
) -> tuple[Advice, ...]:
    """Parts by what the largest |composite error| over all points gains when one is made good.

    A part that is made good has no error any more; a part whose error balances another's comes
    last, with a loss.

    Args:
        rules: edition of DL/T 448.
        wiring: circuit of the meter.
        points: operating points, at least one.

    Raises:
        WrongValue: no points.

    Source:
        docs/sources/dl-t-448.md, composite error.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> late = Element(current=ComplexError(Decimal("0.1"), Decimal(30)))
    >>> point = OperatingPoint(Decimal(5), Decimal("0.5"), True, (late,), Decimal("0.2"))
    >>> [each.part for each in
    ...  what_to_change_first(rule_set("DL/T 448", "2016"), Wiring.SINGLE_PHASE, [point])]
    ['ct_1', 'meter', 'vt_1', 'drop_1']
    """
    if not points:
        raise WrongValue("no_points", "an analysis needs at least one operating point")
    names = ["meter"]
    for number in range(1, ELEMENT_COUNT[wiring] + 1):
        names += [f"ct_{number}", f"vt_{number}", f"drop_{number}"]
    now = _worst(rules, wiring, points)
    found = []
    for name in names:
        then = _worst(rules, wiring, [_made_good(point, name) for point in points])
        found.append(Advice(name, now, then, EXACT.subtract(now, then)))
    return tuple(sorted(found, key=lambda each: each.gain_pct, reverse=True))


def voltage_drop_pct(f_pct: Decimal, delta_min: Decimal) -> Decimal:
    """Voltage drop of a secondary circuit, % of the rated secondary voltage.

    Args:
        f_pct: (voltage at the meter - voltage at the transformer) / the latter, %.
        delta_min: phase displacement between them, minutes of arc.

    >>> round(voltage_drop_pct(Decimal("-0.15"), Decimal(4)), 3)
    Decimal('0.190')
    """
    across = EXACT.multiply(PCT_PER_MINUTE, delta_min)
    return EXACT.sqrt(EXACT.add(EXACT.multiply(f_pct, f_pct), EXACT.multiply(across, across)))


def voltage_drop_verdict(
    rules: RuleSet, *, f_pct: Decimal, delta_min: Decimal, limit_pct: Decimal | None = None
) -> Verdict:
    """Judge the voltage drop of a secondary circuit; it is not rounded.

    Args:
        rules: edition of DL/T 448 from 2016.
        f_pct: ratio error between meter and transformer, %.
        delta_min: phase displacement between them, minutes of arc.
        limit_pct: where another limit was agreed, %; the edition's otherwise.

    Source:
        docs/sources/dl-t-448.md, secondary voltage drop.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> voltage_drop_verdict(rule_set("DL/T 448", "2016"), f_pct=Decimal("-0.15"),
    ...                      delta_min=Decimal(4)).conclusion.value
    'pass'
    """
    figures = [rules.figure("secondary_voltage_drop/drop")]
    if limit_pct is None:
        figures.append(rules.figure("secondary_voltage_drop/limit_pct"))
        limit_pct = figures[-1].value
    return measured_verdict(
        "secondary_voltage_drop",
        value=voltage_drop_pct(f_pct, delta_min),
        limit=limit_pct,
        ref=rules.ref(*figures),
        unit="%",
        derivation=[
            Step(
                "secondary_circuits",
                {
                    "f_pct": f_pct,
                    "delta_min": delta_min,
                    "across_pct": EXACT.multiply(PCT_PER_MINUTE, delta_min),
                },
            )
        ],
    )


def _facts(
    errors: Sequence[ComplexError], total_pct: Decimal
) -> dict[str, Decimal | tuple[Decimal, ...]]:
    return {
        "f_pct": tuple(each.f_pct for each in errors),
        "delta_min": tuple(each.delta_min for each in errors),
        "error_pct": total_pct,
    }


def _worst(rules: RuleSet, wiring: Wiring, points: Sequence[OperatingPoint]) -> Decimal:
    return max(each.total_pct.copy_abs() for each in composite_over(rules, wiring, points))


def _made_good(point: OperatingPoint, part: str) -> OperatingPoint:
    if part == "meter":
        return point._replace(meter_error_pct=ZERO)
    return _with(point, part, ComplexError())


def _with(point: OperatingPoint, part: str, error: ComplexError) -> OperatingPoint:
    """The point with another error of a transformer or secondary circuit."""
    kind, _, number = part.partition("_")
    place = int(number) - 1
    name = {"ct": "current", "vt": "voltage", "drop": "drop"}[kind]
    elements = list(point.elements)
    elements[place] = elements[place]._replace(**{name: error})
    return point._replace(elements=tuple(elements))
