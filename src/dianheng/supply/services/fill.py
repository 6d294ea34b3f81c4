"""Where a field of the delivery file stands in the stage."""

from ..fields import FIELDS, LEFT_OUT


def stage_column(field: str) -> str:
    """Column of the stage; those only compared begin with x_, those left out have none."""
    if field == LEFT_OUT:
        return ""
    return field if FIELDS[field].goes_into_register else f"x_{field}"
