"""Parts that many papers share: who issues, who signs, which device, under what conditions.

Conventions of every field in this package:

- Figures are text, already rounded and with the decimals that go on paper ("+0.4", "23.1");
  a paper never rounds. The unit is in the field's name or, in an item, in `unit`.
- Coded words (conclusions, items, roles, states) are identifiers; the language file of the
  paper translates them. A word without translation is printed as it stands.
- `_on` is a date, `_at` an aware moment, `valid_through` the last day that counts.
- An empty string or empty tuple means "not stated"; the paper prints a dash or leaves the
  line out.
"""

from dataclasses import dataclass
from datetime import date, datetime

PASS = "pass"  # noqa: S105 - a conclusion, not a password
FAIL = "fail"
NOT_JUDGED = "not_judged"  # kept, but no verdict: blocked, or a rule not yet confirmed
NOT_APPLICABLE = "not_applicable"

VALIDITY = "validity"  # periodic verification: the date is the last day of validity
TERM = "term"  # first verification only: the date is the last day of use


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The laboratory or unit in whose name a paper is issued.

    `authorisation_no` is the number of the 计量授权证书 with its scope and last day.
    """

    name: str
    name_en: str = ""
    department: str = ""
    address: str = ""
    post_code: str = ""
    phone: str = ""
    email: str = ""
    authorisation_no: str = ""
    authorisation_scope: str = ""
    authorisation_through: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature line: role, printed name, day; `on_behalf_of` when it was delegated.

    `role` is one of verifier, checker, approver, drawer, witness, keeper, handler, issuer,
    receiver, carrier, planner, operator, maker, inspector. A line without `name` is left free
    to be signed by hand.
    """

    role: str
    name: str = ""
    signed_on: date | None = None
    qualification_no: str = ""
    on_behalf_of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device as it stands on paper; `bar_code` is the asset's bar code.

    `voltage` and `current` are as on the nameplate ("220 V", "5(60) A"), `constant` with its
    unit ("1200 imp/kWh"). `rated_voltage` ("10 kV"), `ratio` and `burden` ("10 VA")
    are those of transformers.
    """

    kind_name: str
    bar_code: str
    serial_no: str = ""
    model: str = ""
    maker: str = ""
    accuracy_class: str = ""
    voltage: str = ""
    current: str = ""
    frequency: str = ""
    constant: str = ""
    constant_reactive: str = ""
    wiring: str = ""
    rated_voltage: str = ""
    ratio: str = ""
    burden: str = ""
    made_on: date | None = None
    type_approval_no: str = ""
    hardware_version: str = ""
    software_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Regulation:
    """The rule book a paper judges by; the edition is part of the code (JJG 596-2012)."""

    code: str
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """A standard or measuring device used, with its own proof of traceability.

    `accuracy` is class, uncertainty or maximum error as its certificate states it.
    """

    name: str
    model: str = ""
    serial_no: str = ""
    measuring_range: str = ""
    accuracy: str = ""
    certificate_no: str = ""
    issued_by: str = ""
    valid_through: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """The examined measurement standard (计量标准考核证书) under which the work was done."""

    name: str
    certificate_no: str
    measuring_range: str = ""
    accuracy: str = ""
    valid_through: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Conditions at start and end; `_c` degrees Celsius, `_pct` relative humidity."""

    place: str = ""
    temperature_start_c: str = ""
    temperature_end_c: str = ""
    humidity_start_pct: str = ""
    humidity_end_pct: str = ""
    other: str = ""


NO_ENVIRONMENT = Environment()


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """A paper that takes the place of an earlier one names it, with the reason."""

    number: str
    issued_on: date
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRow:
    """A device in a list; `note` is free text."""

    bar_code: str
    serial_no: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsLine:
    """One line of goods: what, how many, in how many boxes."""

    name: str
    quantity: int
    material_code: str = ""
    model: str = ""
    specification: str = ""
    lot_no: str = ""
    state: str = ""
    unit: str = "pcs"
    boxes: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What one department decided on a shared form, with its signature.

    `department` is technical, asset or the name of a unit; `decision` is accept, reject,
    concession or empty (not yet given).
    """

    department: str
    decision: str = ""
    text: str = ""
    signature: Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What every paper has; the classes of the kinds build on it.

    `created_at` is the moment of issue; it is also the PDF's date, so that the same data give
    the same bytes. `key_no` and `key_proves` say which key signs and what that proves; they
    are empty on papers that are not signed.
    """

    number: str
    created_at: datetime
    body: Body
    key_no: str = ""
    key_proves: str = ""
    remark: str = ""
