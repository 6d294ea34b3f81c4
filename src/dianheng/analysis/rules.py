"""Groups of errors compared: hints for the eye of an engineer; they decide nothing."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from dianheng.metrology.quantities import EXACT

LEAST = 5  # values of a group that is compared with others
DAYS_OF_MONTH = 30.44
LEAST_DRIFT = 10  # records over which a drift is looked for
LEAST_DAYS = 60  # and the time over which they were made
DRIFT_APART = 4.0  # standard errors: hundreds of positions are looked at
LEAST_SLOPE = 1.0  # % of the limit a month: what is smaller matters to nobody
APART = 3.0  # standard errors
LEAST_DIFFERENCE = 5.0  # % of the limit: what is smaller matters to nobody


@dataclass(frozen=True)
class Group:
    """Errors of one maker, bench, position …: how many, their mean, their standard deviation."""

    key: str
    count: int
    mean: float
    deviation: float


@dataclass(frozen=True)
class Comparison:
    """One-way analysis of variance over groups.

    `share` is the part of all variation that lies between the groups, 0 to 1; `ratio` is the
    variance between by the variance within (F) with so many degrees of freedom. `centre` is the
    median of the groups' means: one group that lies far off does not move it.
    """

    centre: float
    within: float
    share: float
    ratio: float | None
    between_freedom: int
    within_freedom: int


def compare(groups: Sequence[Group]) -> Comparison | None:
    """Compare groups; None for fewer than two groups or no spread to compare with.

    Source:
        docs/sources/statistics.md, one-way analysis of variance.

    >>> found = compare([Group("a", 6, 5.0, 1.7889), Group("b", 6, 9.0, 2.1909),
    ...                  Group("c", 6, 10.0, 2.3664)])
    >>> round(found.ratio, 1), found.between_freedom, found.within_freedom, round(found.share, 2)
    (9.3, 2, 15, 0.55)
    """
    total = sum(group.count for group in groups)
    if len(groups) < 2 or total <= len(groups):
        return None
    mean = sum(group.mean * group.count for group in groups) / total
    between = sum(group.count * (group.mean - mean) ** 2 for group in groups)
    within = sum((group.count - 1) * group.deviation**2 for group in groups)
    if between + within == 0:
        return None
    between_freedom, within_freedom = len(groups) - 1, total - len(groups)
    spread = within / within_freedom
    ratio = between / between_freedom / spread if spread else None
    return Comparison(
        median(group.mean for group in groups),
        math.sqrt(spread),
        between / (between + within),
        ratio,
        between_freedom,
        within_freedom,
    )


def is_apart(group: Group, comparison: Comparison) -> bool:
    """Whether a group lies far from the middle of the groups: by three standard errors or more.

    And by what somebody would notice: of a hundred thousand records every group differs from the
    others by more than chance explains.

    Args:
        group, comparison: in % of the limit.

    >>> groups = [Group("a", 99, 1.0, 10.0), Group("b", 99, 0.0, 10.0), Group("c", 99, 20.0, 10.0),
    ...           Group("d", 99999, 4.0, 10.0), Group("e", 4, 90.0, 10.0)]
    >>> [group.key for group in groups if is_apart(group, compare(groups))]
    ['c']
    """
    distance = abs(group.mean - comparison.centre)
    if group.count < LEAST or not comparison.within or distance < LEAST_DIFFERENCE:
        return False
    return distance >= APART * comparison.within / math.sqrt(group.count)


LEAST_LOTS = 3  # lots of a maker among which one is looked for that lies apart


def lots_apart(lots: Sequence[Group]) -> list[str]:
    """Lots of a maker whose mean difference from its own data lies apart from that of the others.

    Args:
        lots: differences of the devices, % of the limit.

    >>> lots_apart([Group("a", 99, 1.0, 8.0), Group("b", 99, 2.0, 8.0), Group("c", 99, 30.0, 8.0)])
    ['c']
    >>> lots_apart([Group("a", 99, 1.0, 8.0), Group("c", 99, 30.0, 8.0)])
    []
    """
    comparison = compare(lots)
    if comparison is None or len(lots) < LEAST_LOTS:
        return []
    return [lot.key for lot in lots if is_apart(lot, comparison)]


EVEN_LEAST = 20  # devices by which evenness is told
EVEN_SPREAD, EVEN_CORRELATION = 0.5, 0.3


def is_too_even(
    devices: int, correlation: float | None, maker_spread: float, centre_spread: float
) -> bool:
    """Whether a maker's figures look better than devices are.

    They spread less than half as far as the centre's at the same points, and do not follow them:
    figures that are measured would.

    >>> is_too_even(99, 0.1, 0.01, 0.08), is_too_even(99, 0.9, 0.07, 0.08), is_too_even(5, None, 0, 1)
    (True, False, False)
    """
    if devices < EVEN_LEAST or not centre_spread:
        return False
    follows = correlation is not None and correlation >= EVEN_CORRELATION
    return maker_spread < EVEN_SPREAD * centre_spread and not follows


def capability(mean: float, deviation: float, limit: float) -> float | None:
    """Distance from the mean to the nearer limit in units of three standard deviations (Cpk).

    Args:
        mean, deviation: in the unit of the limit.
        limit: of the magnitude; positive.

    >>> capability(10.0, 10.0, 100.0)
    3.0
    """
    return (limit - abs(mean)) / (3 * deviation) if deviation else None


ERRORS_PCT = ("basic_error", "ratio_error")
ERRORS_MIN = ("phase_displacement",)


def turning_point(limit: Decimal, interval: Decimal | None) -> Decimal:
    """The magnitude from which an error no longer passes: half an interval past the last multiple within.

    Whether a verdict may be wrong is told by the distance from here, not from the limit: 1.04 % is
    rounded to 1.0 and passes a limit of 1.0.

    >>> turning_point(Decimal("1.0"), Decimal("0.1")), turning_point(Decimal("0.35"), Decimal("0.02"))
    (Decimal('1.05'), Decimal('0.35'))
    """
    if not interval:
        return limit
    return EXACT.add(
        EXACT.multiply(EXACT.divide_int(limit, interval), interval),
        EXACT.divide(interval, Decimal(2)),
    )


@dataclass(frozen=True)
class Nearest:
    """The error nearest to where its conclusion turns: distance, limit, and what stands in lists.

    `margin_pct` is negative beyond that, and None where a phase displacement decides.
    """

    room: Decimal
    limit: Decimal
    margin_pct: Decimal | None


def site_margin(
    results: Iterable[Mapping[str, str]], found_error_pct: Decimal | None
) -> Nearest | None:
    """How near the errors of a check on site are to where their conclusions turn.

    Drops and burdens are measured with other instruments than the calibrator: they say nothing.

    Args:
        results: as `fieldwork` keeps them: `item`, `value`, `limit` as “±0.5”, and `interval`,
            which those of earlier releases lack.
        found_error_pct: where it is known the distance decides, and only errors in % count; else
            the share of the limit.

    Returns:
        None where no error was measured.

    >>> site_margin([{"item": "working_error", "value": "-0.42", "limit": "±0.5"}], None).room
    Decimal('0.08')
    """
    items = {"working_error", *ERRORS_PCT, *(() if found_error_pct is not None else ERRORS_MIN)}
    near = []
    for one in results:
        if one["item"] in items and one["value"] and one["limit"].startswith("±"):
            limit = Decimal(one["limit"][1:])
            interval = Decimal(one.get("interval") or 0)
            margin = turning_point(limit, interval) - abs(Decimal(one["value"]))
            near.append(Nearest(abs(margin), limit, None if one["item"] in ERRORS_MIN else margin))
    return min(
        near,
        key=lambda one: one.room if found_error_pct is not None else one.room / one.limit,
        default=None,
    )


@dataclass(frozen=True)
class Drift:
    """How errors moved with time: slope a month with its standard error, over so many records."""

    slope: float
    error: float
    count: int
    days: int

    @property
    def ratio(self) -> float:
        """The slope in standard errors."""
        return self.slope / self.error if self.error else math.copysign(math.inf, self.slope)


def drift_of(*, count: int, days: int, sxx: float, sxy: float, syy: float) -> Drift | None:
    """The line of least squares through errors over days; None for too few or too short.

    Args:
        count: records.
        days: from the first to the last of them.
        sxx, sxy, syy: sums of squares and products about the means; x in days.

    Source:
        docs/sources/statistics.md, drift.

    >>> found = drift_of(count=12, days=330, sxx=132000.0, sxy=4400.0, syy=160.0)
    >>> round(found.slope, 3), round(found.error, 3), round(found.ratio, 1)
    (1.015, 0.097, 10.5)
    """
    if count < LEAST_DRIFT or days < LEAST_DAYS or sxx <= 0:
        return None
    rest = max(0.0, syy - sxy * sxy / sxx) / (count - 2)
    return Drift(sxy / sxx * DAYS_OF_MONTH, math.sqrt(rest / sxx) * DAYS_OF_MONTH, count, days)


def is_drifting(drift: Drift) -> bool:
    """Whether errors move: by four standard errors or more, and by what somebody would notice.

    >>> [is_drifting(Drift(slope, 0.3, 12, 330)) for slope in (0.9, 1.1, 1.3, -1.3)]
    [False, False, True, True]
    """
    return abs(drift.slope) >= LEAST_SLOPE and abs(drift.ratio) >= DRIFT_APART
