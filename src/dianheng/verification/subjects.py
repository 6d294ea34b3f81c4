"""Meters and transformers behind the same questions: plate, scheme, judge, period, standard."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Protocol, TypeAlias

from dianheng.assets.choices import TRANSFORMERS
from dianheng.metrology.changes import AS_IT_IS, Change
from dianheng.metrology.environment import Environment
from dianheng.metrology.errors import MetrologyError
from dianheng.metrology.observations import Observation
from dianheng.metrology.periods import Validity, ValidityMode, meter_validity
from dianheng.metrology.plates import MeterPlate
from dianheng.metrology.records import RecordVerdict, record_judge
from dianheng.metrology.rule_sets import rule_set
from dianheng.metrology.schemes import (
    Purpose,
    Scheme,
    Stage,
    bench_class_needed,
    generate_scheme,
)
from dianheng.metrology.transformer_records import transformer_judge
from dianheng.metrology.transformer_schemes import (
    TransformerPlate,
    TransformerScheme,
    generate_transformer_scheme,
    standard_class_needed,
    transformer_validity,
)
from dianheng.metrology.verdicts import InternalControl, Verdict
from dianheng.standards.choices import Project

from .schemes import (
    StoredScheme,
    content_of,
    plate_of,
    points_from,
    scheme_faults,
    scheme_key,
    scheme_of,
)
from .transformers import (
    transformer_content_of,
    transformer_key,
    transformer_plate_of,
    transformer_points_from,
    transformer_scheme_faults,
    transformer_scheme_from,
)

AnyPlate: TypeAlias = MeterPlate | TransformerPlate
AnyScheme: TypeAlias = Scheme | TransformerScheme


class Judge(Protocol):
    """Judges records of devices with one plate under one scheme."""

    def judge(
        self, observations: Sequence[Observation], environment: Environment | None = None
    ) -> RecordVerdict: ...
    def verdicts_on(self, observation: Observation) -> tuple[Verdict, ...]: ...
    def counts(self, item: str) -> bool: ...
    def is_legal(self, item: str) -> bool: ...


def project_of(kind: str) -> str:
    """What those are qualified in who test, review and approve a kind of device."""
    return (Project.TRANSFORMER if kind in TRANSFORMERS else Project.AC_METER).value


def plate_for(model: Any) -> AnyPlate:
    """The plate of a model.

    Raises:
        BadInput: the model lacks something that the rules need.
    """
    return transformer_plate_of(model) if model.kind in TRANSFORMERS else plate_of(model)


def scheme_for(version: StoredScheme) -> AnyScheme:
    """The scheme of a stored version."""
    if version.content.get("of") == "transformer":
        text = json.dumps(version.content, sort_keys=True)
        return transformer_scheme_from(version.standard, version.edition, text)
    return scheme_of(version)


def judge_for(
    plate: AnyPlate,
    scheme: AnyScheme,
    control: InternalControl | None,
    change: Change = AS_IT_IS,
) -> Judge:
    """What judges the records. The company's band is one of meters."""
    if isinstance(plate, TransformerPlate):
        assert isinstance(scheme, TransformerScheme)
        return transformer_judge(plate, scheme, change)
    assert isinstance(scheme, Scheme)
    return record_judge(plate, scheme, control, change)


def generated_for(plate: AnyPlate, stage: Stage, purpose: Purpose) -> AnyScheme:
    """The scheme that the tables give.

    Raises:
        MetrologyError: the tables have none for this plate.
    """
    if isinstance(plate, TransformerPlate):
        return generate_transformer_scheme(plate, stage, purpose)
    return generate_scheme(plate, stage, purpose)


def key_for(plate: AnyPlate, stage: Stage, purpose: Purpose) -> str:
    """What decides items and points."""
    if isinstance(plate, TransformerPlate):
        return transformer_key(plate, stage, purpose)
    return scheme_key(plate, stage, purpose)


def content_for(scheme: AnyScheme) -> Mapping[str, Any]:
    """What is stored of a scheme beside its editions."""
    if isinstance(scheme, TransformerScheme):
        return transformer_content_of(scheme)
    return content_of(scheme)


def faults_for(scheme: AnyScheme, plate: AnyPlate) -> list[dict[str, Any]]:
    """Every item or point that the rule sets of the scheme cannot judge for a plate."""
    if isinstance(plate, TransformerPlate):
        assert isinstance(scheme, TransformerScheme)
        return transformer_scheme_faults(scheme, plate)
    assert isinstance(scheme, Scheme)
    return scheme_faults(scheme, plate)


def points_for(lines: Sequence[str], plate: AnyPlate) -> tuple[Any, ...]:
    """Points as people write them, one a line.

    Raises:
        BadInput: every line that is no point.
    """
    if isinstance(plate, TransformerPlate):
        return transformer_points_from(lines)
    return points_from(lines, plate)


def class_needed(plate: AnyPlate, scheme: AnyScheme) -> Decimal | None:
    """Poorest class of bench or standard that may verify such a device; None: not known."""
    try:
        if isinstance(plate, TransformerPlate):
            return standard_class_needed(scheme.rules, plate)
        return bench_class_needed(plate, scheme.rules)
    except MetrologyError:
        return None


def validity_for(model: Any, version: StoredScheme, day: date, mode: str) -> Validity:
    """Mode and last day of validity of a device of a model that passed on a day."""
    plate = plate_for(model)
    if isinstance(plate, TransformerPlate):
        return transformer_validity(plate, verified_on=day, mode=ValidityMode(mode))
    return meter_validity(
        rule_set(version.standard, version.edition),
        verified_on=day,
        accuracy_class=plate.accuracy_class,
        reactive_class=plate.reactive_class,
        mode=ValidityMode(mode),
    )
