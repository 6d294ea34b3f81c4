"""The judge of a model under a scheme, for those who look at records from outside."""

from dataclasses import replace
from typing import Any

from dianheng.metrology.records import RecordJudge, record_judge

from ..models import TestSchemeVersion
from ..schemes import plate_of, scheme_of


def record_judge_of(
    model: Any, version: TestSchemeVersion, edition: tuple[str, str] | None = None
) -> RecordJudge:
    """What judges records of a model under a version of a scheme.

    Args:
        model: the device model, with its plate.
        version: the scheme.
        edition: standard and edition to judge by instead of those of the scheme.

    Raises:
        BadInput: the model lacks something that the rules need.
        NoRule: there is no such edition.
    """
    scheme = scheme_of(version)
    if edition is not None:
        scheme = replace(scheme, standard=edition[0], edition=edition[1])
    return record_judge(plate_of(model), scheme)
