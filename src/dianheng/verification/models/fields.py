"""Numbers kept exactly as they are."""

from typing import Any

from django.db import models


class NumericField(models.DecimalField):
    """PostgreSQL `numeric` without a fixed scale: 0.1 stays 0.1, a mean keeps its fifty digits."""

    def __init__(self, *args: Any, **kwargs: Any):
        kwargs.setdefault("max_digits", 80)
        kwargs.setdefault("decimal_places", 50)
        super().__init__(*args, **kwargs)

    def db_type(self, connection: Any) -> str:
        return "numeric"
