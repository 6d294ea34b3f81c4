"""Numbers kept exactly as they are."""

from dianheng.common import fields


class NumericField(fields.NumericField):
    """The same, under the name that the first migrations of this app wrote."""
