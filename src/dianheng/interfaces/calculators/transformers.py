"""Calculators of instrument transformers and what hangs on them: ct_pt, composite."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from dianheng.interfaces.calculators import fields
from dianheng.interfaces.calculators.json_text import NumberText
from dianheng.interfaces.calculators.shapes import Answer, Calculator, Field, Variant
from dianheng.metrology.composite import (
    ComplexError,
    Element,
    composite_error,
    voltage_drop_verdict,
)
from dianheng.metrology.errors import NoRule, WrongValue
from dianheng.metrology.plates import Wiring
from dianheng.metrology.quantities import plain_text
from dianheng.metrology.rule_sets import RuleSet, rule_set
from dianheng.metrology.transformers import Device, limit_points, transformer_verdict
from dianheng.metrology.verdicts import Conclusion
from dianheng.metrology.wirings import ELEMENT_COUNT

# ct_pt ----------------------------------------------------------------------------------------

# By device, the edition in force first; the laboratory's where that one has no limit.
_EDITIONS = {
    Device.CURRENT: (("JJG 1189.3", "2022"), ("JJG 313", "2010")),
    Device.VOLTAGE: (("JJG 1021", "2007"), ("JJG 314", "2010")),
}
_STANDARDS = {
    "JJG 1189.3-2022": ("JJG 1189.3", "2022"),
    "JJG 1021-2007": ("JJG 1021", "2007"),
    "JJG 313-2010": ("JJG 313", "2010"),
    "JJG 314-2010": ("JJG 314", "2010"),
}


def _all_classes() -> list[str]:
    found = {
        accuracy_class
        for names in _STANDARDS.values()
        for _, accuracy_class in limit_points(rule_set(*names))
    }
    return sorted(found, key=lambda each: (each.endswith("S"), Decimal(each.rstrip("S"))))


def _rules_for(values: Mapping[str, Any], device: Device) -> Sequence[RuleSet]:
    if "standard" in values:
        return [rule_set(*_STANDARDS[values["standard"]])]
    return [rule_set(*names) for names in _EDITIONS[device]]


def _ct_pt(values: Mapping[str, Any]) -> Answer:
    device = Device(values["device"])
    refusal: NoRule | None = None
    for rules in _rules_for(values, device):
        try:
            found = transformer_verdict(
                rules,
                device=device,
                accuracy_class=values["class"],
                percent_rated=values["percent_rated"],
                f_pct=values["f_percent"],
                delta_min=values["delta_min"],
            )
        except NoRule as problem:
            # "No limit at this point" says more than that another edition lacks the class.
            if refusal is None or refusal.code == "no_class":
                refusal = problem
            continue
        assert found.f.limit_high is not None and found.delta.limit_high is not None
        return Answer(
            {
                "f_rounded": found.f.rounded_text,
                "delta_rounded": found.delta.rounded_text,
                "f_limit": plain_text(found.f.limit_high),
                "delta_limit": plain_text(found.delta.limit_high),
                "pass": found.is_passed,
            },
            [*found.f.steps, *found.delta.steps],
            found.rule,
            rules,
        )
    assert refusal is not None  # there is always an edition to ask
    raise refusal


CT_PT = Calculator(
    "ct_pt",
    "Ratio error and phase displacement of a transformer",
    (
        Variant(
            (
                fields.choice(
                    "device", "current or voltage transformer", [each.value for each in Device]
                ),
                fields.choice("class", "accuracy class of the transformer", _all_classes()),
                fields.number(
                    "percent_rated", "primary current or voltage, % of rated", is_positive=True
                ),
                fields.number("f_percent", "ratio error, %"),
                fields.number("delta_min", "phase displacement, minutes of arc, leading positive"),
                fields.choice(
                    "standard",
                    "regulation; absent is the one in force, or the laboratory's",
                    list(_STANDARDS),
                ).optional(),
            ),
            frozenset(),
            _ct_pt,
        ),
    ),
    {
        "f_rounded": "rounded ratio error, %, signed, a zero without sign",
        "delta_rounded": "rounded phase displacement, minutes of arc, signed",
        "f_limit": "limit of the ratio error, ± %",
        "delta_limit": "limit of the phase displacement, ± minutes of arc",
        "pass": "whether both limits are kept",
    },
    {
        "no_class": ("device", "class", "standard"),
        "no_point_limit": ("class", "percent_rated"),
    },
)


# composite ------------------------------------------------------------------------------------

_PAIRS = (("fI", "dI_min"), ("fU", "dU_min"), ("drop_f", "drop_d_min"))
_NAMES = tuple(name for pair in _PAIRS for name in pair)
_PLACES = ("element1", "element2", "element3")
_LINES = ("ab", "cb")
_PHASES = ("A", "B", "C")
_ABOUT = {
    "fI": "ratio error of the current transformers, %: one number, or by phase or element",
    "dI_min": "phase displacement of the current transformers, minutes of arc",
    "fU": "ratio error of the voltage transformers, %",
    "dU_min": "phase displacement of the voltage transformers, minutes of arc",
    "drop_f": "ratio error of the secondary circuits, %",
    "drop_d_min": "phase displacement of the secondary circuits, minutes of arc",
}


def _of_line(name: str, line: str) -> str:
    """`fU` of the line ab is `fU_ab`, `dU_min` is `dU_ab_min`."""
    if name in ("fI", "dI_min") or not line:
        return name
    return f"{name.removesuffix('_min')}_{line}" + ("_min" if name.endswith("_min") else "")


def _rules() -> RuleSet:
    return rule_set("DL/T 448", "2016")


def _by_element(name: str) -> Field:
    one = fields.number(name, "")
    many = fields.numbers_by_phase(name, _ABOUT[name])
    schema = {**many.schema, "anyOf": [one.schema, *many.schema["anyOf"]]}

    def read(value: object) -> list[Decimal]:
        if isinstance(value, str | int | Decimal | NumberText) and not isinstance(value, bool):
            return [one.read(value)]
        found = many.read(value)
        if isinstance(found, Mapping):
            return [found[phase] for phase in _PHASES if phase in found]
        values: list[Decimal] = found
        return values

    return Field(name, read, schema)


def _element_field(name: str, line: str, about: str) -> Field:
    names = tuple(dict.fromkeys((*_NAMES, *(_of_line(each, line) for each in _NAMES))))
    read_numbers = fields.named_numbers(name, about, names, is_complete=False)

    def read(value: object) -> dict[str, Decimal]:
        found: dict[str, Decimal] = {}
        for key, number in read_numbers.read(value).items():
            plain = key.replace(f"_{line}", "") if line else key
            if plain in found:
                raise WrongValue("twice", "stands twice", {"places": key})
            found[plain] = number
        return found

    return Field(name, read, read_numbers.schema)


def _phases_field() -> Field:
    names = ", ".join(_NAMES)
    one = fields.named_numbers("phases", "", _NAMES, is_complete=False)
    about = "errors by phase: a list of objects, or A, B and C"

    def read(value: object) -> list[dict[str, Decimal]]:
        if isinstance(value, Mapping) and value and all(key in _PHASES for key in value):
            value = [value[phase] for phase in _PHASES if phase in value]
        if not isinstance(value, list | tuple) or not 1 <= len(value) <= len(_PHASES):
            raise WrongValue("no_element", f"for each phase an object with {names}")
        return [one.read(each) for each in value]

    schema = {
        "examples": [[{"fI": "-0.1", "dI_min": "5"}] * 3],
        "anyOf": [
            {"type": "array", "items": dict(one.schema), "minItems": 1, "maxItems": 3},
            {
                "type": "object",
                "properties": {phase: dict(one.schema) for phase in _PHASES},
                "additionalProperties": False,
            },
        ],
    }
    return fields.custom("phases", about, read, schema)


def _flat(values: Mapping[str, Any]) -> Answer:
    wiring = Wiring(values["wiring"])
    count = ELEMENT_COUNT[wiring]
    given = {name: values[name] for name in _NAMES if name in values}
    wrong = [name for name, found in given.items() if len(found) not in (1, count)]
    if wrong:
        raise WrongValue(
            "element_count",
            f"one number for all, or {count} numbers",
            {"wiring": wiring.value, "needed": str(count), **dict.fromkeys(wrong, "")},
        )
    return _composite(
        values,
        [
            {name: found[place % len(found)] for name, found in given.items()}
            for place in range(count)
        ],
    )


def _by_elements(values: Mapping[str, Any]) -> Answer:
    return _composite(values, [values[name] for name in _PLACES if name in values])


def _by_phases(values: Mapping[str, Any]) -> Answer:
    return _composite(values, values["phases"])


def _composite(values: Mapping[str, Any], elements: Sequence[Mapping[str, Decimal]]) -> Answer:
    rules = _rules()
    found = composite_error(
        rules,
        wiring=Wiring(values["wiring"]),
        elements=[
            Element(
                *(
                    ComplexError(each.get(ratio, Decimal(0)), each.get(phase, Decimal(0)))
                    for ratio, phase in _PAIRS
                )
            )
            for each in elements
        ],
        meter_error_pct=values["meter_error_percent"],
        cos_phi=values["cos_phi"],
        is_inductive=values.get("inductive", True),
    )
    return Answer(
        {
            "gamma_h": plain_text(found.transformers_pct),
            "gamma_d": plain_text(found.drop_pct),
            "gamma": plain_text(found.total_pct),
        },
        found.steps,
        found.rule,
        rules,
    )


def _drop(values: Mapping[str, Any]) -> Answer:
    rules = _rules()
    measured = values["pt_secondary_drop"]
    verdict = voltage_drop_verdict(
        rules,
        f_pct=measured["f_percent"],
        delta_min=measured["delta_min"],
        limit_pct=values["limit_percent"],
    )
    assert verdict.value is not None
    return Answer(
        {
            "drop_percent": plain_text(verdict.value),
            "pass": verdict.conclusion is Conclusion.PASS,
        },
        verdict.steps,
        verdict.rule,
        rules,
    )


_CIRCUIT = (
    fields.choice("wiring", "circuit of the meter", [each.value for each in Wiring]),
    fields.number("cos_phi", "power factor", is_positive=True),
    fields.truth("inductive", "whether the load is inductive; absent is true").optional(),
)
_METER = fields.number("meter_error_percent", "error of the meter at this point, %")
_ELEMENT_FIELDS = (
    _element_field("element1", _LINES[0], "errors of the first element, in three-wire Uab and Ia"),
    _element_field(
        "element2", _LINES[1], "errors of the second element, in three-wire Ucb and Ic"
    ).optional(),
    _element_field("element3", "", "errors of the third element").optional(),
)

COMPOSITE = Calculator(
    "composite",
    "Composite error of a metering device, voltage drop of a secondary circuit",
    (
        Variant(
            (*_CIRCUIT, *(_by_element(name).optional() for name in _NAMES), _METER),
            frozenset(_NAMES),
            _flat,
            together=_PAIRS,
        ),
        Variant((*_CIRCUIT, *_ELEMENT_FIELDS, _METER), frozenset(_PLACES), _by_elements),
        Variant((*_CIRCUIT, _phases_field(), _METER), frozenset({"phases"}), _by_phases),
        Variant(
            (
                fields.named_numbers(
                    "pt_secondary_drop",
                    "voltage drop: ratio error f_percent in %, delta_min in minutes of arc",
                    ("f_percent", "delta_min"),
                    is_complete=True,
                ),
                fields.number("limit_percent", "limit of the voltage drop, %", is_positive=True),
            ),
            frozenset({"pt_secondary_drop", "limit_percent"}),
            _drop,
        ),
    ),
    {
        "gamma_h": "error by the instrument transformers, %",
        "gamma_d": "error by the secondary circuits, %",
        "gamma": "composite error with the meter, %",
        "drop_percent": "voltage drop, % of the rated secondary voltage",
        "pass": "whether the limit is kept",
    },
    {
        "factor_out_of_range": ("cos_phi",),
        "element_count": ("wiring", *_PLACES, "phases"),
        **{name: (name,) for name in _NAMES},
    },
)

CALCULATORS = (CT_PT, COMPOSITE)
