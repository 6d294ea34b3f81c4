"""Labels: what must be printed on each; sizes are in `templates/sheets.toml`."""

from dataclasses import dataclass
from datetime import date

from .common import VALIDITY

GREEN = "green"  # verified, fit for use, in date
YELLOW = "yellow"  # fit with a restriction that must be printed
RED = "red"  # out of use; the day and the approver must be printed


@dataclass(frozen=True, slots=True, kw_only=True)
class QualificationMark:
    """合格标记 on a meter that passed; `verifier` is a name or number."""

    body_name: str
    bar_code: str
    verified_on: date
    valid_through: date
    validity_mode: str = VALIDITY
    verifier: str = ""
    authorisation_no: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxLabel:
    """Turnover box: its number as bar code, and what is inside."""

    box_no: str
    owner: str
    kind_name: str = ""
    model: str = ""
    specification: str = ""
    lot_no: str = ""
    state: str = ""
    quantity: int
    capacity: int
    first_bar_code: str = ""
    last_bar_code: str = ""
    packed_on: date | None = None
    valid_through: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfLabel:
    """A shelf or bay: code as bar code, path in words."""

    code: str
    name: str
    store: str
    contents: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusLabel:
    """Colour label of a standard or instrument.

    Raises:
        ValueError: the colour is unknown, a yellow label has no restriction, or a red one has
            no day or approver.
    """

    colour: str
    instrument: str
    asset_no: str
    certificate_no: str = ""
    verified_on: date | None = None
    valid_through: date | None = None
    issuer: str = ""  # who verified or calibrated, by the certificate
    restriction: str = ""
    stopped_on: date | None = None
    approver: str = ""
    body_name: str = ""

    def __post_init__(self) -> None:
        if self.colour not in (GREEN, YELLOW, RED):
            raise ValueError(f"unknown colour of a status label: {self.colour}")
        if self.colour == YELLOW and not self.restriction:
            raise ValueError("a yellow label must state its restriction")
        if self.colour == RED and not (self.stopped_on and self.approver):
            raise ValueError("a red label must state the day of stopping and the approver")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterLabel:
    """Bar code of a device with owner and model."""

    bar_code: str
    owner: str
    kind_name: str = ""
    model: str = ""
    specification: str = ""
