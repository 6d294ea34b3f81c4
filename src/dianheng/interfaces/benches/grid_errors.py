"""Rows of errors as State Grid software writes them: basic error, repeats, variations, demand."""

from collections.abc import Sequence

from .grid_rows import Point, Row, figures_of, mean_text, place_of, text, verdict
from .texts import conclusion, parts, whole


def basic_error(rows: Sequence[Row]) -> list[Point]:
    """Relative errors at the load points."""
    return [
        {
            "item": "BASIC_ERROR",
            **place_of(row),
            "pulses": whole(text(row, "detect_circle", "pules")),
            "samples": parts(row.get("error")),
            "unit": "%",
            **figures_of(row),
        }
        for row in rows
    ]


def repeatability(rows: Sequence[Row]) -> list[Point]:
    """Repeated readings; some software writes them where the number of readings belongs."""
    points = []
    for row in rows:
        samples = parts(text(row, "error"))
        if not samples and "|" in text(row, "simpling"):
            samples = parts(row["simpling"])
        points.append(
            {
                "item": "REPEATABILITY",
                **place_of(row),
                "samples": samples,
                "std_dev": text(row, "deviation_limt"),
                "unit": "%",
                "conclusion": verdict(row),
            }
        )
    return points


def consistency(rows: Sequence[Row]) -> list[Point]:
    """Errors against the mean of the group, which the bench may have computed."""
    points = []
    for row in rows:
        group = text(row, "all_avg_error")
        points.append(
            {
                "item": "CONSISTENCY",
                **place_of(row),
                "pulses": whole(text(row, "pules")),
                "samples": parts(text(row, "all_error", "once_err")),
                "facts": {"group_mean_pct": group} if group else None,
                "unit": "%",
                "conclusion": verdict(row),
            }
        )
    return points


def variation(rows: Sequence[Row]) -> list[Point]:
    """The same point twice: the means of the first and of the second readings."""
    return [
        {
            "item": "VARIATION",
            **place_of(row),
            "samples": [
                mean_text(readings) if readings else text(row, average)
                for readings, average in (
                    (parts(row.get("once_err")), "avg_once_err"),
                    (parts(row.get("twice_err")), "avg_twice_err"),
                )
                if readings or text(row, average)
            ],
            "unit": "%",
            "conclusion": verdict(row),
        }
        for row in rows
    ]


def load_variation(rows: Sequence[Row]) -> list[Point]:
    """The same point with rising and with falling current."""
    points = []
    for row in rows:
        samples = []
        for way in ("up", "down"):
            readings = [text(row, f"{way}_err{number}") for number in (1, 2)]
            readings = [each for each in readings if each]
            if found := mean_text(readings) or text(row, f"avg_{way}_err"):
                samples.append(found)
        points.append(
            {
                "item": "LOAD_VARIATION",
                **place_of(row),
                "samples": samples,
                "unit": "%",
                "conclusion": verdict(row),
            }
        )
    return points


def influence(rows: Sequence[Row]) -> list[Point]:
    """Kept, not judged by the rules."""
    return [
        {
            "item": "INFLUENCE",
            **place_of(row),
            "samples": parts(row.get("error")),
            "unit": "%",
            "conclusion": verdict(row),
            "remark": text(row, "effect_test_item", "remark"),
        }
        for row in rows
    ]


def demand(rows: Sequence[Row]) -> list[Point]:
    """Both readings where they are there, else the error."""
    points = []
    for row in rows:
        meter = text(row, "real_demand", "demand_meter")
        standard = text(row, "demand_standard")
        points.append(
            {
                "item": "DEMAND",
                **place_of(row),
                "power_factor": text(row, "pf") or "1.0",
                "samples": parts(text(row, "demand_value_err")),
                "facts": {"meter_kw": meter, "standard_kw": standard}
                if meter and standard
                else None,
                "unit": "%",
                "conclusion": verdict(row) or conclusion(text(row, "value_conc_code")),
            }
        )
    return points
