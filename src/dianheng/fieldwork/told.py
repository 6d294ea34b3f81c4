"""A kept record read back."""

from decimal import Decimal

from dianheng.metrology.plates import Wiring

from .models import FieldCheck
from .sheet import NUMBERS, Sheet


def sheet_of(check: FieldCheck) -> Sheet:
    """The sheet of a record."""
    kept = check.sheet
    model = check.meter.model if check.meter else None
    wiring = Wiring(model.wiring if model and model.wiring else check.task.usage_point.wiring)
    numbers = {key: Decimal(value) for key, value in kept.items() if key in NUMBERS}
    return Sheet(numbers, {k: v for k, v in kept.items() if k not in NUMBERS}, wiring)
