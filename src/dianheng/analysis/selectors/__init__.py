"""What analyses read."""

from .error_groups import DIMENSIONS, Asked, Found, error_groups, points_measured, records_of
from .looking_back import (
    Branch,
    customers_supplied,
    is_for_transformers,
    levels_of,
    recalls_of,
    rule_sets_in_use,
    rule_sets_to_try,
    supplied_through,
    trace_seen,
    traced_records,
    tree_of,
    trial_records,
    trial_seen,
    turns_of_models,
)

__all__ = [
    "DIMENSIONS",
    "Asked",
    "Branch",
    "Found",
    "customers_supplied",
    "error_groups",
    "is_for_transformers",
    "levels_of",
    "points_measured",
    "recalls_of",
    "records_of",
    "rule_sets_in_use",
    "rule_sets_to_try",
    "supplied_through",
    "trace_seen",
    "traced_records",
    "tree_of",
    "trial_records",
    "trial_seen",
    "turns_of_models",
]
