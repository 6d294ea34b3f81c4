"""The judge of a model under a scheme, for those who look at records from outside."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from dianheng.metrology.changes import AS_IT_IS, Change
from dianheng.metrology.errors import NoRule
from dianheng.metrology.observations import Observation
from dianheng.metrology.records import RecordJudge, record_judge
from dianheng.metrology.rounding import error_interval
from dianheng.metrology.schemes import Direction
from dianheng.metrology.transformer_records import TransformerJudge

from ..models import TestSchemeVersion
from ..observed import JUDGED, OF_TRANSFORMERS, observation_from
from ..schemes import plate_of, scheme_of
from ..subjects import AnyPlate, Judge, judge_for, plate_for, scheme_for


def model_plate(model: Any) -> AnyPlate:
    """The plate of a model, for the rules.

    Raises:
        BadInput: the model lacks something that the rules need.
    """
    return plate_for(model)


def judge_of(
    model: Any,
    version: TestSchemeVersion,
    edition: tuple[str, str] | None = None,
    change: Change = AS_IT_IS,
) -> Judge:
    """What judges records of a model, meter or transformer, under a version of a scheme.

    Args:
        model: the device model, with its plate.
        version: the scheme.
        edition: standard and edition to judge by instead of those of the scheme.
        change: other limits or roundings than the rules have.

    Raises:
        BadInput: the model lacks something that the rules need.
        NoRule: there is no such edition.
    """
    scheme = scheme_for(version)
    if edition is not None:
        scheme = replace(scheme, standard=edition[0], edition=edition[1])
    return judge_for(plate_for(model), scheme, None, change)


def record_judge_of(model: Any, version: TestSchemeVersion) -> RecordJudge:
    """What judges records of a meter's model under a version of a scheme.

    Raises:
        BadInput: the model lacks something that the rules need.
    """
    return record_judge(plate_of(model), scheme_of(version))


def error_intervals(judge: Judge) -> dict[tuple[str, str], Decimal]:
    """Rounding intervals of the errors by item and direction; of a transformer its part."""
    found = {}
    if isinstance(judge, RecordJudge):
        for direction in Direction:
            accuracy = judge.plate.class_of(direction.measure)
            with suppress(NoRule):
                interval = error_interval(judge.rules, accuracy, direction.measure)
                found["basic_error", direction.value] = interval.value
        return found
    assert isinstance(judge, TransformerJudge)
    for part in judge.plate.parts:
        for item, unit in (("ratio_error", "pct"), ("phase_displacement", "min")):
            interval = judge.rules.find(f"rounding_interval_{unit}/{part.accuracy_class}")
            if interval is not None:
                found[item, part.device.value] = interval.value
    return found


def is_of_transformers(version: TestSchemeVersion) -> bool:
    """Whether a scheme is one of transformers."""
    return bool(version.content.get("of") == "transformer")


@dataclass(frozen=True)
class StoredPoint:
    """What a stored result says of an item at a point, wherever it is stored."""

    item: str
    direction: str
    phases: str
    load_point: str
    factor: str
    samples: tuple[Decimal, ...]
    facts: Mapping[str, Any] | None
    is_derived: bool = False

    def observation(self, *, is_transformer: bool) -> Observation | None:
        """The same as the rules take it; None where they judge nothing of it."""
        return observation_from(self, is_transformer=is_transformer)


def is_judged(item: str, *, is_transformer: bool) -> bool:
    """Whether the rules judge an item at all."""
    return item in (OF_TRANSFORMERS if is_transformer else JUDGED)
