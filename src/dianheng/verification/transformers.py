"""From a transformer's model to its plate and scheme, and between a scheme and what is stored."""

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Protocol

from dianheng.assets.choices import DeviceKind
from dianheng.common.errors import BadInput
from dianheng.common.numbers import halfwidth
from dianheng.common.texts import gettext_lazy as _
from dianheng.common.texts import why
from dianheng.metrology.errors import MetrologyError, NoRule
from dianheng.metrology.items import Item
from dianheng.metrology.quantities import plain_text, read_decimal
from dianheng.metrology.schemes import ALL_PHASES, Purpose, Stage
from dianheng.metrology.transformer_schemes import (
    TransformerItem,
    TransformerPart,
    TransformerPlate,
    TransformerPoint,
    TransformerScheme,
    is_current_ratio,
    read_ratios,
    transformer_point,
)
from dianheng.metrology.transformers import Device, point_rules

CAPACITOR, STANDARD = "capacitor", "standard"


class TransformerFacts(Protocol):
    """What a model in the register says of its plate."""

    kind: str
    accuracy_class: str
    ratio: str
    burden_va: str
    parameters: Any


def transformer_plate_of(model: TransformerFacts) -> TransformerPlate:
    """The plate of a model, for the rules.

    A combined transformer states ratio and class of its voltage part in `parameters`, a
    three-phase one its `phases`; `use` and `divider` say what the two-year and the four-year
    periods hang on.

    Raises:
        BadInput: the model lacks something that the rules need; every gap is listed.
    """
    more: Mapping[str, str] = {k: str(v).strip() for k, v in (model.parameters or {}).items()}
    is_combined = model.kind == DeviceKind.COMBINED_TRANSFORMER
    needed = {
        "accuracy_class": model.accuracy_class,
        "ratio": model.ratio,
        "burden_va": model.burden_va,
    }
    if is_combined:
        needed["voltage_class"] = more.get("voltage_class", "")
    gaps = [name for name, value in needed.items() if not value]
    if gaps:
        raise BadInput(
            _("The model lacks what the rules need. Complete it first."),
            [{"field": name, "code": "missing", "text": _("is empty")} for name in gaps],
        )
    try:
        return _plate(model, more, is_combined)
    except MetrologyError as error:
        raise BadInput(
            _("The plate of the model is not one that the rules know: %(reason)s")
            % {"reason": why(error)}
        ) from error


def _plate(model: TransformerFacts, more: Mapping[str, str], is_combined: bool) -> TransformerPlate:
    ratios = read_ratios(model.ratio)
    burden = read_decimal(model.burden_va.removesuffix("VA"))
    lower, factor = (_number(more.get(name, "")) for name in ("lower_burden_va", "power_factor"))
    if is_combined:
        currents = tuple(ratio for ratio in ratios if is_current_ratio(ratio))
        stated = read_ratios(more.get("voltage_ratio", ""))
        voltages = stated or tuple(ratio for ratio in ratios if not is_current_ratio(ratio))
        of_voltage = _number(more.get("voltage_burden_va", "")) or burden
        parts = (
            TransformerPart(Device.CURRENT, model.accuracy_class, currents, burden, lower, factor),
            TransformerPart(
                Device.VOLTAGE, more["voltage_class"], voltages, of_voltage, None, factor
            ),
        )
    else:
        is_current = model.kind == DeviceKind.CURRENT_TRANSFORMER
        device = Device.CURRENT if is_current else Device.VOLTAGE
        parts = (TransformerPart(device, model.accuracy_class, ratios, burden, lower, factor),)
    return TransformerPlate(
        parts,
        phases=_phases(more.get("phases", "")),
        rated_kv=_number(more.get("rated_voltage_kv", "")),
        is_standard=more.get("use") == STANDARD,
        is_capacitor=more.get("divider") == CAPACITOR,
    )


def _phases(text: str) -> tuple[str, ...]:
    """Phases as they stand in the register: `A C`, `A,B,C`, `A、C`; none: all of them together."""
    parts = re.split(r"[\s,，;；、/]+", halfwidth(text).upper())
    return tuple(dict.fromkeys(filter(None, parts))) or (ALL_PHASES,)


def _number(text: str) -> Decimal | None:
    return read_decimal(text) if text else None


def transformer_key(plate: TransformerPlate, stage: Stage, purpose: Purpose) -> str:
    """What decides items and points: transformers with the same key share a scheme."""
    parts = [f"{part.device}:{part.accuracy_class}:{'+'.join(part.ratios)}" for part in plate.parts]
    kv = "" if plate.rated_kv is None else plain_text(plate.rated_kv)
    parts += ["+".join(plate.phases), kv or "-", STANDARD if plate.is_standard else "in use"]
    return "/".join(["transformer", *parts, stage.value, purpose.value])


def transformer_content_of(scheme: TransformerScheme) -> dict[str, Any]:
    """What is stored of a scheme beside its edition."""
    return {
        "of": "transformer",
        "stage": scheme.stage.value,
        "purpose": scheme.purpose.value,
        "items": [
            {
                "item": each.item.value,
                "points": [
                    [p.device.value, p.phases, p.ratio, p.burden, plain_text(p.percent_rated)]
                    for p in each.points
                ],
            }
            for each in scheme.items
        ],
    }


@lru_cache(maxsize=512)
def transformer_scheme_from(standard: str, edition: str, content_text: str) -> TransformerScheme:
    """The scheme of a stored version."""
    content = json.loads(content_text)
    return TransformerScheme(
        standard,
        edition,
        Stage(content["stage"]),
        Purpose(content["purpose"]),
        tuple(
            TransformerItem(
                Item(each["item"]), tuple(transformer_point(*point) for point in each["points"])
            )
            for each in content["items"]
        ),
    )


def transformer_scheme_faults(
    scheme: TransformerScheme, plate: TransformerPlate
) -> list[dict[str, Any]]:
    """Every point that the edition of the scheme cannot judge for a plate."""
    faults: list[dict[str, Any]] = []
    for point in scheme.points:
        try:
            part = plate.part(point.device)
            point_rules(
                scheme.rules,
                device=point.device,
                accuracy_class=part.accuracy_class,
                percent_rated=point.percent_rated,
            )
        except MetrologyError as error:
            faults.append({"field": point.text, "code": "no_limit", "text": why(error)})
    if not scheme.point_count:
        text = _("a scheme has points of the basic error")
        faults.append({"field": "basic_error", "code": "missing", "text": text})
    return faults


def transformer_points_from(lines: Sequence[str]) -> tuple[TransformerPoint, ...]:
    """Points as people write them, one a line: `CT 200/5 rated 5 %`, `PT 10000/100 lower 80 A`.

    Raises:
        BadInput: every line that is no point.
    """
    points: list[TransformerPoint] = []
    faults: list[dict[str, Any]] = []
    for number, line in enumerate(lines, 1):
        parts = line.replace("%", " ").split()
        if not parts:
            continue
        phases = parts.pop() if len(parts) == 5 else ""
        try:
            if len(parts) != 4:
                raise NoRule("no_point", "a point is part, ratio, burden and percent")
            point = transformer_point(parts[0], phases, *parts[1:])
        except MetrologyError as error:
            faults.append({"row": number, "code": error.code, "text": f"{line}: {why(error)}"})
            continue
        if point in points:
            faults.append({"row": number, "code": "twice", "text": line})
        points.append(point)
    if faults:
        raise BadInput(_("Some lines are no load points."), faults)
    return tuple(points)
