"""From a model's plate to its scheme, and between a scheme and what is stored of it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Protocol

from dianheng.common.errors import BadInput
from dianheng.common.texts import gettext_lazy as _
from dianheng.common.texts import why
from dianheng.metrology.demand import DemandLimit
from dianheng.metrology.errors import MetrologyError, NoRule
from dianheng.metrology.items import Item
from dianheng.metrology.limits import BALANCED, SINGLE_PHASE_LOAD
from dianheng.metrology.plates import Connection, MeterPlate, Wiring, verification_class
from dianheng.metrology.rule_sets import rule_set
from dianheng.metrology.schemes import (
    ALL_PHASES,
    LoadPoint,
    Purpose,
    Scheme,
    SchemeItem,
    Stage,
    canonical_point,
)
from dianheng.metrology.verdicts import point_rule

IR46_CLASSES = "ABCDE"


class PlateFacts(Protocol):
    """What a model in the register says of its plate."""

    accuracy_class: str
    reactive_class: str
    wiring: str
    connection: str
    voltage_v: Decimal | None
    base_current_a: Decimal | None
    transitional_current_a: Decimal | None
    max_current_a: Decimal | None
    constant_imp_per_kwh: Decimal | None
    constant_imp_per_kvarh: Decimal | None
    register_decimals: int
    tariff_count: int
    has_clock: bool
    has_relay: bool
    has_demand: bool
    has_security_module: bool
    protocol: str
    parameters: Any


def base_current_of(model: PlateFacts) -> Decimal | None:
    """Ib or In of a meter's model; from the transitional current where it states that one."""
    if model.base_current_a is not None:
        return Decimal(model.base_current_a)
    if model.transitional_current_a is None or not model.connection:
        return None
    rules = rule_set("GB/T 17215.321", "2021")
    ratio = rules.figure(f"base_current_ratio/{model.connection}").value
    return Decimal(model.transitional_current_a * ratio)


def plate_of(model: PlateFacts) -> MeterPlate:
    """The plate of a model, for the rules.

    A meter with a security module has keys and parameters to be checked, one with a protocol
    answers by it. `parameters` of the model may say more: `enclosure` (I or II),
    `is_bidirectional`, `functions` (a list that takes the place of the derived one).

    Raises:
        BadInput: the model lacks something that the rules need; every gap is listed.
    """
    more: Mapping[str, Any] = model.parameters or {}
    base = base_current_of(model)
    needed = {
        "accuracy_class": model.accuracy_class,
        "wiring": model.wiring,
        "connection": model.connection,
        "voltage_v": model.voltage_v,
        "base_current_a": base,
        "max_current_a": model.max_current_a,
        "constant_imp_per_kwh": model.constant_imp_per_kwh,
    }
    gaps = [name for name, value in needed.items() if not value]
    if gaps:
        raise BadInput(
            _("The model lacks what the rules need. Complete it first."),
            [{"field": name, "code": "missing", "text": _("is empty")} for name in gaps],
        )
    functions = more.get("functions")
    if functions is None:
        functions = [
            name
            for name, has in (
                ("clock", model.has_clock),
                ("rates", model.tariff_count > 1),
                ("demand", model.has_demand),
                ("communication", bool(model.protocol)),
                ("key", model.has_security_module),
                ("parameter", model.has_security_module),
                ("relay", model.has_relay),
            )
            if has
        ]
    try:
        return _plate(
            model.accuracy_class,
            model.connection,
            model.wiring,
            _number(model.voltage_v),
            _number(base),
            _number(model.max_current_a),
            _number(model.constant_imp_per_kwh),
            model.reactive_class,
            _number(model.constant_imp_per_kvarh),
            model.tariff_count,
            model.register_decimals,
            bool(more.get("is_bidirectional")),
            str(more.get("enclosure", "II")),
            frozenset(functions),
        )
    except MetrologyError as error:
        raise BadInput(
            _("The plate of the model is not one that the rules know: %(reason)s")
            % {"reason": why(error)}
        ) from error


def _number(value: Decimal | int | None) -> Decimal | None:
    # The register writes 220.000, the plate says 220.
    if value is None:
        return None
    number = Decimal(value).normalize()
    return number if number.as_tuple().exponent <= 0 else number.quantize(Decimal(1))


@lru_cache(maxsize=1024)
def _plate(
    accuracy_class: str,
    connection: str,
    wiring: str,
    un_v: Decimal,
    base_a: Decimal,
    max_a: Decimal,
    constant: Decimal,
    reactive_class: str,
    constant_reactive: Decimal | None,
    rate_count: int,
    register_decimals: int,
    is_bidirectional: bool,
    enclosure: str,
    functions: frozenset[str],
) -> MeterPlate:
    if accuracy_class in IR46_CLASSES:
        accuracy_class = verification_class(accuracy_class)
    return MeterPlate(
        accuracy_class=accuracy_class,
        connection=Connection(connection),
        wiring=Wiring(wiring),
        un_v=un_v,
        base_a=base_a,
        max_a=max_a,
        constant_imp_per_kwh=constant,
        reactive_class=reactive_class,
        constant_imp_per_kvarh=constant_reactive,
        rate_count=rate_count,
        register_decimals=register_decimals,
        is_bidirectional=is_bidirectional,
        enclosure=enclosure,
        functions=functions,
    )


