"""Checks on site and diagnoses of wirings, by machine; mounted under `/api/v1/`."""

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.translation import get_language
from ninja import Field, Router, Schema
from ninja.responses import Response

from dianheng.common.errors import BadInput
from dianheng.common.texts import why
from dianheng.identity.services import actor_of, require
from dianheng.metrology.errors import MetrologyError
from dianheng.metrology.plates import Wiring
from dianheng.metrology.rule_sets import rule_set
from dianheng.metrology.wiring_diagnosis import diagnose
from dianheng.metrology.wiring_phasors import ImpossibleMeasurement, Measurement, Phasor

from .choices import Source
from .diagnosis import as_json, told
from .models import FieldCheck
from .selectors import VIEW, visible_check
from .services import upload_take
from .services.judge import WIRING_RULES

router = Router(tags=["fieldwork"])
UPLOAD = {
    "requestBody": {
        "required": True,
        "description": "One envelope, `metering-test-upload/1` (docs/reference/field-upload.md).",
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["schema", "devices"],
                    "properties": {
                        "schema": {"type": "string", "enum": ["metering-test-upload/1"]},
                        "upload_id": {"type": "string", "maxLength": 64},
                        "bench_no": {"type": "string"},
                        "devices": {"type": "array", "items": {"type": "object"}, "minItems": 1},
                    },
                }
            }
        },
    }
}


class OrderOut(Schema):
    """What has to be put right, by when."""

    number: str
    kind: str
    due_on: date
    state: str
    cause: str


class CheckOut(Schema):
    """A record of a check on site."""

    number: str
    task_no: str
    usage_point: str
    meter: str | None
    transformer: str | None
    calibrator: str
    done_at: datetime
    outcome: str
    blocks: list[dict[str, Any]]
    results: list[dict[str, Any]]
    orders: list[OrderOut]
    is_repeat: bool = False


def _out(one: FieldCheck, is_repeat: bool = False) -> dict[str, Any]:
    return CheckOut(
        number=one.number, task_no=one.task.number, usage_point=one.task.usage_point.number,
        meter=one.meter.barcode if one.meter else None,
        transformer=one.transformer.barcode if one.transformer else None, calibrator=one.calibrator_no,
        done_at=one.done_at, outcome=one.outcome, blocks=one.blocks, results=one.results,
        orders=[
            OrderOut(number=o.number, kind=o.kind, due_on=o.due_on, state=o.state, cause=o.cause)
            for o in one.orders.order_by("due_on")
        ],
        is_repeat=is_repeat,
    ).dict()  # fmt: skip


class ChecksOut(Schema):
    """Records of an upload, in its order."""

    checks: list[CheckOut]


@router.post("field-checks", response={200: ChecksOut, 201: ChecksOut}, openapi_extra=UPLOAD)
def field_check_upload(request: HttpRequest) -> Any:
    """Take in a calibrator's upload, all of it or nothing: 201 recorded, 200 a repeat."""
    made = upload_take(
        body=request.body, name="upload.json", actor=actor_of(request), source=Source.REST
    )
    status = 200 if all(one.is_repeat for one in made) else 201
    answer = {"checks": [_out(one.check, one.is_repeat) for one in made]}
    return Response(answer, status=status)


@router.get("field-checks/{number}", response=CheckOut)
def field_check(request: HttpRequest, number: str) -> Any:
    """One record of a check on site."""
    require(actor_of(request), VIEW)
    return _out(visible_check(request.rights, number))  # type: ignore[attr-defined]


class PhasorIn(Schema):
    """Size in V or A, and how far it lags the common reference, degrees."""

    size: float = Field(ge=0)
    lag_deg: float | None = Field(None, ge=-360, le=360)


class DiagnosisIn(Schema):
    """Phasors measured at a meter: U1 U2 U3 and I1 I2 I3; three-wire U12 U32 and I1 I2."""

    wiring: str = Field(pattern="^three_phase_(three|four)_wire$")
    voltages: list[PhasorIn] = Field(min_length=2, max_length=3)
    currents: list[PhasorIn] = Field(min_length=2, max_length=3)
    nominal_v: float | None = Field(None, gt=0)
    phi_from_deg: float | None = Field(
        None, description="Of the load; absent beside the other: -90."
    )
    phi_to_deg: float | None = Field(None, description="Absent beside the other: 90.")
    sequence: str = ""
    known_phases: dict[
        Annotated[int, Field(ge=1, le=3)], Annotated[str, Field(pattern="^[abc]$")]
    ] = {}


class DiagnosisOut(Schema):
    """Wirings that explain the phasors, the likeliest first."""

    wiring: str
    explanations: list[dict[str, Any]]


@router.post("wiring-diagnoses", response=DiagnosisOut)
def wiring_diagnosis(request: HttpRequest, asked: DiagnosisIn) -> Any:
    """Which wirings explain measured phasors, and K of each; nothing is kept."""
    phi, low, high = None, asked.phi_from_deg, asked.phi_to_deg
    if low is not None or high is not None:
        phi = (-90 if low is None else low, 90 if high is None else high)
    measured = Measurement(
        Wiring(asked.wiring),
        tuple(Phasor(each.size, each.lag_deg) for each in asked.voltages),
        tuple(Phasor(each.size, each.lag_deg) for each in asked.currents),
    )
    try:
        found = diagnose(
            rule_set(*WIRING_RULES), measured, nominal_v=asked.nominal_v, phi_range_deg=phi,
            sequence=asked.sequence, known_phases=asked.known_phases,
        )  # fmt: skip
    except ImpossibleMeasurement as impossible:
        errors = [
            {
                "field": problem.facts.get("phasor", ""), "code": problem.code,
                "text": why(problem),
            }
            for problem in impossible.problems
        ]  # fmt: skip
        raise BadInput(why(impossible), errors) from None
    except MetrologyError as error:
        raise BadInput(why(error)) from None
    language = get_language() or "en"
    return {
        "wiring": asked.wiring,
        "explanations": [dict(as_json(one)) for one in told(found, language)],
    }
