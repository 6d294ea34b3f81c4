"""What cases are made of.

from bench.core import AtLeast, AtMost, Bench, Seconds, Way, case
"""

from .bench import Bench, Settings
from .race import AtLeast, AtMost, Race, Seconds, Way, WrongResultError
from .registry import Case, case, cases

__all__ = [
    "AtLeast", "AtMost", "Bench", "Case", "Race", "Seconds", "Settings", "Way", "WrongResultError", "case",
    "cases",
]  # fmt: skip
