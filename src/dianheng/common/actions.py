"""What the codes of written actions are called, for the audit trail; apps register theirs at start."""

from collections.abc import Mapping

from .errors import Text

_labels: dict[str, Text] = {}


def register_actions(labels: Mapping[str, Text]) -> None:
    """Name actions: `{"unit.make": _("Add a unit")}`; called in `AppConfig.ready`."""
    _labels.update(labels)


def action_label(code: str) -> Text:
    """The name of an action, or its code where nobody named it."""
    return _labels.get(code, code)


def all_actions() -> list[tuple[str, Text]]:
    """Every named action by code."""
    return sorted(_labels.items())
