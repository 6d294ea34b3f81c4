"""What checks on site take from the laboratory: plates, points of an upload, words of points."""

from collections.abc import Iterable, Mapping
from typing import Any

from dianheng.metrology.observations import Observation

from ..envelope import DevicePart, Point, plain, read_json
from ..envelope.points import check_sequence, read_point
from ..observed import observation_of
from ..schemes import IR46_CLASSES, base_current_of
from ..transformers import transformer_plate_of
from ..words import point_text

__all__ = [
    "IR46_CLASSES",
    "Point",
    "base_current_of",
    "observed_points",
    "plain",
    "point_text",
    "points_part",
    "read_json",
    "transformer_plate_of",
]


def points_part(received: Mapping[str, Any], category: str) -> DevicePart:
    """The points of one device of an upload; every fault is noted in it."""
    part = DevicePart(0, received, category=category)
    for number, point in enumerate(received.get("points") or (), 1):
        read_point(part, number, point)
    check_sequence(part)
    return part


def observed_points(points: Iterable[Point]) -> list[tuple[Point, Observation]]:
    """What was seen at the points of a transformer that the rules judge.

    Raises:
        WrongValue: a fact is of the wrong form.
    """
    seen = [(point, observation_of(point, {}, is_transformer=True)) for point in points]
    return [(point, one) for point, one in seen if one is not None]
