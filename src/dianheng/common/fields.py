"""Columns that sort and compare by code point, whatever locale a served database has."""

from typing import Any

from django.db import models


class CodeField(models.TextField):
    """A number or code: text with `COLLATE "C"`."""

    def __init__(self, *args: Any, **kwargs: Any):
        kwargs.setdefault("db_collation", "C")
        super().__init__(*args, **kwargs)

    def formfield(self, **kwargs: Any) -> Any:
        from django import forms

        if self.choices is None:
            kwargs = {"widget": forms.TextInput, **kwargs}
        return super().formfield(**kwargs)


class NameField(CodeField):
    """A name that people read."""


class NumericField(models.DecimalField):
    """PostgreSQL `numeric` without a fixed scale: 0.1 stays 0.1, a mean keeps its fifty digits."""

    def __init__(self, *args: Any, **kwargs: Any):
        kwargs.setdefault("max_digits", 80)
        kwargs.setdefault("decimal_places", 50)
        super().__init__(*args, **kwargs)

    def db_type(self, connection: Any) -> str:
        return "numeric"
