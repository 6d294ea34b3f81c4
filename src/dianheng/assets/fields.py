"""Form fields that find people, places, units and models by what people type or scan."""

import uuid
from abc import ABC, abstractmethod
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from dianheng.common.errors import NotFound
from dianheng.common.forms import Form
from dianheng.common.search import clean_code
from dianheng.identity.models import Unit

from .models import Device, DeviceModel, Manufacturer, Place
from .selectors import device_by_barcode, person_by_words, place_by_words


class KeyForm(Form):
    """A form that is carried out once, however often it is sent."""

    request_key = forms.CharField(required=False, widget=forms.HiddenInput, max_length=64)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["request_key"].initial = uuid.uuid4().hex


class _Found(ABC, forms.Field):
    """What a selector finds by words; its refusal is the field's error."""

    def __init__(self, **kwargs: Any):
        kwargs.setdefault("widget", forms.TextInput(attrs={"autocomplete": "off"}))
        super().__init__(**kwargs)

    @abstractmethod
    def find(self, words: str) -> Any:
        """What is meant; NotFound in words."""

    def to_python(self, value: Any) -> Any:
        words = clean_code(str(value or ""))
        if not words:
            return None
        try:
            return self.find(words)
        except NotFound as refused:
            raise forms.ValidationError(str(refused.refusal.text)) from None


class PersonField(_Found):
    """A person by staff number, login or name."""

    def find(self, words: str) -> Any:
        return person_by_words(words)


class PlaceField(_Found):
    """A place by code or name; `kinds` limits it."""

    def __init__(self, *, kinds: tuple[str, ...] = (), **kwargs: Any):
        self.kinds = kinds
        super().__init__(**kwargs)

    def find(self, words: str) -> Place:
        return place_by_words(words, self.kinds)


class DeviceField(_Found):
    """A device by its bar code."""

    def find(self, words: str) -> Device:
        return device_by_barcode(words)


class UnitField(forms.ModelChoiceField):
    """A unit, indented by its depth."""

    def __init__(self, **kwargs: Any):
        kwargs.setdefault("queryset", Unit.objects.filter(is_active=True).order_by("path"))
        kwargs.setdefault("empty_label", _("Choose a unit"))
        super().__init__(**kwargs)

    def label_from_instance(self, obj: Any) -> str:
        return "\u2003" * (obj.path.count("/") - 2) + obj.name


class ModelField(forms.ModelChoiceField):
    """A model with its maker."""

    def __init__(self, **kwargs: Any):
        kwargs.setdefault(
            "queryset",
            DeviceModel.objects.filter(is_active=True).select_related("manufacturer"),
        )
        super().__init__(**kwargs)

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.manufacturer} {obj.code} {obj.name}"


class MakerField(forms.ModelChoiceField):
    """A maker."""

    def __init__(self, **kwargs: Any):
        kwargs.setdefault("queryset", Manufacturer.objects.filter(is_active=True))
        super().__init__(**kwargs)