def scheme_key(plate: MeterPlate, stage: Stage, purpose: Purpose) -> str:
    """What decides items and points: meters with the same key share a scheme."""
    wide = (
        plate.imax_ratio >= rule_set("JJG 596", "2012").figure("load_range/wide_range_ratio").value
    )
    parts = [
        plate.accuracy_class,
        plate.reactive_class or "-",
        plate.connection.value,
        plate.wiring.value,
        "wide" if wide else "narrow",
        "two-way" if plate.is_bidirectional else "one-way",
        "+".join(sorted(plate.functions)) or "-",
        stage.value,
        purpose.value,
    ]
    return "/".join(parts)


def content_of(scheme: Scheme) -> dict[str, Any]:
    """What is stored of a scheme beside its editions."""
    return {
        "stage": scheme.stage.value,
        "purpose": scheme.purpose.value,
        "takes_extra": scheme.takes_extra,
        "demand_limit": scheme.demand_limit.value,
        "items": [
            {
                "item": each.item.value,
                "is_legal": each.is_legal,
                "points": [
                    {
                        "direction": p.direction.value,
                        "phases": p.phases,
                        "load": p.load,
                        "factor": p.factor,
                    }
                    for p in each.points
                ],
            }
            for each in scheme.items
        ],
    }


def content_digest(
    standard: str, edition: str, acceptance_edition: str, content: Mapping[str, Any]
) -> str:
    """SHA-256 over editions and content."""
    whole = [standard, edition, acceptance_edition, content]
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


class StoredScheme(Protocol):
    """A version of a scheme as it is stored."""

    standard: str
    edition: str
    acceptance_edition: str
    content: Any
    digest: str


def scheme_of(version: StoredScheme) -> Scheme:
    """The scheme of a stored version."""
    return _scheme(
        version.standard,
        version.edition,
        version.acceptance_edition,
        json.dumps(version.content, sort_keys=True),
    )


@lru_cache(maxsize=512)
def _scheme(standard: str, edition: str, acceptance_edition: str, content_text: str) -> Scheme:
    content = json.loads(content_text)
    return Scheme(
        standard,
        edition,
        acceptance_edition,
        Stage(content["stage"]),
        Purpose(content["purpose"]),
        tuple(
            SchemeItem(
                Item(each["item"]),
                each["is_legal"],
                tuple(
                    canonical_point(
                        p["direction"],
                        p["phases"],
                        p["load"],
                        p["factor"],
                        _connection_of(p["load"]),
                        is_three_phase=True,
                    )
                    for p in each["points"]
                ),
            )
            for each in content["items"]
        ),
        takes_extra=content["takes_extra"],
        demand_limit=DemandLimit(content["demand_limit"]),
    )


def _connection_of(load: str) -> Connection:
    # A stored load names Ib or In as it was generated; the name is kept.
    return Connection.VIA_TRANSFORMER if load.endswith("In") else Connection.DIRECT


def scheme_faults(scheme: Scheme, plate: MeterPlate) -> list[dict[str, Any]]:
    """Every item or point that the rule sets of the scheme cannot judge for a plate."""
    faults: list[dict[str, Any]] = []
    seen: set[Item] = set()
    for each in scheme.items:
        if each.item in seen:
            faults.append(_fault(each.item.value, "twice", _("stands twice in the scheme")))
        seen.add(each.item)
        if each.item is not Item.BASIC_ERROR:
            continue
        for point in each.points:
            try:
                point_rule(
                    scheme.rules,
                    accuracy_class=plate.class_of(point.direction.measure),
                    connection=plate.connection,
                    load=point.load,
                    factor=point.factor,
                    measure=point.direction.measure,
                    loading=BALANCED if point.phases == ALL_PHASES else SINGLE_PHASE_LOAD,
                    imax_ratio=plate.imax_ratio,
                )
            except NoRule:
                faults.append(_fault(point.text, "no_limit", _("the rule set has no limit here")))
    if Item.BASIC_ERROR not in seen or not scheme.point_count:
        faults.append(_fault("basic_error", "missing", _("a scheme has points of the basic error")))
    return faults


def _fault(field: str, code: str, text: Any) -> dict[str, Any]:
    return {"field": field, "code": code, "text": text}


def points_from(lines: Sequence[str], plate: MeterPlate) -> tuple[LoadPoint, ...]:
    """Points as people write them, one a line: `Imax 1.0`, `0.1Ib 0.5L A`, `forward_reactive In 0.5L`.

    Raises:
        BadInput: every line that is no point.
    """
    points: list[LoadPoint] = []
    faults: list[dict[str, Any]] = []
    for number, line in enumerate(lines, 1):
        parts = line.split()
        if not parts:
            continue
        direction = parts.pop(0) if "_" in parts[0] else "forward_active"
        phases = parts.pop() if len(parts) == 3 else ALL_PHASES
        try:
            if len(parts) != 2:
                raise NoRule("no_point", "a point is a current and a factor")
            point = canonical_point(
                direction, phases, parts[0], parts[1], plate.connection, plate.is_three_phase
            )
        except MetrologyError as error:
            faults.append({"row": number, "code": error.code, "text": f"{line}: {why(error)}"})
            continue
        if point in points:
            faults.append({"row": number, "code": "twice", "text": line})
        points.append(point)
    if faults:
        raise BadInput(_("Some lines are no load points."), faults)
    return tuple(points)
