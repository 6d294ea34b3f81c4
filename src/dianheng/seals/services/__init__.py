from .enrol import seals_enrol
from .fit import seal_open, seals_apply, seals_lose, seals_open
from .keep import seals_give_back, seals_issue, seals_receive, seals_scrap
from .steps import Done

__all__ = [
    "Done",
    "seal_open",
    "seals_apply",
    "seals_enrol",
    "seals_give_back",
    "seals_issue",
    "seals_lose",
    "seals_open",
    "seals_receive",
    "seals_scrap",
]
