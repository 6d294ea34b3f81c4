"""What apps declare at start: rights, and the settings a company may change."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from dianheng.common.errors import Text

_rights: dict[str, Text] = {}
_settings: dict[str, "SettingKind"] = {}


@dataclass(frozen=True)
class SettingKind:
    """A company's own value: what it means, where its default comes from, how sure that is."""

    key: str
    label: Text
    default: Any
    parse: Callable[[str], Any]
    source: str
    certainty: str  # confirmed, from_memory, doubtful, project (our own choice)
    unit: str = ""


def target(text: str) -> Decimal:
    """A target that a leader sets: a number from 0 on.

    >>> target("98.5 %")
    Decimal('98.5')
    """
    try:
        value = Decimal(text.strip().rstrip("%").strip())
    except InvalidOperation:
        raise ValueError(text) from None
    if not value.is_finite() or value < 0:
        raise ValueError(text)
    return value


@dataclass(frozen=True)
class AccessLine:
    """Something a person can see or do, why, and its page where it has one."""

    what: Text
    why: Text
    url: str = ""
    tone: str = ""  # a colour of a state, where it needs a look


# Title and lines of what an app lets a person do by other ways than rights.
AccessProvider = Callable[[int], tuple[Text, list[AccessLine]]]
_access: list[AccessProvider] = []


def register_access(provider: AccessProvider) -> None:
    """Declare what an app lets people do beside their rights; for “what can this person do”."""
    if provider not in _access:
        _access.append(provider)


def access_providers() -> list[AccessProvider]:
    """All of them, in the order of their apps."""
    return list(_access)


def register_rights(rights: Mapping[str, Text]) -> None:
    """Declare rights `area.verb` with the label that people read."""
    _rights.update(rights)


def all_rights() -> dict[str, Text]:
    """Every right by code."""
    return dict(sorted(_rights.items()))


def yes_no(text: str) -> bool:
    """A setting that is on or off."""
    value = text.strip().lower()
    if value not in ("1", "0", "true", "false", "yes", "no"):
        raise ValueError(text)
    return value in ("1", "true", "yes")


def register_settings(*kinds: SettingKind) -> None:
    """Declare settings."""
    _settings.update({kind.key: kind for kind in kinds})


def all_settings() -> dict[str, SettingKind]:
    """Every setting by key."""
    return dict(sorted(_settings.items()))


_master_tables: set[str] = set()


def register_master_tables(*tables: str) -> None:
    """Declare tables of master data, whose changes are read day by day and watched."""
    _master_tables.update(tables)


def master_tables() -> list[str]:
    """All of them; each is under the audit trail."""
    return sorted(_master_tables)
