"""What apps above tell the store: facts that stand on labels."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

# (device keys) -> facts by device, named as the fields of the label's dataclass. What is not
# known there is absent; a fact "refusal" says why there can be no such label now.
LabelFacts = Callable[[Sequence[int]], Mapping[int, Mapping[str, Any]]]
_facts: dict[str, LabelFacts] = {}


def register_label_facts(kind: str, facts: LabelFacts) -> None:
    """Say what the laboratory knows for a kind of label; called in `AppConfig.ready`."""
    _facts[kind] = facts


def label_facts(kind: str, device_ids: Sequence[int]) -> Mapping[int, Mapping[str, Any]]:
    """What the app above knows, by device."""
    return _facts[kind](device_ids) if kind in _facts else {}
